%% What workers of the OTP side do among themselves: links, monitors, names, keys, groups, and what they hear of it.
%% Compiled and loaded by `otp_side.erl`; the twin of `observer_society.py`.
%%
%% Names are the registered names of the BEAM, keys those of `global` (OTP has no registry of its own; a unique key of one
%% is what a global name is), groups those of `pg`.
-module(otp_society).
-export([open/0, start_link/2, settle_in/1, act/2, told/1, heard/3, places/0, ask/2, settle/1, who/1, class/1]).

-define(SCOPE, groups).

open() ->
    application:set_env(kernel, global_multi_name_action, allow),   % a process may have several, as in Elixir's Registry
    {ok, _} = pg:start(?SCOPE),
    ok.

start_link(Module, #{place := none} = Child) -> gen_server:start_link(Module, {worker, Child}, []);
start_link(Module, #{place := name, id := Id} = Child) -> gen_server:start_link({local, Id}, Module, {worker, Child}, []);
start_link(Module, #{place := Key} = Child) -> gen_server:start_link({global, Key}, Module, {worker, Child}, []).

%% In its init.
settle_in(#{joins := Joins, watches := Watches}) ->
    [act(watch, Group) || Group <- Watches],
    [act(join, Group) || Group <- Joins],
    ok.

%% In a handler.
act(link, Pid) -> link(Pid), ok;
act(unlink, Pid) -> unlink(Pid), ok;
act(monitor, Pid) ->
    put({monitors, Pid}, [monitor(process, Pid) | of_me({monitors, Pid})]),
    ok;
act(demonitor, Pid) -> each({monitors, Pid}, fun(Ref) -> demonitor(Ref, [flush]) end);
act(register, Key) ->
    case global:register_name(Key, self()) of yes -> ok; no -> taken end;
act(unregister, Key) ->
    case global:whereis_name(Key) =:= self() of
        true -> global:unregister_name(Key), ok;
        false -> none
    end;
act(join, Group) -> pg:join(?SCOPE, Group, self());
act(leave, Group) ->
    case pg:leave(?SCOPE, Group, self()) of ok -> ok; not_joined -> none end;
act(watch, all) ->
    {Ref, Members} = pg:monitor_scope(?SCOPE),
    watching(Ref, [[Group, whos(Pids)] || {Group, Pids} <- lists:sort(maps:to_list(Members))]);
act(watch, Group) ->
    {Ref, Pids} = pg:monitor(?SCOPE, Group),
    watching(Ref, [[Group, whos(Pids)]]);
act(unwatch, _) -> each(watches, fun(Ref) -> pg:demonitor(?SCOPE, Ref) end).

watching(Ref, Members) ->
    put(watches, [Ref | of_me(watches)]),
    note(get(me), [members, Members]),
    ok.

of_me(Key) ->
    case get(Key) of undefined -> []; Refs -> Refs end.

each(Key, Undo) ->
    case erase(Key) of
        undefined -> none;
        Refs -> lists:foreach(Undo, lists:reverse(Refs)), ok
    end.

%% To all members of a group, once for each membership.
told(Group) ->
    [Pid ! {told, Group} || Pid <- pg:get_members(?SCOPE, Group)],
    ok.

heard(Id, N, {'EXIT', Pid, Reason}) -> note({Id, N}, [exit, who(Pid), class(Reason)]);
heard(Id, N, {'DOWN', _, process, Pid, Reason}) ->
    erase({monitors, Pid}),
    note({Id, N}, [down, who(Pid), class(Reason)]);
heard(Id, N, {Ref, join, Group, Pids}) when is_reference(Ref) -> [note({Id, N}, [joined, Group, who(Pid)]) || Pid <- Pids];
heard(Id, N, {Ref, leave, Group, Pids}) when is_reference(Ref) -> [note({Id, N}, [left, Group, who(Pid)]) || Pid <- Pids];
heard(Id, N, {told, Group}) -> note({Id, N}, [told, Group]).

note({Id, N}, What) -> ets:insert(heard, {erlang:unique_integer([monotonic]), [Id, N | What]}).

%% Who is found where; what nobody has, is left out.
places() ->
    #{names => maps:from_list([{Id, who(Pid)} || Id <- ids(), Pid <- [whereis(Id)], is_pid(Pid)]),
      keys => maps:from_list([{Key, who(global:whereis_name(Key))} || Key <- global:registered_names()]),
      groups => maps:from_list([{Group, whos(pg:get_members(?SCOPE, Group))} || Group <- pg:which_groups(?SCOPE)])}.

ids() -> lists:usort([Id || {_, _, Id} <- ets:tab2list(workers)]).

ask(Kind, What) ->
    Place = case Kind of name -> What; key -> {global, What} end,
    try gen_server:call(Place, who) catch exit:{noproc, _} -> noproc end.

whos(Pids) -> lists:sort([who(Pid) || Pid <- Pids]).

who(Pid) ->
    case ets:lookup(workers, Pid) of
        [{_, N, Id}] -> [Id, N];
        [] -> someone
    end.

%% Everyone has dealt with what has been sent so far: pg and global with ends, then the workers with what these say of them.
settle(Workers) ->
    _ = sys:get_state(?SCOPE),
    _ = sys:get_state(global_name_server),
    lists:all(fun(Pid) -> try gen_server:call(Pid, who), true catch exit:_ -> false end end, Workers).

class(Reason) when Reason =:= normal; Reason =:= shutdown; Reason =:= killed; Reason =:= noproc -> Reason;
class({shutdown, _}) -> shutdown_with;
class({noproc, [{erlang, link, _, _} | _]}) -> noproc_raised;
class(_) -> error.
