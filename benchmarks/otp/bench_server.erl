%% The gen_server that is measured: a counter, a ring's member, a spinner, one that crashes.
-module(bench_server).
-behaviour(gen_server).
-export([start_link/1, start_link/2, init/1, handle_call/3, handle_cast/2]).

start_link(State) -> gen_server:start_link(?MODULE, State, []).
start_link(Name, State) -> gen_server:start_link({local, Name}, ?MODULE, State, []).

init(State) -> {ok, State}.

handle_call(inc, _From, N) -> {reply, N + 1, N + 1};
handle_call(pid, _From, State) -> {reply, self(), State}.

handle_cast(inc, N) -> {noreply, N + 1};
handle_cast({ring, 0, Starter}, Next) -> Starter ! round, {noreply, Next};
handle_cast({ring, Left, Starter}, Next) -> gen_server:cast(Next, {ring, Left - 1, Starter}), {noreply, Next};
handle_cast({next, Next}, _State) -> {noreply, Next};
handle_cast(spin, State) -> spin(), {noreply, State};
handle_cast(boom, State) -> error(boom), {noreply, State}.

spin() -> spin().
