#!/usr/bin/env escript
%%! +S 1:1 -noshell
%% The OTP side of the scripts of `sys`: does one thing after the other with a gen_server, and says what each was answered.
%%
%%   stdin:  a list of scripts a line, as an Erlang term    `[[[trap],[suspend],[cast,1],[get_state]], ...].`
%%   stdout: the answers, in that order, as JSON            `[["ok","ok",[]], ...]`
%%
%% The state of the server is the list of what it has handled. Each operation is over before the next begins: nothing here depends
%% on time, but for a call that a suspended server does not answer.
-mode(compile).
-export([main/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2]).

-define(NO_ANSWER, 30).     % ms after which a call counts as not answered
-define(PATIENCE, 5000).    % ms for anything that must happen

main(_) ->
    ok = logger:set_primary_config(level, none),
    serve().

serve() ->
    case io:read('') of
        {ok, Scripts} ->
            Runs = [spawn_monitor(fun() -> exit({observed, run(Script)}) end) || Script <- Scripts],
            io:put_chars([json([observation(Run) || Run <- Runs]), $\n]),
            serve();
        eof ->
            ok
    end.

observation({Pid, Ref}) ->
    receive
        {'DOWN', Ref, process, Pid, {observed, Answers}} -> Answers;
        {'DOWN', Ref, process, Pid, Failure} -> [broken, list_to_atom(lists:sublist(lists:flatten(io_lib:format("~0p", [Failure])), 200))]
    end.

run([[Traps] | Operations]) ->
    process_flag(trap_exit, true),
    {ok, Pid} = gen_server:start_link(?MODULE, {Traps == trap, self()}, []),
    [answer(Operation, Pid) || Operation <- Operations].

answer(Operation, Pid) ->
    try do(Operation, Pid)
    catch
        exit:{{Reason, _}, {_, _, _}} -> [exit, Reason];
        exit:{Reason, {_, _, _}} -> [exit, Reason];
        error:{callback_failed, _, _} -> callback_failed
    end.

do([suspend], Pid) -> sys:suspend(Pid);
do([resume], Pid) -> sys:resume(Pid);
do([get_state], Pid) -> sys:get_state(Pid);
do([replace_state, Item], Pid) -> sys:replace_state(Pid, fun(State) -> State ++ [Item] end);
do([replace_state_raises, error], Pid) -> sys:replace_state(Pid, fun(_) -> error(oops) end);
do([replace_state_raises, exit], Pid) -> sys:replace_state(Pid, fun(_) -> exit(oops) end);
do([is_suspended], Pid) ->
    {status, _, _, [_, Status | _]} = sys:get_status(Pid),
    Status == suspended;
do([statistics, on], Pid) -> sys:statistics(Pid, true);
do([statistics, off], Pid) -> sys:statistics(Pid, false);
do([statistics, get], Pid) ->
    case sys:statistics(Pid, get) of
        {ok, no_statistics} -> none;
        {ok, Counted} -> [proplists:get_value(Key, Counted) || Key <- [messages_in, messages_out]]
    end;
do([cast, Item], Pid) -> gen_server:cast(Pid, Item);
do([send, Item], Pid) -> Pid ! Item, ok;
do([call, Item], Pid) -> gen_server:call(Pid, Item, ?NO_ANSWER);
do([linked_ends], Pid) ->
    alive(Pid),
    {Linked, Ref} = spawn_monitor(fun() -> link(Pid), exit(oops) end),
    receive {'DOWN', Ref, process, Linked, _} -> ok end,
    try sys:get_status(Pid) of _ -> lives catch exit:_ -> hd(ended(Pid)) end;
do([parent_exits], Pid) -> alive(Pid), exit(Pid, shutdown), ended(Pid);
do([kill], Pid) -> alive(Pid), exit(Pid, kill), ended(Pid);
do([terminate, Reason], Pid) -> ok = sys:terminate(Pid, Reason), ended(Pid).

alive(Pid) ->
    is_process_alive(Pid) orelse exit({noproc, {?MODULE, alive, [Pid]}}).

ended(Pid) ->
    receive {'EXIT', Pid, Reason} -> [Reason, said()] after ?PATIENCE -> lives end.

%% What its terminate was called with.
said() ->
    receive {said, State} -> State after 0 -> nothing end.

init({Traps, Observer}) ->
    process_flag(trap_exit, Traps),
    put(observer, Observer),
    {ok, []}.

handle_call(Item, _, State) -> {reply, Item, State ++ [Item]}.

handle_cast(Item, State) -> {noreply, State ++ [Item]}.

handle_info({'EXIT', _, Reason}, State) -> {noreply, State ++ [Reason]};
handle_info(Item, State) -> {noreply, State ++ [Item]}.

terminate(_, State) -> get(observer) ! {said, State}.

json(List) when is_list(List) -> [$[, lists:join($,, [json(Item) || Item <- List]), $]];
json(Number) when is_integer(Number) -> integer_to_list(Number);
json(Atom) when Atom == true; Atom == false -> atom_to_list(Atom);
json(Atom) -> [$", [C || C <- atom_to_list(Atom), C =/= $", C =/= $\\, C >= $\s], $"].
