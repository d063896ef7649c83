"""The agent that the README opens with."""

from __future__ import annotations

import asyncio

from demo.agent import Ask, Assistant, Chat, Model, Parrot
from runtime import ChildSpec, Node, Supervisor
from tests.support.eventually import eventually


class Thinker:
    """A model whose thoughts the test decides."""

    def __init__(self):
        self.thoughts = []

    async def complete(self, history):
        thought = asyncio.get_running_loop().create_future()
        self.thoughts.append((history, thought))
        return await thought


async def test_it_answers_with_what_the_model_said():
    model = Thinker()
    async with Node("t", resources={Model: model}, introspection=False) as node:
        await node.start(Supervisor([ChildSpec("ann", Assistant)]))
        question = asyncio.ensure_future(node.named("ann").call(Ask("hello")))
        await eventually(lambda: model.thoughts)
        model.thoughts[0][1].set_result("hi")
        assert await question == "hi"
        assert model.thoughts[0][0] == ("hello",)


async def test_it_stays_answerable_while_the_model_thinks():
    model = Thinker()
    async with Node("t", resources={Model: model}, introspection=False) as node:
        await node.start(Supervisor([ChildSpec("ann", Assistant)]))
        question = asyncio.ensure_future(node.named("ann").call(Ask("hello")))
        await eventually(lambda: model.thoughts)
        assert await node.named("ann").call(Ask("and this?")) == "one question at a time, please"
        model.thoughts[0][1].set_result("hi")
        await question


async def test_it_remembers_the_conversation_and_starts_afresh_when_the_model_fails():
    model = Thinker()
    async with Node("t", resources={Model: model}, introspection=False) as node:
        await node.start(Supervisor([ChildSpec("ann", Assistant)]))
        ann = node.named("ann")
        for number, answer in enumerate(("one", ConnectionError("gone"), "three")):
            question = asyncio.ensure_future(ann.call(Ask(f"question {number}")))
            await eventually(lambda: len(model.thoughts) > number)  # noqa: B023 - awaited in the loop
            history, thought = model.thoughts[number]
            if isinstance(answer, str):
                thought.set_result(answer)
                assert await question == answer
            else:
                thought.set_exception(answer)
                await asyncio.wait([question])
                assert question.exception() is not None
                await eventually(lambda: node.whereis("ann") is not None)
        assert history == ("question 2",)


async def test_its_first_state_is_an_empty_conversation():
    assert Chat() == Chat((), None, None)


async def test_the_parrot_repeats():
    assert await Parrot().complete(("a", "b")) == "You said: b"
