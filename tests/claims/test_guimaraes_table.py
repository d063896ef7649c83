"""George Guimaraes' table "Your agent framework is just a bad clone of Elixir": what agent frameworks rebuild, and the BEAM has.

isolated state, communication, orchestration, recovery, registry, broadcasting, persistence: one test a row, of agents that call a
model which is sometimes wrong, slow, or down. Distribution is left for later.
"""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass, replace

import pytest

from runtime import (
    ChildSpec,
    DynamicSupervisor,
    Node,
    NoReply,
    ProcessDied,
    PubSub,
    Registry,
    Reply,
    Server,
    Supervisor,
)
from tests.support.eventually import eventually
from tests.support.processes import serve

AGENTS = Registry("agents")
NEWS = PubSub("news")


@dataclass(frozen=True)
class Memory:
    """What an agent believes."""

    name: str
    facts: tuple[str, ...] = ()


class Agent(Server):
    """Learns facts, asks the model, hears news."""

    def init(self, name):
        AGENTS.register(self, name, "thinking")
        NEWS.subscribe(self, "weather")
        return Memory(name)

    async def handle_call(self, message, caller, memory):
        match message:
            case ("learn", fact):
                return Reply("ok", replace(memory, facts=(*memory.facts, fact)))
            case ("think", prompt):
                return Reply(await self.resource("model")(prompt), memory)
        return Reply(memory.facts, memory)

    def handle_info(self, news, memory):
        return replace(memory, facts=(*memory.facts, news))


async def model(prompt):
    """A model of words: answers, is late, or is down."""
    await asyncio.sleep(0.001)
    if prompt == "down":
        raise ConnectionError("503")
    return prompt.upper()


def node(**resources):
    return Node("table", introspection=False, resources={"model": model, **resources})


async def test_isolated_state_what_one_agent_knows_no_other_can_read_or_change():
    async with node() as it:
        ann, bob = await serve(it, Agent, "ann"), await serve(it, Agent, "bob")
        fact = ["mutable", "on purpose"]
        await ann.call(("learn", fact))
        fact.clear()
        (kept,) = await ann.call("facts")
        kept.clear()
        assert await ann.call("facts") == (["mutable", "on purpose"],)
        assert await bob.call("facts") == ()


async def test_communication_agents_talk_by_messages_alone_which_keep_their_order():
    class Log(Server):
        def init(self):
            return ()

        def handle_cast(self, line, lines):
            return (*lines, line)

        def handle_call(self, _ask, caller, lines):
            return Reply(lines, lines)

    async def writer(process, log):
        for number in range(100):
            log.cast(number)

    async with node() as it:
        log = await serve(it, Log)
        it.spawn(writer, log)
        await eventually(lambda: len(log._process.state) == 100)
        assert await log.call("lines") == tuple(range(100))


async def test_orchestration_a_coordinator_works_with_as_many_agents_as_the_task_needs():
    class Coordinator(Server):
        def init(self):
            return {}

        async def handle_call(self, prompts, caller, waiting):
            for number, prompt in enumerate(prompts):
                pid = await self.start_child(
                    "crew", ChildSpec(number, Agent, f"agent-{number}", register=False)
                )
                self.task(pid.call(("think", prompt)))
            return NoReply({"caller": caller, "left": len(prompts), "answers": ()})

        def handle_info(self, done, waiting):
            waiting = waiting | {"left": waiting["left"] - 1, "answers": (*waiting["answers"], done.value)}
            if not waiting["left"]:
                waiting["caller"].reply(sorted(waiting["answers"]))
            return waiting

    async with node() as it:
        crew = ChildSpec("crew", DynamicSupervisor())
        await it.start(Supervisor([crew, ChildSpec("coordinator", Coordinator)]))
        assert await it.named("coordinator").call(("a", "b", "c")) == ["A", "B", "C"]


async def test_recovery_an_agent_whose_model_is_down_is_started_afresh_and_its_siblings_never_notice():
    async with node() as it:
        await it.start(Supervisor([ChildSpec(name, Agent, name) for name in ("ann", "bob")]))
        ann, bob = it.named("ann"), it.whereis("bob")
        with pytest.raises(ProcessDied, match="503"):
            await ann.call(("think", "down"))
        await eventually(lambda: it.whereis("ann"))
        assert await ann.call(("think", "again")) == "AGAIN"
        assert it.whereis("bob") == bob


async def test_registry_agents_are_found_by_what_they_are_and_are_gone_from_it_when_they_end():
    async with node() as it:
        ann, bob = await serve(it, Agent, "ann"), await serve(it, Agent, "bob")
        assert AGENTS.lookup(it, "ann") == [(ann, "thinking")]
        assert await AGENTS.at(it, "bob").call(("think", "hello")) == "HELLO"
        it.root.handle.exit(bob, "kill")
        assert AGENTS.lookup(it, "bob") == []


async def test_broadcasting_everybody_who_listens_hears_the_news_once():
    async with node() as it:
        agents = [await serve(it, Agent, f"agent-{number}") for number in range(50)]
        NEWS.broadcast(it, "weather", "rain")
        NEWS.broadcast(it, "sports", "1:0")
        for agent in agents:
            assert await agent.call("facts") == ("rain",)


async def test_persistence_an_agent_goes_on_where_it_was_after_its_crash(tmp_path):
    class Diarist(Server):
        def init(self):
            return tuple(line for (line,) in self.resource("db").execute("SELECT line FROM diary"))

        def handle_call(self, line, caller, lines):
            with self.resource("db") as db:
                db.execute("INSERT INTO diary VALUES (?)", (line,))
            if line == "and then":
                raise RuntimeError("lost for words")
            return Reply((*lines, line), (*lines, line))

    with sqlite3.connect(tmp_path / "diary.db") as db:
        db.execute("CREATE TABLE diary (line TEXT)")
        async with node(db=db) as it:
            await it.start(Supervisor([ChildSpec("diarist", Diarist)]))
            diarist = it.named("diarist")
            await diarist.call("it rained")
            with pytest.raises(ProcessDied):
                await diarist.call("and then")
            await eventually(lambda: it.whereis("diarist"))
            assert await diarist.call("it stopped") == ("it rained", "and then", "it stopped")
    db.close()
