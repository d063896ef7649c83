"""Sources of agents that tests of code upgrades write to disk."""

__all__ = ["COUNTER", "LIGHT", "WORKER"]

COUNTER = """
    from dataclasses import dataclass
    from runtime import Reply, Server

    @dataclass(frozen=True)
    class Add:
        amount: int

    @dataclass(frozen=True)
    class State:
        total: int = 0

    class Counter(Server[State]):
        def init(self):
            return State()

        def handle_call(self, message, caller, state):
            match message:
                case Add(amount):
                    state = State(state.total + amount)
                    return Reply(state.total, state)
                case "version":
                    return Reply(1, state)

        def handle_cast(self, message, state):
            return State(state.total + 1)
"""
"""A server whose state and messages are of its own classes; `version` answers 1."""

LIGHT = """
    from dataclasses import dataclass, field
    from runtime import Call, Cast, KeepState, NextState, Postpone, StateMachine, StateTimeout

    @dataclass(frozen=True)
    class Data:
        pushes: int = 0

    class Light(StateMachine[Data]):
        def init(self):
            return NextState("off", Data())

        def off(self, event, data):
            match event:
                case Cast("push"):
                    return NextState("on", Data(data.pushes + 1))
                case Call("wait"):
                    return KeepState(data, Postpone())
                case Call(message):
                    return KeepState(data, reply=("off", data.pushes))
            return KeepState(data)

        def on(self, event, data):
            match event:
                case Cast("push"):
                    return NextState("off", data)
                case Call(message):
                    return KeepState(data, reply=("on", data.pushes))
            return KeepState(data)
"""
"""A state machine with two states."""

WORKER = """
    async def worker(process, total=0):
        while True:
            process.continue_with(total)
            call = await process.receive()
            total += call.message
            call.caller.reply((1, total))
"""
"""A coroutine process that says how newer code goes on."""
