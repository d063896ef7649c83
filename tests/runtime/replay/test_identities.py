"""Identities in a replay: what the runtime would have made anew is what the record has, and nobody is reached."""

from __future__ import annotations

import asyncio

from runtime import ChildSpec, NoReply, Registry, Reply, Server, Supervisor
from runtime.caller import Caller
from runtime.pid import Alias, Ref
from runtime.replay import replay
from runtime.signals import Down, TaskDone
from runtime.tasks import TaskRef
from tests.support.recorded import Tale


class Watcher(Server):
    """Keeps refs, callers and children in its state, as agents do."""

    strict = True

    def handle_call(self, message, caller, state):
        if message == "later":
            return NoReply((*state, caller))
        return Reply(self.spawn(other), (*state, self.monitor(message)))

    def handle_cast(self, message, state):
        for item in state:
            if isinstance(item, Caller):
                item.reply("now")
        return (*state, self.send_after(5, "tick"), self.task(work(), "work"))

    def handle_info(self, message, state):
        match message:
            case Down(ref, _, _) if ref in state:
                return tuple(item for item in state if item != ref)
            case TaskDone(ref, value) if ref in state:
                return (*(item for item in state if item is not ref), value)
        return state


async def other(process):
    await process.receive()


async def work():
    pass


async def silent():
    pass


async def test_refs_children_callers_and_tasks_are_what_the_record_has(node):
    target = node.spawn(other)
    process, child = target._process, node.spawn(other)
    caller, ref, timer = Caller(process, None), Ref(), Ref()
    task = TaskRef(process, asyncio.ensure_future(silent()), "work", 77)
    tale = (
        Tale(Watcher)
        .handled("call", target, (), (ref,), child)
        .handled("call", "later", (ref,), (ref, caller))
        .handled("cast", "go", (ref, caller), (ref, caller, timer, task))
        .handled("info", Down(ref, target, "normal"), (ref, caller, timer, task), (caller, timer, task))
        .handled("info", TaskDone(task, 3), (caller, timer, task), (caller, timer, 3))
    )
    for mode in ("lock-step", "free"):
        report = await replay(node, tale.recording(), mode=mode)
        assert report.differing == ()
        assert report.identical
    assert not caller._answered
    assert [one.number for one in node.table] == [1, target.number, child.number]


async def test_a_ref_in_the_place_of_another_differs(node):
    target = node.spawn(other)
    one, two = Ref(), Ref()
    tale = (
        Tale(Watcher)
        .handled("call", target, (), (one,), target)
        .handled("call", target, (one,), (one, one), target)
        .handled("info", Down(two, target, "normal"), (one, two), (two,))
    )
    report = await replay(node, tale.recording(), mode="free")
    assert [step.number for step in report.differing] == [2, 3]


class Talker(Server):
    def handle_cast(self, message, state):
        state["to"].cast(message + 1)
        self.named("board").send(("seen", message))
        self.monitor(state["to"])
        self.count("words", 2)
        return state

    counters = ("words",)


async def test_what_it_sends_is_compared_and_goes_nowhere(node):
    to = node.spawn(other)
    board = node.spawn(other)
    state = {"to": to}

    def tale(first=2, second=("seen", 1), amount=2, peer=to.number):
        made = Tale(Talker).begin().did("send", peer, first).did("send", board.number, second)
        made.did("count", 0, amount, text="words")
        return made.handled("cast", 1, state, state).recording()

    assert (await replay(node, tale())).identical
    assert to._process.letters == board._process.letters == 0
    assert to._process.watchers == {}
    for other_tale, text in (
        (tale(first=3), "send number 1, to"),
        (tale(second=("seen", 2)), "send number 2, to board"),
        (tale(amount=3), "count number 1"),
        (tale(peer=board.number), "send number 1 goes to"),
    ):
        ((found,),) = (step.differences for step in (await replay(node, other_tale)).differing)
        assert (found.what, found.text.startswith(text)) == ("effects", True), found


async def test_effects_that_nobody_listened_for_are_not_compared(node):
    to = node.spawn(other)
    recording = Tale(Talker).handled("cast", 1, {"to": to}, {"to": to}).recording()
    report = await replay(node, recording)
    assert (report.identical, report.compared) == (True, ())
    missing = Tale(Talker).handled("cast", 1, {"to": to}, {"to": to}).recording(("send",))
    ((found,),) = (step.differences for step in (await replay(node, missing)).differing)
    assert "send" in found.text
    assert "new" in found.text


class Reaching(Server):
    def handle_cast(self, message, state):
        match message:
            case "resource":
                return self.resource("db")
            case "whereis":
                return self.whereis("alice")
            case "inner":
                return self._process.sched.now
        return state


async def test_what_no_record_has_is_told_in_words(node):
    tale = Tale(Reaching)
    for message in ("resource", "whereis", "inner"):
        tale.handled("cast", message, 1, 1)
    report = await replay(node, tale.recording())
    texts = [step.differences[0].text for step in report.differing]
    assert [step.differences[0].what for step in report.differing] == ["unanswered"] * 3
    assert "resource 'db'" in texts[0]
    assert "'alice'" in texts[1]
    assert "sched" in texts[2]
    given = await replay(
        node, Tale(Reaching).handled("cast", "resource", 1, 2).recording(), resources={"db": 2}
    )
    assert given.identical


class Parent(Server):
    async def handle_cast(self, message, state):
        return (*state, await self.start_child("crew", ChildSpec("one", other)))


async def test_a_child_is_not_started_again(node):
    crew = await node.start(Supervisor([], name="crew"))
    child = node.spawn(other)
    tale = Tale(Parent).begin().did("call", crew.number, "StartChild").handled("cast", "go", (), (child,))
    report = await replay(node, tale.recording())
    assert report.identical
    assert await Supervisor.which_children(crew) == []


ROOMS = Registry("rooms of the test of replays")


class Rooms(Server):
    def handle_cast(self, message, state):
        state["room"].cast(message)
        return {**state, "alias": self.alias(), "seen": message}


async def test_keys_and_aliases_are_shadows_too_and_shown_in_words(node):
    to = node.spawn(other)
    room = ROOMS.at(node, "lobby")
    state = {"room": room}
    tale = Tale(Rooms).handled("cast", 1, state, {**state, "alias": Alias(to._process), "seen": 1})
    assert (await replay(node, tale.recording())).identical
    tale.handled("cast", {"room": room, "n": 2}, state, {**state, "alias": Alias(to._process), "seen": 1})
    report = await replay(node, tale.recording())
    room_shown = report.differing[0].message["room"]
    assert room_shown == {"$type": "KeyAddress", "$text": f"{ROOMS}['lobby']"}
    assert len(str(report.to_json())) < 2000
