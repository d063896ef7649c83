%% What idle servers cost: supervised by one_for_one and registered, each with a small state.
-module(bench_memory).
-export([idle/1, million/1]).

idle({_, Many}) ->
    Count = min(Many, 100000),
    [{bytes, element(1, alive(Count)) / Count}].

million({_, Many}) ->
    {Bytes, Seconds} = alive(Many),
    [{gigabytes, Bytes / 1.0e9}, {start_s, Seconds}].

alive(Count) ->
    {ok, Supervisor} = bench_supervisor:start_link(),
    collect(Supervisor),
    Before = erlang:memory(total),
    Seconds = bench:seconds(fun() ->
        lists:foreach(fun(I) ->
            Name = list_to_atom("worker_" ++ integer_to_list(I)),
            {ok, _} = supervisor:start_child(Supervisor, bench_supervisor:child(Name, {account, "ann", I}))
        end, lists:seq(1, Count))
    end),
    collect(Supervisor),
    {erlang:memory(total) - Before, Seconds}.

%% The garbage of starting is nobody's to keep: the idle servers themselves are left as OTP leaves them.
collect(Supervisor) ->
    erlang:garbage_collect(),
    erlang:garbage_collect(Supervisor),
    ok.
