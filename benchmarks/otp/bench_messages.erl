%% Calls, casts, and a ring of processes.
-module(bench_messages).
-export([call_host/1, call_between/1, call_plain/1, cast/1, ring/1]).

call_host(Setting) ->
    {ok, Server} = bench_server:start_link(0),
    [{rate, bench:rate(fun(N) -> bench:seconds(fun() -> calls(Server, N) end) end, Setting)}].

call_between(Setting) -> call_host(Setting).
call_plain(Setting) -> call_host(Setting).

calls(_Server, 0) -> ok;
calls(Server, N) -> gen_server:call(Server, inc), calls(Server, N - 1).

%% In bursts of 1,000, each closed by a call, so that mailboxes stay as short as in a living system.
cast(Setting) ->
    {ok, Server} = bench_server:start_link(0),
    [{rate, bench:rate(fun(N) -> bench:seconds(fun() -> bursts(Server, N) end) end, Setting)}].

bursts(_Server, 0) -> ok;
bursts(Server, N) ->
    Burst = min(N, 1000),
    casts(Server, Burst),
    gen_server:call(Server, inc),
    bursts(Server, N - Burst).

casts(_Server, 0) -> ok;
casts(Server, N) -> gen_server:cast(Server, inc), casts(Server, N - 1).

ring({_, Many} = Setting) ->
    {ok, First} = bench_server:start_link(none),
    Last = lists:foldl(fun(_, Next) -> {ok, Pid} = bench_server:start_link(Next), Pid end,
                       First, lists:seq(2, min(Many, 1000))),
    gen_server:cast(First, {next, Last}),
    Work = fun(N) -> bench:seconds(fun() ->
        gen_server:cast(First, {ring, N, self()}),
        receive round -> ok end
    end) end,
    [{rate, bench:rate(Work, Setting)}].
