"""What an operator does is told with the key, and what comes of it is of a story with that key."""

from __future__ import annotations

import pytest

from runtime import ChildSpec, Reply, Server, Supervisor
from runtime.port.contract import Failure, Kill, Resume, Role, Send, Suspend, Trace
from tests.support.eventually import eventually_sync
from tests.support.listening import flown, heard, listen


class Agent(Server):
    def init(self):
        return ()

    def handle_call(self, message, caller, state):
        self.named("other").cast(message)
        return Reply("answered", state)

    def handle_cast(self, message, state):
        if self._process.name == "agent":
            self.named("other").cast(message)
        return state

    handle_info = handle_cast


@pytest.fixture(params=["each message a span", "recorder alone"])
def node(request, live):
    node = live(Supervisor([ChildSpec("agent", Agent), ChildSpec("other", Agent)]))
    ears = node.do(listen, node.node) if "span" in request.param else None

    def told(*kinds):
        events = heard(ears, *kinds) if ears is not None else flown(node.node, *kinds)
        return [event for event in events if event[1] != "handled" or event[3] in {"agent", "other"}]

    node.heard = told
    return node


def the_action(node):
    (event,) = eventually_sync(lambda: node.heard("operator"))
    return event


@pytest.mark.parametrize("kind", ["cast", "call", "info"])
def test_a_message_begins_a_story_of_the_operators(node, kind):
    node.ask(Send(process="agent", kind=kind, message="hello"), key="ann")
    action = the_action(node)
    handled = eventually_sync(lambda: (found := node.heard("handled")) and len(found) == 2 and found)
    assert {event[3] for event in handled} == {"agent", "other"}
    assert {event[6][0] for event in (*handled, action)} == {action[6][0]}
    assert {event[6][3] for event in (*handled, action)} == {"ann"}
    assert (action[3], action[4]) == ("agent", "send agent")
    assert action[7] == ({"role": "admin", "detail": kind, "outcome": "ok"},)
    assert action[6][2] == 0


def test_an_action_says_no_values(node):
    node.ask(Send(process="agent", kind="cast", message={"secret": "sk-1234"}))
    assert "sk-1234" not in str(the_action(node))


def test_what_a_kill_causes_is_of_its_story(node):
    node.ask(Kill(process="agent", reason="kill"), key="bert")
    action = the_action(node)
    restarted = eventually_sync(lambda: node.heard("restarted"))
    (ended,) = node.heard("ended")
    assert [event[6][0] for event in (ended, *restarted)] == [action[6][0]] * 2
    assert [event[6][3] for event in (ended, *restarted)] == ["bert"] * 2
    assert action[4] == "kill agent"
    assert action[3] == "agent", "it is told of who has ended by it"


def test_a_suspension_is_of_its_story(node):
    node.ask(Suspend(process="agent"))
    (suspended,) = node.heard("suspended")
    assert suspended[6][3] == "ann"
    node.ask(Resume(process="agent"))
    (resumed,) = node.heard("resumed")
    assert resumed[6][3] == "ann"
    actions = eventually_sync(lambda: len(found := node.heard("operator")) == 2 and found)
    assert [event[6] for event in actions] == [suspended[6], resumed[6]]


def test_what_does_not_take_effect_is_told_with_why(node):
    with pytest.raises(Failure):
        node.ask(Kill(process="nobody", reason="kill"))
    action = the_action(node)
    assert (action[2], action[4]) == (0, "kill nobody")
    assert "nobody" in action[7][0]["outcome"]


def test_opening_a_session_is_told(node):
    node.ask(Trace(pattern='all send when message == "secret"'), role=Role.ADMIN)
    action = the_action(node)
    assert action[4] == "trace all send when …"
    assert "secret" not in str(action)


def test_the_hosts_own_messages_are_nobodys(node):
    node.ask(Suspend(process="other"))
    node.do(node.node.named("agent").cast, "hello")
    (handled,) = eventually_sync(lambda: node.heard("handled"))
    assert handled[6][3] is None
