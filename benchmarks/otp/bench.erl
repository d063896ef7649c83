%% OTP's side of the benchmarks: does what it is told on the command line, and prints one line of JSON.
%%
%%     erl +S 1:1 -noshell -pa BEAMS -s bench main -extra MEASURE SECONDS MANY
%%
%% A measure is a function of {Seconds, Many} that returns [{figure, Number}]. `rate` is setting.py's.
-module(bench).
-export([main/0, rate/2, percentiles/2, seconds/1]).

main() ->
    logger:set_primary_config(level, none),
    [Name, Seconds, Many] = init:get_plain_arguments(),
    Setting = {number(Seconds), list_to_integer(Many)},
    Line = case find(list_to_atom(Name)) of
        none -> "{\"skipped\": \"OTP has nothing like it\"}";
        {Module, Function} -> figures(Module:Function(Setting))
    end,
    io:format("~s~n", [Line]),
    halt(0, [{flush, true}]).

find(Name) ->
    Modules = [M || M <- [bench_messages, bench_starts, bench_memory, bench_neighbours],
                    code:ensure_loaded(M) =:= {module, M}, erlang:function_exported(M, Name, 1)],
    case Modules of
        [Module | _] -> {Module, Name};
        [] -> none
    end.

number(Text) ->
    try list_to_float(Text) catch error:badarg -> float(list_to_integer(Text)) end.

figures(Figures) ->
    Pairs = [io_lib:format("\"~s\": ~.9e", [Name, float(Value)]) || {Name, Value} <- Figures],
    ["{\"figures\": {", lists:join(", ", Pairs), "}}"].

%% How often a second Work(Amount), which returns the seconds that it took, is done.
rate(Work, {Seconds, _Many}) ->
    rate(Work, Seconds, 100).

rate(Work, Seconds, Amount) ->
    Took = Work(Amount),
    case Took >= Seconds * 0.7 of
        true -> Amount / Took;
        false ->
            Wanted = trunc(Amount * Seconds / max(Took, 1.0e-9)),
            rate(Work, Seconds, min(Amount * 10, max(Wanted, Amount + 1)))
    end.

%% Seconds that Fun() takes.
seconds(Fun) ->
    Began = erlang:monotonic_time(),
    Fun(),
    (erlang:monotonic_time() - Began) / erlang:convert_time_unit(1, second, native).

percentiles(Samples, Scale) ->
    Ranked = lists:sort(Samples),
    Length = length(Ranked),
    At = fun(Share) -> lists:nth(min(Length, trunc(Share * Length) + 1), Ranked) * Scale end,
    [{p50, At(0.5)}, {p99, At(0.99)}, {max, lists:last(Ranked) * Scale}].
