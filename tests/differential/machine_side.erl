#!/usr/bin/env escript
%%! +S 1:1 -noshell
%% The OTP side of the differential tests of state machines: runs scripts (machine_script.py says what one is) on OTP's own
%% `gen_statem`, and says what each of its callbacks was called with.
%%
%%   stdin:  a list of scripts a line, as an Erlang term    `#{tick => 4, scripts => [#{states => ..., inputs => [...]}, ...]}.`
%%   stdout: their observations, in that order, as JSON     `[{"trace": [["a", "cast", "x"], ...], "end": ..., "replies": ...}, ...]`
%%
%% All scripts of a line run at the same time, since time passes here: a tick is so many milliseconds.
-mode(compile).
-export([main/1]).
-export([init/1, callback_mode/0, handle_event/4, terminate/3]).

main(_) ->
    ok = logger:set_primary_config(level, none),
    serve().

serve() ->
    case io:read('') of
        {ok, #{tick := Tick, scripts := Scripts}} ->
            Runs = [spawn_monitor(fun() -> exit({observed, observe(Script, Tick)}) end) || Script <- Scripts],
            io:put_chars([json([observation(Run) || Run <- Runs]), $\n]),
            serve();
        eof ->
            ok
    end.

observation({Pid, Ref}) ->
    receive
        {'DOWN', Ref, process, Pid, {observed, Observation}} -> Observation;
        {'DOWN', Ref, process, Pid, Failure} -> #{broken => iolist_to_binary(io_lib:format("~0p", [Failure]))}
    end.

%% ---- one script ------------------------------------------------------------------------------------------

observe(#{inputs := Inputs, until := Until} = Script, Tick) ->
    case gen_statem:start_monitor(?MODULE, {Script, self(), Tick}, []) of
        {ok, {Pid, Ref}} ->
            Began = erlang:monotonic_time(millisecond),
            Requests = lists:append([send(Pid, Input, Began, Tick) || Input <- Inputs]),
            wait_for(Began + Until * Tick),
            Replies = [[Id, reply(Request)] || {Id, Request} <- Requests],
            End = ending(Pid, Ref),
            #{trace => trace(), 'end' => End, replies => Replies};
        {error, Reason} ->
            #{trace => trace(), 'end' => [not_started, class(Reason)], replies => []}
    end.

wait_for(Moment) ->
    receive nothing -> ok after max(0, Moment - erlang:monotonic_time(millisecond)) -> ok end.

%% The calls that wait for an answer.
send(Pid, [Moment, Kind, Label, Id], Began, Tick) ->
    wait_for(Began + Moment * Tick),
    case Kind of
        cast -> gen_statem:cast(Pid, Label), [];
        info -> Pid ! Label, [];
        call -> [{Id, gen_statem:send_request(Pid, [Label, Id])}]
    end.

reply(Request) ->
    case gen_statem:wait_response(Request, 0) of
        {reply, Reply} -> Reply;
        timeout -> none;
        {error, _} -> died
    end.

ending(Pid, Ref) ->
    receive {'DOWN', Ref, process, Pid, Reason} -> [ended, class(Reason)]
    after 0 ->
        {State, #{count := Count}} = sys:get_state(Pid),
        exit(Pid, kill),
        [alive, State, Count]
    end.

trace() ->
    receive {trace, Event} -> [Event | trace()] after 0 -> [] end.

class({Reason, Stack}) when is_list(Stack) -> class(Reason);
class(Reason) when is_atom(Reason) -> Reason;
class(Reason) when is_tuple(Reason) -> bad.

%% ---- the machine -----------------------------------------------------------------------------------------

callback_mode() ->
    case get(enter) of
        true -> [handle_event_function, state_enter];
        false -> handle_event_function
    end.

init({#{enter := Enter, start := Start} = Script, Observer, Tick}) ->
    put(enter, Enter),
    put(observer, Observer),
    put(tick, Tick),
    Data = #{count => 0, callers => [], script => Script},
    case Start of
        [next, State, Actions] -> {Performed, NewData} = actions(Actions, Data), {ok, State, NewData, Performed};
        [stop, Reason, _] -> {stop, Reason};
        [bad, _, _] -> no_result;
        [crash, _, _] -> error(boom)
    end.

handle_event(Type, Content, State, Data) ->
    {Kind, Label, Data1} = seen(Type, Content, Data),
    get(observer) ! {trace, [State, Kind, Label]},
    #{count := Count, script := #{fuel := Fuel, states := States}} = Data1,
    Data2 = Data1#{count := Count + 1},
    Key = key(Kind, Label),
    case States of
        #{State := #{Key := Result}} when Count < Fuel -> result(Result, Type, Data2);
        #{} -> {keep_state, Data2}
    end.

seen({call, From}, [Label, Id], #{callers := Callers} = Data) ->
    Known = case lists:keymember(Id, 1, Callers) of true -> Callers; false -> Callers ++ [{Id, From}] end,
    {call, Label, Data#{callers := Known}};
seen({timeout, Name}, Content, Data) -> {Name, Content, Data};
seen(timeout, Content, Data) -> {event, Content, Data};
seen(state_timeout, Content, Data) -> {state, Content, Data};
seen(info, {timeout, _, _}, Data) -> {info, stray_timer, Data};
seen(Type, Content, Data) -> {Type, Content, Data}.

%% Timeouts and entering have one reaction each, whatever they carry.
key(Kind, Label) when Kind =:= cast; Kind =:= call; Kind =:= info; Kind =:= internal ->
    list_to_atom(atom_to_list(Kind) ++ " " ++ atom_to_list(Label));
key(Kind, _) -> Kind.

result([next, State, Actions], _, Data) -> {Performed, New} = actions(Actions, Data), {next_state, State, New, Performed};
result([keep, _, Actions], _, Data) -> {Performed, New} = actions(Actions, Data), {keep_state, New, Performed};
result([repeat, _, Actions], _, Data) -> {Performed, New} = actions(Actions, Data), {repeat_state, New, Performed};
result([stop, Reason, _], _, Data) -> {stop, Reason, Data};
result([stop_reply, Reason, _], {call, From}, Data) -> {stop_and_reply, Reason, [{reply, From, bye}], Data};
result([stop_reply, Reason, _], _, Data) -> {stop, Reason, Data};
result([crash, _, _], _, _) -> error(boom);
result([bad, _, _], _, _) -> no_result.

actions(Actions, Data) ->
    {Performed, New} = lists:mapfoldl(fun action/2, Data, Actions),
    {lists:append(Performed), New}.

action([reply, Value], #{callers := [{_, From} | Callers]} = Data) -> {[{reply, From, Value}], Data#{callers := Callers}};
action([reply, _], Data) -> {[], Data};
action([next_event, call, Label], #{callers := [{Id, From} | _]} = Data) ->
    {[{next_event, {call, From}, [Label, Id]}], Data};
action([next_event, call, _], Data) -> {[], Data};
action([next_event, Kind, Label], Data) -> {[{next_event, type(Kind), Label}], Data};
action([postpone], Data) -> {[postpone], Data};
action([set, Kind, Time, Label], Data) -> {[{type(Kind), time(Time), Label}], Data};
action([cancel, Kind], Data) -> {[{type(Kind), cancel}], Data};
action([update, Kind, Label], Data) -> {[{type(Kind), update, Label}], Data};
action([bad], Data) -> {[no_action], Data}.

type(state) -> state_timeout;
type(event) -> timeout;
type(Name) when Name =:= n; Name =:= m -> {timeout, Name};
type(Type) -> Type.

time(infinity) -> infinity;
time(Ticks) -> Ticks * get(tick).

terminate(Reason, State, #{count := Count}) ->
    get(observer) ! {trace, [terminate, class(Reason), State, Count]}.

json(Map) when is_map(Map) ->
    Pairs = [[json(Key), $:, json(Value)] || {Key, Value} <- lists:sort(maps:to_list(Map))],
    [${, lists:join($,, Pairs), $}];
json(List) when is_list(List) -> [$[, lists:join($,, [json(Item) || Item <- List]), $]];
json(Number) when is_integer(Number) -> integer_to_list(Number);
json(Atom) when is_atom(Atom) -> json(atom_to_binary(Atom));
json(Text) when is_binary(Text) -> [$", [case C of $" -> $'; $\\ -> $/; $\n -> $\s; _ -> C end || <<C>> <= Text], $"].
