%% A one_for_one supervisor without children, whose budget of restarts nobody exhausts.
-module(bench_supervisor).
-behaviour(supervisor).
-export([start_link/0, child/2, init/1]).

start_link() -> supervisor:start_link(?MODULE, []).

%% The specification of a registered server.
child(Name, State) -> #{id => Name, start => {bench_server, start_link, [Name, State]}}.

init([]) -> {ok, {#{strategy => one_for_one, intensity => 100000000, period => 1}, []}}.
