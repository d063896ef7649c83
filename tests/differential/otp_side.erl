#!/usr/bin/env escript
%%! +S 1:1 -noshell
%% The OTP side of the differential tests: runs scripts (script.py says what one is) on OTP's own
%% `supervisor` and `gen_server`, and says what was observed.
%%
%%   stdin:  one script a line, as an Erlang term          `#{tree => ..., steps => [...]}.`
%%   stdout: one observation a line, as JSON               `[{"result": "ok", "trace": [...], ...}, ...]`
%%
%% There is one entry for the boot, one for each step, and one for the stop of the root; an entry is written
%% when the tree is at rest: no supervisor holds a pid that is dead or a child that is restarting, and nothing
%% that was ever started lives outside the tree. Nothing here waits for the passing of time.
-mode(compile).
-export([main/1]).
-export([init/1, handle_call/3, handle_cast/2, handle_info/2, terminate/2, start_worker/1, start_supervisor/1]).

-define(PATIENCE, 5000).    % ms for anything that must happen

main(_) ->
    ok = logger:set_primary_config(level, none),
    Society = filename:join(filename:dirname(escript:script_name()), "otp_society.erl"),
    {ok, otp_society, Code} = compile:file(Society, [binary, report]),
    {module, otp_society} = code:load_binary(otp_society, Society, Code),
    ok = otp_society:open(),
    serve().

serve() ->
    case io:read('') of
        {ok, Script} ->
            io:put_chars([json(run(Script)), $\n]),
            serve();
        eof ->
            ok
    end.

%% A process of its own for each script: a mailbox and tables that die with it.
run(Script) ->
    {Pid, Ref} = spawn_monitor(fun() -> exit({observed, observe(Script)}) end),
    receive
        {'DOWN', Ref, process, Pid, {observed, Observation}} -> Observation;
        {'DOWN', Ref, process, Pid, Failure} -> #{broken => iolist_to_binary(io_lib:format("~0p", [Failure]))}
    end.

%% ---- observing -------------------------------------------------------------------------------------------

