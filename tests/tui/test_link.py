"""The link with its threads: what is polled, when, and what happens when the node goes away."""

from __future__ import annotations

import threading

import pytest

from runtime.port.contract import Code, Info, Kill, NodeQuery, Ps, State, TreeQuery
from tests.support.crew import crew
from tests.support.eventually import eventually_sync
from tests.support.fake_node import viewer
from tui.link import Answered, Link, Lost, Refused, Watch


class QuickLink(Link):
    backoff_s = (0.001,)


@pytest.fixture
def node():
    return crew()


@pytest.fixture
def reports():
    return []


@pytest.fixture
def link(node, reports):
    link = QuickLink(node.client, reports.append, interval=3_600)
    yield link
    link.stop()
    assert not any(thread.is_alive() for thread in link._threads)


def answered(reports, token):
    return [report for report in reports if isinstance(report, Answered) and report.token == token]


def test_the_first_poll_is_at_once(link, reports):
    link.start()
    eventually_sync(lambda: answered(reports, "node"))


def test_only_what_is_watched_is_polled(link, node, reports):
    link.watch(Watch({"ps": Ps(limit=3)}))
    link.start()
    eventually_sync(lambda: answered(reports, "ps"))
    link.watch(Watch({"tree": TreeQuery()}))
    eventually_sync(lambda: answered(reports, "tree"))
    assert node.count(Ps) == 1


def test_a_new_watch_may_wait_for_its_turn(link, node, reports):
    link.start()
    eventually_sync(lambda: answered(reports, "node"))
    link.watch(Watch({"ps": Ps()}), now=False)
    link.poke()
    eventually_sync(lambda: answered(reports, "ps"))


def test_polling_goes_on_by_itself(node, reports):
    link = QuickLink(node.client, reports.append, interval=0.005)
    link.start()
    eventually_sync(lambda: node.count(NodeQuery) >= 3)
    link.stop()


def test_a_new_interval_counts_from_now(link, node):
    link.start()
    eventually_sync(lambda: node.count(NodeQuery) == 1)
    link.pace(0.005)
    eventually_sync(lambda: node.count(NodeQuery) >= 4)


def test_a_lost_node_is_tried_again_until_it_is_back(link, node, reports):
    link.start()
    eventually_sync(lambda: answered(reports, "node"))
    node.down()
    link.poke()
    eventually_sync(lambda: any(isinstance(report, Lost) and report.attempt == 3 for report in reports))
    node.up()
    before = len(answered(reports, "node"))
    eventually_sync(lambda: len(answered(reports, "node")) > before)


def test_a_node_that_was_never_there_is_lost(node, reports):
    node.down(Code.DENIED)
    link = QuickLink(node.client, reports.append, interval=3_600)
    link.start()
    first = eventually_sync(lambda: reports and reports[0])
    assert isinstance(first, Lost)
    assert first.failure.code is Code.DENIED
    link.stop()


def test_a_refusal_does_not_break_the_connection(link, node, reports):
    link.watch(Watch({"info": Info(process="<0.999.0>")}))
    link.start()
    eventually_sync(lambda: any(isinstance(report, Refused) and report.token == "info" for report in reports))
    assert node.connects == 1


def test_commands_have_a_connection_of_their_own(link, node, reports):
    link.start()
    eventually_sync(lambda: answered(reports, "node"))
    link.ask("mine", State(process="<0.14.0>"))
    eventually_sync(lambda: answered(reports, "mine"))
    assert node.connects == 2


def test_a_command_that_waits_does_not_hold_up_the_poll(node, reports):
    slow = threading.Event()

    class Slow:
        def __init__(self):
            self.inner = node.client()
            self.connect, self.close, self.abort = self.inner.connect, self.inner.close, self.inner.abort

        def ask(self, request, timeout=None):
            if isinstance(request, Kill):
                slow.wait(5)
            return self.inner.ask(request, timeout)

    link = QuickLink(Slow, reports.append, interval=3_600)
    link.start()
    link.ask("kill", Kill(process="<0.18.0>"))
    before = len(answered(reports, "node"))
    link.poke()
    eventually_sync(lambda: len(answered(reports, "node")) > before)
    assert not answered(reports, "kill")
    slow.set()
    eventually_sync(lambda: answered(reports, "kill"))
    link.stop()


def test_a_command_is_never_repeated(link, node, reports):
    link.start()
    eventually_sync(lambda: answered(reports, "node"))
    node.down()
    link.ask("kill", Kill(process="<0.18.0>"))
    eventually_sync(lambda: any(isinstance(report, Refused) and report.token == "kill" for report in reports))
    node.up()
    link.poke()
    before = len(answered(reports, "node"))
    eventually_sync(lambda: len(answered(reports, "node")) > before)
    assert node.count(Kill) == 0


def test_a_command_after_a_loss_uses_a_new_connection(link, node, reports):
    link.start()
    link.ask("one", State(process="<0.14.0>"))
    eventually_sync(lambda: answered(reports, "one") and answered(reports, "node"))
    node.down()
    link.poke()
    eventually_sync(lambda: any(isinstance(report, Lost) for report in reports))
    node.up()
    before = node.connects
    link.ask("two", State(process="<0.14.0>"))
    eventually_sync(lambda: answered(reports, "two"))
    assert node.connects > before


def test_a_denied_command_is_told(link, node, reports):
    viewer(node)
    link.start()
    link.ask("state", State(process="<0.14.0>"))
    refused = eventually_sync(lambda: [report for report in reports if isinstance(report, Refused)])
    assert refused[0].failure.code is Code.DENIED


def test_an_unexpected_error_is_a_loss_and_not_a_dead_thread(link, node, reports):
    link.start()
    eventually_sync(lambda: answered(reports, "node"))
    node.fault = RuntimeError("a defect")
    link.poke()
    lost = eventually_sync(lambda: [report for report in reports if isinstance(report, Lost)])
    assert "a defect" in lost[0].failure.message
    node.up()
    before = len(answered(reports, "node"))
    eventually_sync(lambda: len(answered(reports, "node")) > before)


def test_stopping_does_not_wait_for_a_silent_node(node, reports):
    node.hold = threading.Event()
    link = QuickLink(node.client, reports.append, interval=3_600)
    link.start()
    eventually_sync(lambda: node.connects)
    link.stop()
    assert not any(thread.is_alive() for thread in link._threads)
