%% Starting servers, and starting one anew after a crash.
-module(bench_starts).
-export([start_supervised/1, start_bare/1, restart/1]).

%% Names are made before the clock runs: atoms are OTP's names.
start_supervised(Setting) ->
    {ok, Supervisor} = bench_supervisor:start_link(),
    Work = fun(N) ->
        Names = names(N),
        bench:seconds(fun() ->
            lists:foreach(fun(Name) ->
                {ok, _} = supervisor:start_child(Supervisor, bench_supervisor:child(Name, {account, "ann", 0}))
            end, Names)
        end)
    end,
    [{rate, bench:rate(Work, Setting)}].

names(N) ->
    First = erlang:unique_integer([positive, monotonic]),
    [list_to_atom("worker_" ++ integer_to_list(First) ++ "_" ++ integer_to_list(I)) || I <- lists:seq(1, N)].

start_bare(Setting) ->
    Work = fun(N) -> bench:seconds(fun() ->
        lists:foreach(fun(_) -> {ok, _} = bench_server:start_link({account, "ann", 0}) end, lists:seq(1, N))
    end) end,
    [{rate, bench:rate(Work, Setting)}].

%% From the message that crashes a server to the first answer of its successor, asked without pause under its name.
restart({_, Many}) ->
    {ok, Supervisor} = bench_supervisor:start_link(),
    {ok, _} = supervisor:start_child(Supervisor, bench_supervisor:child(phoenix, 0)),
    Samples = [crash() || _ <- lists:seq(1, min(Many, 200))],
    bench:percentiles(Samples, 1.0e6).

crash() ->
    Old = gen_server:call(phoenix, pid),
    bench:seconds(fun() -> gen_server:cast(phoenix, boom), successor(Old) end).

successor(Old) ->
    case catch gen_server:call(phoenix, pid) of
        Pid when is_pid(Pid), Pid =/= Old -> ok;
        _ -> successor(Old)
    end.