observe(#{tree := Tree, steps := Steps}) ->
    process_flag(trap_exit, true),
    ets:new(trace, [named_table, public, ordered_set]),     % {Moment, Event}
    ets:new(attempts, [named_table, public]),               % {Id, how often it was started}
    ets:new(failures, [named_table, public]),               % {Id, how many of the next starts fail}
    ets:new(ignoring, [named_table, public]),               % {Id, how many of the next starts return ignore}
    ets:new(workers, [named_table, public]),                % {Pid, Incarnation, Id}
    ets:new(meanwhile, [named_table, public]),              % {Id, what its next failing start asks}
    ets:new(answers, [named_table, public, ordered_set]),   % {Moment, Answer | unanswered}
    ets:new(heard, [named_table, public, ordered_set]),     % {Moment, [Id, N | What]}
    ets:new(seen, [named_table]),                           % {Id, the supervisor pids seen so far}
    case supervisor:start_link(?MODULE, {supervisor, Tree}) of
        {ok, Root} ->
            World = {Root, maps:get(id, Tree)},
            {Entry, Watched} = entry(boot, ok, World, #{}),
            [Entry | follow(Steps, World, Watched)];
        {error, _} ->
            await_nobody(deadline()),
            [#{step => boot, result => failed, trace => drain(trace), answers => drain(answers), heard => [], ended => [],
               places => otp_society:places(), tree => #{}, root => failed}]
    end.

follow([], World, Watched) ->
    {Root, _} = World,
    Result = ending(Root, fun() -> exit(Root, shutdown) end),
    {Entry, _} = entry(stop, Result, World, Watched),
    [Entry];
follow([Step | Steps], World, Watched) ->
    Result = perform(Step, World),
    case entry(Step, Result, World, Watched) of
        {#{root := alive} = Entry, NowWatched} -> [Entry | follow(Steps, World, NowWatched)];
        {Entry, _} -> [Entry]
    end.

%% What is to be seen once the tree is at rest, and the processes to be watched during the next step.
entry(Step, Result, World, Watched) ->
    Tree = at_rest(World, deadline()),
    Alive = maps:from_list([{Pid, Id} || {Id, Pid} <- pids(World, Tree)]),
    Ended = [[Id, class(await_down(Ref))] || {Pid, {Id, Ref}} <- maps:to_list(Watched), not is_process_alive(Pid)],
    {Root, _} = World,
    RootState = case Watched of
        #{Root := {RootId, _}} -> proplists:get_value(RootId, [{I, C} || [I, C] <- Ended], alive);
        _ -> alive
    end,
    Kept = maps:filter(fun(Pid, _) -> is_map_key(Pid, Alive) end, Watched),
    New = maps:map(fun(Pid, Id) -> {Id, monitor(process, Pid)} end, maps:without(maps:keys(Kept), Alive)),
    Entry = #{step => Step, result => Result, trace => drain(trace), answers => drain(answers),
              heard => drain(heard), places => otp_society:places(), ended => lists:sort(Ended),
              tree => maps:from_list([{Id, shown(Seen)} || {Id, Seen} <- Tree]), root => RootState},
    {Entry, maps:merge(Kept, New)}.

pids({Root, RootId}, Tree) ->
    [{RootId, Root} || Tree =/= []] ++
        [{Id, Pid} || {_, {Children, _}} <- Tree, {Id, Pid, _, _} <- Children, is_pid(Pid)].

%% What was recorded since the last look. Events of the trace: [start, Id, N], [start_failed, Id, N],
%% [ignored, Id, N], [stop, Id, N, Class].
drain(Table) ->
    Recorded = [What || {_, What} <- ets:tab2list(Table)],
    ets:delete_all_objects(Table),
    Recorded.

record(Table, What) -> ets:insert(Table, {erlang:unique_integer([monotonic]), What}).

shown({Children, Counts}) ->
    #{children => [[Id, status(Child), Kind, incarnation(Child)] || {Id, _, Kind, _} = Child <- Children],
      counts => [proplists:get_value(Key, Counts) || Key <- [specs, active, supervisors, workers]]}.

status({_, Pid, _, _}) when is_pid(Pid) -> alive;
status({_, Status, _, _}) -> Status.

%% A worker's incarnation is its number of starts; a supervisor's, how many of its pids were seen at rest.
incarnation({_, Pid, worker, _}) when is_pid(Pid) -> ets:lookup_element(workers, Pid, 2);
incarnation({Id, Pid, supervisor, _}) when is_pid(Pid) ->
    Seen = case ets:lookup(seen, Id) of [{_, Pids}] -> Pids; [] -> [] end,
    Now = case lists:member(Pid, Seen) of true -> Seen; false -> [Pid | Seen] end,
    ets:insert(seen, {Id, Now}),
    length(Now);
incarnation(_) -> 0.

%% ---- waiting until nothing is left to happen ---------------------------------------------------------------

%% [{SupervisorId, {Children, Counts}}], or [] once the root has ended and its workers with it.
at_rest({Root, RootId} = World, Deadline) ->
    Tree = try walk(RootId, Root) catch exit:_ -> changing end,
    Inside = if is_list(Tree) -> [Pid || {_, Pid} <- pids(World, Tree)]; true -> [] end,
    Rest = is_list(Tree) andalso lists:all(fun is_process_alive/1, Inside)
        andalso not lists:any(fun restarting/1, Tree)
        andalso not unanswered() andalso strays(Inside) =:= []
        andalso otp_society:settle([Pid || Pid <- Inside, ets:member(workers, Pid)])
        andalso lists:all(fun is_process_alive/1, Inside),
    case Rest orelse not is_process_alive(Root) of
        true when Rest -> Tree;
        true -> await_nobody(deadline()), [];
        false -> pause(Deadline, {World, Tree}), at_rest(World, Deadline)
    end.

walk(Id, Pid) ->
    Children = children(Pid),
    Counts = supervisor:count_children(Pid),
    [{Id, {Children, Counts}} | lists:append([walk(C, P) || {C, P, supervisor, _} <- Children, is_pid(P)])].

%% A dynamic supervisor knows no ids, so its workers say them; the first started first.
children(Sup) ->
    Listed = supervisor:which_children(Sup),
    Named = [{named(Pid), {incarnation(Child), Child}} || {undefined, Pid, _, _} = Child <- Listed],
    case Named of
        [] -> Listed;
        _ -> [{Id, Pid, Type, Modules} || {Id, {_, {_, Pid, Type, Modules}}} <- lists:sort(Named)]
    end.

named(Pid) when is_pid(Pid) -> ets:lookup_element(workers, Pid, 3);
named(Status) -> Status.

restarting({_, {Children, _}}) -> lists:keymember(restarting, 2, Children).

unanswered() -> ets:match_object(answers, {'_', unanswered}) =/= [].

%% Living processes that no supervisor has: what a killed one left behind, on its way out.
strays(Inside) ->
    Known = [Pid || {Pid, _, _} <- ets:tab2list(workers)] ++ lists:append([Pids || {_, Pids} <- ets:tab2list(seen)]),
    [Pid || Pid <- Known, is_process_alive(Pid), not lists:member(Pid, Inside)].

%% The root has ended: all below it end, and who asked it for something learns that it is gone.
await_nobody(Deadline) ->
    case {strays([]), unanswered()} of
        {[], false} -> otp_society:settle([]);
        Left -> pause(Deadline, Left), await_nobody(Deadline)
    end.

deadline() -> erlang:monotonic_time(millisecond) + ?PATIENCE.

pause(Deadline, What) ->
    erlang:monotonic_time(millisecond) < Deadline orelse exit({never_at_rest, What}),
    receive after 1 -> ok end.

await_down(Ref) ->
    receive {'DOWN', Ref, process, _, Reason} -> Reason
    after ?PATIENCE -> exit(no_down)
    end.

%% ---- steps ---------------------------------------------------------------------------------------------------

perform([fail_next, Id, Times], _) -> ets:insert(failures, {Id, Times}), ok;
perform([ignore_next, Id, Times], _) -> ets:insert(ignoring, {Id, Times}), ok;
perform([fail_asking | [Id | Operation]], _) ->
    ets:insert(failures, {Id, 1}),
    ets:insert(meanwhile, {Id, Operation}),
    ok;
perform([ask, Kind, What], _) -> otp_society:ask(Kind, What);
perform([tell, Group], _) -> otp_society:told(Group);
perform([do, Id, Verb, Whom], World) when Verb =:= link; Verb =:= unlink; Verb =:= monitor; Verb =:= demonitor ->
    with(Id, World, fun(Pid) -> with_last(Whom, World, fun(Other) -> act(Pid, Verb, Other) end) end);
perform([do, Id, Verb, What], World) -> with(Id, World, fun(Pid) -> act(Pid, Verb, What) end);
perform([exit, Id, Reason], World) ->
    with(Id, World, fun(Pid) -> ending(Pid, fun() -> gen_server:cast(Pid, {leave, Reason}) end) end);
perform([kill, Id], World) ->
    with(Id, World, fun(Pid) -> ending(Pid, fun() -> exit(Pid, kill) end) end);
perform([signal, Id, Reason], World) ->
    with(Id, World, fun(Pid) -> from_a_stranger(fun() -> exit(Pid, reason(Reason)) end), taken(Pid) end);
perform([kill_together, SupId, Ids], World) ->
    with(SupId, World, fun(Sup) -> kill_together(Sup, Ids) end);
perform([Operation, SupId | Arguments], World) ->
    with(SupId, World, fun(Sup) -> operate(Sup, [Operation | Arguments]) end).

operate(Sup, [start_child, #{dynamic := true} = Child]) -> outcome(supervisor:start_child(Sup, [Child]));
operate(Sup, [start_child, Child]) -> outcome(supervisor:start_child(Sup, child_spec(Child)));
operate(Sup, [which_children]) -> [[Id, status(Child)] || {Id, _, _, _} = Child <- supervisor:which_children(Sup)];
operate(Sup, [terminate_child, Id]) ->
    case supervisor:terminate_child(Sup, Id) of
        {error, simple_one_for_one} -> terminate_oldest(Sup, Id);
        Outcome -> outcome(Outcome)
    end;
operate(Sup, [Operation, Id]) -> outcome(supervisor:Operation(Sup, Id)).

terminate_oldest(Sup, Id) ->
    case lists:sort([{N, Pid} || {Pid, N, I} <- ets:tab2list(workers), I =:= Id, is_process_alive(Pid)]) of
        [{_, Pid} | _] -> outcome(supervisor:terminate_child(Sup, Pid));
        [] -> not_found
    end.

with(Id, {Root, RootId}, Act) ->
    Found = [Pid || {_, {Children, _}} <- walk(RootId, Root), {I, Pid, _, _} <- Children, I =:= Id, is_pid(Pid)],
    case [Root || Id =:= RootId] ++ Found of
        [Pid | _] -> Act(Pid);
        [] -> no_process
    end.

%% With the process of this id, or the last that was one.
with_last(Id, World, Act) ->
    case with(Id, World, Act) of
        no_process ->
            case lists:sort([{N, Pid} || {Pid, N, I} <- ets:tab2list(workers), I =:= Id]) of
                [] -> no_process;
                Dead -> {_, Pid} = lists:last(Dead), Act(Pid)
            end;
        Result -> Result
    end.

act(Pid, Verb, What) ->
    try gen_server:call(Pid, {act, Verb, What}) catch exit:_ -> ended end.

ending(Pid, Act) ->
    Ref = monitor(process, Pid),
    Act(),
    await_down(Ref),
    ok.

%% Both exits are in the supervisor's mailbox before it looks at the first.
kill_together(Sup, Ids) ->
    Pids = [Pid || Wanted <- Ids, {Id, Pid, _, _} <- children(Sup), Id =:= Wanted, is_pid(Pid)],
    ok = sys:suspend(Sup),
    [ending(Pid, fun() -> exit(Pid, kill) end) || Pid <- Pids],
    ok = sys:resume(Sup).

%% The observer itself is the root's parent, whose signals a supervisor obeys.
from_a_stranger(Act) -> ending(spawn(Act), fun() -> ok end).

%% The signal has been dealt with once an answer to a later message is there, or the process has ended.
taken(Pid) ->
    Ref = monitor(process, Pid),
    try gen_server:call(Pid, count_children) of
        _ -> demonitor(Ref, [flush]), survived
    catch
        exit:_ -> await_down(Ref), ended
    end.

outcome(ok) -> ok;
outcome({ok, _}) -> ok;
outcome({error, {already_started, _}}) -> already_started;
outcome({error, {{already_started, _}, _ChildSpec}}) -> already_started;    % its name is taken
outcome({error, Reason}) when is_atom(Reason) -> Reason;
outcome({error, _}) -> failed.

class(Reason) -> otp_society:class(Reason).

reason(shutdown_with) -> {shutdown, a_term};
reason(error) -> boom;
reason(Plain) -> Plain.

%% ---- the tree ------------------------------------------------------------------------------------------------

child_spec(#{kind := worker} = Child) ->
    #{id := Id, restart := Restart, shutdown := Shutdown, significant := Significant} = Child,
    #{id => Id, restart => Restart, shutdown => Shutdown, significant => Significant, start => {?MODULE, start_worker, [Child]}};
child_spec(#{kind := supervisor} = Child) ->
    #{id := Id, restart := Restart, shutdown := Shutdown, significant := Significant} = Child,
    #{id => Id, restart => Restart, shutdown => Shutdown, significant => Significant, type => supervisor,
      start => {?MODULE, start_supervisor, [Child]}}.

start_worker(Child) -> otp_society:start_link(?MODULE, Child).

start_supervisor(Child) -> supervisor:start_link(?MODULE, {supervisor, Child}).

%% The callbacks of both behaviours; a worker's state is {Child, Incarnation, staying | leaving}.
init({supervisor, #{strategy := simple_one_for_one, max_restarts := Restarts, template := Template}}) ->
    Flags = #{strategy => simple_one_for_one, intensity => Restarts, period => 1000},
    {ok, {Flags, [Template#{id => member, start => {?MODULE, start_worker, []}}]}};
init({supervisor, #{strategy := Strategy, max_restarts := Restarts, auto_shutdown := Auto, children := Children}}) ->
    Flags = #{strategy => Strategy, intensity => Restarts, period => 1000, auto_shutdown => Auto},
    {ok, {Flags, [child_spec(Child) || Child <- Children]}};
init({worker, #{id := Id, traps := Traps, fails := Fails, slow := Slow} = Child}) ->
    Slow andalso receive after 2 -> ok end,
    ets:insert_new(failures, {Id, Fails}),
    N = ets:update_counter(attempts, Id, 1, {Id, 0}),
    process_flag(trap_exit, Traps),
    case ets:update_counter(failures, Id, {2, -1, -1, -1}) of
        Left when Left >= 0 ->
            record(trace, [start_failed, Id, N]),
            [ask_meanwhile(Operation) || {_, Operation} <- ets:take(meanwhile, Id)],
            error(boom);
        _ ->
            case ets:update_counter(ignoring, Id, {2, -1, -1, -1}, {Id, 0}) of
                Left when Left >= 0 ->
                    record(trace, [ignored, Id, N]),
                    ignore;
                _ ->
                    record(trace, [start, Id, N]),
                    ets:insert(workers, {self(), N, Id}),
                    put(me, {Id, N}),
                    ok = otp_society:settle_in(Child),
                    {ok, {Child, N, staying}}
            end
    end.

%% A failing start puts a request, or the end of a sibling, into its supervisor's mailbox: the first thing that
%% the supervisor sees after the failure, while the child is "restarting".
ask_meanwhile([kill, Id]) ->
    ets:insert(failures, {Id, 1}),
    [ending(Pid, fun() -> exit(Pid, kill) end) || {Pid, _, I} <- ets:tab2list(workers), I =:= Id, is_process_alive(Pid)];
ask_meanwhile(Operation) ->
    [Sup | _] = get('$ancestors'),
    Moment = erlang:unique_integer([monotonic]),
    ets:insert(answers, {Moment, unanswered}),
    Asker = spawn(fun() ->
        Answer = try operate(Sup, Operation) catch exit:_ -> no_process end,
        ets:insert(answers, {Moment, Answer})
    end),
    await_asked(Sup, Asker).

await_asked(Sup, Asker) ->
    case {process_info(Sup, message_queue_len), process_info(Asker, status)} of
        {{_, Length}, {_, waiting}} when Length > 0 -> ok;
        _ -> erlang:yield(), await_asked(Sup, Asker)
    end.

handle_call(count_children, _, State) -> {reply, 0, State};
handle_call(who, _, State) -> {reply, otp_society:who(self()), State};
handle_call({act, Verb, What}, _, State) -> {reply, otp_society:act(Verb, What), State}.

handle_cast({leave, error}, _) -> error(boom);
handle_cast({leave, Reason}, {Child, N, _}) -> {stop, reason(Reason), {Child, N, leaving}}.

handle_info(Message, {#{id := Id}, N, _} = State) ->
    otp_society:heard(Id, N, Message),
    {noreply, State}.

terminate(Reason, {#{id := Id, hangs := Hangs}, N, Mood}) ->
    record(trace, [stop, Id, N, class(Reason)]),
    Hangs andalso Reason =:= shutdown andalso Mood =:= staying andalso receive never -> ok end;
terminate(_, _) -> ok.

%% ---- JSON ----------------------------------------------------------------------------------------------------

json(Map) when is_map(Map) ->
    Pairs = [[json(Key), $:, json(Value)] || {Key, Value} <- lists:sort(maps:to_list(Map))],
    [${, lists:join($,, Pairs), $}];
json(List) when is_list(List) -> [$[, lists:join($,, [json(Item) || Item <- List]), $]];
json(Number) when is_integer(Number) -> integer_to_list(Number);
json(Flag) when is_boolean(Flag) -> atom_to_list(Flag);
json(Atom) when is_atom(Atom) -> json(atom_to_binary(Atom));
json(Text) when is_binary(Text) -> [$", [escaped(Character) || <<Character>> <= Text], $"].

escaped($") -> "\\\"";
escaped($\\) -> "\\\\";
escaped(Character) when Character < 32 -> $\s;
escaped(Character) -> Character.
