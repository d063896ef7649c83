"""An agent that stays answerable while its model thinks. Every step is a committed state.

Run it with `python -m demo.agent`, and look inside with `observer connect assistants`.
"""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from runtime import (
    Caller,
    ChildSpec,
    Node,
    NoReply,
    Reply,
    Request,
    Server,
    Stop,
    Supervisor,
    TaskDone,
    TaskFailed,
    TaskRef,
)


class Model(Protocol):
    """What the agent needs of a model."""

    async def complete(self, history: tuple[str, ...]) -> str:
        """The next turn."""
        ...


@dataclass(frozen=True)
class Ask(Request[str]):  # a call with it is answered by a str
    """A question."""

    text: str


@dataclass(frozen=True)
class Chat:
    """The state: a plain value, never changed, only followed by the next."""

    history: tuple[str, ...] = ()
    asker: Caller[str] | None = None
    thinking: TaskRef | None = None


class Assistant(Server[Chat]):
    """Answers one question at a time."""

    accepts = (Ask,)
    counters = ("turns",)

    def init(self) -> Chat:
        """Begin with an empty conversation."""
        return Chat()

    def handle_call(self, ask: Ask, caller: Caller[str], chat: Chat, /) -> Reply[Chat] | NoReply[Chat]:
        """Let the model think beside this process, which goes on handling messages."""
        if chat.thinking:
            return Reply("one question at a time, please", chat)
        history = (*chat.history, ask.text)
        model: Model = self.resource(Model)
        self.progress("asking the model")
        return NoReply(Chat(history, caller, thinking=self.task(model.complete(history))))

    def handle_info(self, message: TaskDone | TaskFailed, chat: Chat, /) -> Chat | Stop[Chat]:
        """The model has answered, or failed."""
        match message:
            case TaskDone(ref, str(answer)) if ref is chat.thinking and chat.asker:
                chat.asker.reply(answer)
                self.progress("ready")
                self.count("turns")
                return Chat((*chat.history, answer))
            case TaskFailed(ref, reason) if ref is chat.thinking:
                return Stop(reason, chat)  # let it crash: its supervisor starts it afresh
            case _:
                return chat


class Parrot:
    """Stands in for a model: thinks for a while, and repeats what it heard."""

    async def complete(self, history: tuple[str, ...]) -> str:
        """The next turn."""
        await asyncio.sleep(0.5)
        return f"You said: {history[-1]}"


async def main() -> None:
    """A node with two assistants, one question, and then open for `observer connect`."""
    async with Node("assistants", resources={Model: Parrot()}) as node:
        await node.start(Supervisor([ChildSpec("ann", Assistant), ChildSpec("bob", Assistant)]))
        print(await node.named("ann").call(Ask("hello")))
        await node.run_forever()


if __name__ == "__main__":
    asyncio.run(main())
