%% How late a process that sleeps 2 ms wakes up beside processes that never stop; and how fast those can be ended.
-module(bench_neighbours).
-export([neighbours_0/1, neighbours_1/1, neighbours_4/1, neighbours_16/1, kill/1]).

neighbours_0(Setting) -> neighbours(0, Setting).
neighbours_1(Setting) -> neighbours(1, Setting).
neighbours_4(Setting) -> neighbours(4, Setting).
neighbours_16(Setting) -> neighbours(16, Setting).

neighbours(Spinners, {Seconds, _}) ->
    spinners(Spinners),
    Until = erlang:monotonic_time(millisecond) + trunc(Seconds * 5000),
    bench:percentiles(late(Until, []), 1.0e3).

late(Until, Samples) ->
    case erlang:monotonic_time(millisecond) >= Until andalso Samples =/= [] of
        true -> Samples;
        false ->
            Slept = bench:seconds(fun() -> receive after 2 -> ok end end),
            late(Until, [max(0.0, Slept - 0.002) | Samples])
    end.

spinners(Count) ->
    process_flag(trap_exit, true),
    Pids = [begin {ok, Pid} = bench_server:start_link(0), Pid end || _ <- lists:seq(1, Count)],
    [gen_server:cast(Pid, spin) || Pid <- Pids],
    Pids.

%% From exit(Pid, kill) to the monitor's message, one spinner after the other.
kill(_Setting) ->
    Pids = spinners(16),
    receive after 50 -> ok end,
    Samples = [bench:seconds(fun() ->
        Ref = monitor(process, Pid),
        exit(Pid, kill),
        receive {'DOWN', Ref, process, Pid, _} -> ok end
    end) || Pid <- Pids],
    Figures = bench:percentiles(Samples, 1.0e3),
    [{p50, proplists:get_value(p50, Figures)}, {max, proplists:get_value(max, Figures)}].
