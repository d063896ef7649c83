"""Kill, suspend, resume, export: what is asked first, and what is done."""

from __future__ import annotations

import json
from fnmatch import fnmatch
from pathlib import Path

import pytest

from runtime.port.contract import Code, Drop, Failure, Info, Kill, Link, ProcessInfo, Requeue, Resume, Suspend
from tests.support.console import Console, settle
from tests.support.crew import crew
from tests.support.eventually import eventually
from tests.support.fake_node import NOON, viewer
from tui.operations import kill_stakes
from tui.spans import plain
from tui.widgets.confirm import Confirm

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture
def console(tmp_path):
    return Console(crew(), export_to=tmp_path)


async def press(pilot, *pressed):
    for key in pressed:
        await pilot.press(key)
        await settle(pilot)


async def test_a_kill_asks_and_names_what_is_at_stake(console):
    async with console.open() as pilot:
        await press(pilot, "down", "K")
        text = console.screen_text()
        for words in (
            "Kill librarian <0.13.0>?",
            "38 messages in its mailbox will be lost",
            "exit signal to reviewers",
            "told of its end: dispatcher",
            "permanent: reviewers will start it again, 96 restarts left",
            "observer kill '<0.13.0>' -n crew",
        ):
            assert words in text


@pytest.mark.parametrize("answer", ["enter", "escape", "n", "q", "space"])
async def test_the_default_is_no(console, answer):
    async with console.open() as pilot:
        await press(pilot, "K", answer)
        assert console.node.count(Kill) == 0


@pytest.mark.parametrize("answer", [["y"], ["right", "enter"], ["left", "enter"]])
async def test_yes_kills_and_says_so(console, answer):
    async with console.open() as pilot:
        await press(pilot, "K", *answer)
        assert console.node.count(Kill) == 1
        assert "killed <0.14.0>" in console.screen_text()


@pytest.mark.parametrize("key", ["K", "S"])
async def test_of_a_process_that_has_just_ended_nothing_is_asked_but_that_is_said(console, key):
    async with console.open() as pilot:
        await press(pilot, "down")
        console.node.end("<0.13.0>")
        await console.poll(pilot, 5)
        await press(pilot, key)
        assert not isinstance(console.app.screen, Confirm)
        assert "no living process is selected here" in console.screen_text()


async def test_turning_back_to_no_is_no(console):
    async with console.open() as pilot:
        await press(pilot, "K", "right", "right", "enter")
        assert console.node.count(Kill) == 0


async def test_s_suspends(console):
    async with console.open() as pilot:
        await press(pilot, "S")
        assert "Suspend dispatcher <0.14.0>?" in console.screen_text()
        await press(pilot, "y")
        assert console.node.count(Suspend) == 1


async def test_s_resumes_what_is_suspended(console):
    async with console.open() as pilot:
        await press(pilot, "down", "S")
        assert "Resume librarian <0.13.0>?" in console.screen_text()
        assert "observer resume '<0.13.0>'" in console.screen_text()
        await press(pilot, "y")
        assert console.node.count(Resume) == 1


@pytest.mark.parametrize("page", ["2", "3", "1"])
async def test_viewers_have_no_such_keys(page):
    console = Console(viewer(crew()))
    async with console.open() as pilot:
        await press(pilot, page)
        assert "K kill" not in console.screen_text()
        await press(pilot, "K", "S")
        assert not isinstance(console.app.screen, Confirm)
        await press(pilot, "question_mark")
        assert "asks first" not in console.screen_text()


async def test_read_only_has_no_such_keys():
    console = Console(crew(), read_only=True)
    async with console.open() as pilot:
        await press(pilot, "K")
        assert not isinstance(console.app.screen, Confirm)
        assert "kill" not in console.screen_text()


async def test_a_refused_kill_says_why(console):
    async with console.open() as pilot:
        await press(pilot, "K")
        console.node.fault = Failure(Code.TIMEOUT, "the loop has been busy with <0.18.0> for 12 s")
        await press(pilot, "y")
        assert "the loop has been busy with <0.18.0> for 12 s" in console.screen_text()


async def test_the_question_comes_before_the_node_has_answered(console):
    async with console.open() as pilot:
        asked = []
        console.app.ask = lambda request, then: asked.append((request, then))
        await press(pilot, "K")
        assert "asking the node what is at stake" in console.screen_text()
        request, then = asked[0]
        assert request == Info(process="<0.14.0>")
        then(Failure(Code.NO_PROCESS, "no process <0.14.0>"))
        await settle(pilot)
        assert "no process <0.14.0>" in console.screen_text()


def stakes(**fields):
    row = crew().rows[4]
    return [
        plain(line) for line in kill_stakes(ProcessInfo(at=NOON, row=row, started_at=NOON, age_s=1, **fields))
    ]


def test_nobody_starts_a_process_without_supervisor_again():
    assert "no supervisor: nobody will start it again" in stakes()


def test_the_last_restart_is_said():
    assert (
        "it will give up"
        in stakes(restart="permanent", remaining=0, parent=Link(pid="<0.1.0>", name="top"))[-1]
    )


def test_many_links_are_summed_up():
    links = [Link(pid=f"<0.{place}.0>", name=f"w{place}") for place in range(9)]
    assert "exit signal to w0, w1, w2, w3 and 5 more" in stakes(links=links)


@pytest.mark.parametrize(
    ("page", "view"), [("2", "processes"), ("3", "tree"), ("1", "node"), ("4", "process")]
)
async def test_e_writes_the_view_and_says_where(console, tmp_path, page, view):
    async with console.open((140, 40)) as pilot:
        await press(pilot, "enter", page, "e")
        files = list(tmp_path.iterdir())
        assert [file.name for file in files] == [f"observer-crew-{view}-20260314T140211Z.json"]
        document = json.loads(files[0].read_text())
        assert (document["view"], document["name"]) == (view, "crew")
        assert "exported to" in console.screen_text()


async def test_the_exported_rows_are_those_on_screen(console, tmp_path):
    async with console.open() as pilot:
        await press(pilot, "slash", *"rev", "enter", "e")
        document = json.loads(next(tmp_path.iterdir()).read_text())
        assert [row["pid"] for row in document["rows"]] == console.page.table.order


async def test_a_second_export_does_not_overwrite_the_first(console, tmp_path):
    async with console.open() as pilot:
        await press(pilot, "e", "e")
        assert len(list(tmp_path.iterdir())) == 2


async def test_exports_into_a_checkout_of_this_are_none_of_it(console, tmp_path):
    ignored = (ROOT / ".gitignore").read_text().split()
    async with console.open() as pilot:
        await press(pilot, "e", "e")
        for file in tmp_path.iterdir():
            assert any(fnmatch(file.name, pattern) for pattern in ignored), file.name


async def test_an_export_that_fails_says_why(tmp_path):
    console = Console(crew(), export_to=tmp_path / "missing")
    async with console.open() as pilot:
        await press(pilot, "e")
        assert "not exported" in console.screen_text()


# --- one message of a mailbox -----------------------------------------------------------------------


async def mailbox(pilot):
    """The mailbox of the process that is selected, with the keys."""
    await press(pilot, "enter", "m")


async def test_a_message_is_dropped_when_asked_and_the_mailbox_read_again(console):
    async with console.open() as pilot:
        await mailbox(pilot)
        await press(pilot, "D")
        text = console.screen_text()
        assert "Drop cast Finding of <0.14.0>?" in text
        assert "it is never handled, and its sender is not told" in text
        assert "observer drop '<0.14.0>' 3fa9c07b -n" in text
        assert console.node.count(Drop) == 0
        await press(pilot, "y")
        assert console.node.count(Drop) == 1
        await eventually(lambda: "bare except" not in console.screen_text())
        assert "worst files" in console.screen_text()


async def test_of_a_call_it_says_that_its_caller_is_told(console):
    async with console.open() as pilot:
        await mailbox(pilot)
        await press(pilot, "down", "D")
        assert "whoever has called gets `MessageDropped`" in console.screen_text()
        await press(pilot, "n")
        assert console.node.count(Drop) == 0


async def test_a_message_is_put_last_when_asked(console):
    async with console.open() as pilot:
        await mailbox(pilot)
        await press(pilot, "R")
        text = console.screen_text()
        assert "Requeue cast Finding of <0.14.0>?" in text
        assert "no longer come in their order" in text
        await press(pilot, "y")
        assert console.node.count(Requeue) == 1
        await eventually(
            lambda: console.screen_text().find("worst files") < console.screen_text().find("bare except")
        )


async def test_a_part_of_a_message_means_the_message(console):
    async with console.open() as pilot:
        await mailbox(pilot)
        await press(pilot, "right", "down", "D")
        assert "Drop cast Finding of <0.14.0>?" in console.screen_text()


async def test_a_mailbox_is_shown_in_groups_and_no_group_is_dropped(console):
    async with console.open() as pilot:
        await mailbox(pilot)
        await press(pilot, "G")
        text = console.screen_text()
        assert "1,204 messages in 2 groups" in text
        assert "Finding  from reviewer-2" in text
        assert "str  from the host" in text
        await press(pilot, "D")
        assert not isinstance(console.app.screen, Confirm)
        assert "G shows the messages one by one" in console.screen_text()
        await press(pilot, "G")
        assert "bare except" in console.screen_text()


async def test_where_no_message_waits_none_is_dropped(console):
    async with console.open() as pilot:
        await press(pilot, "g", *"reviewers", "enter", "m", "D")
        assert not isinstance(console.app.screen, Confirm)
        assert "no message is selected here" in console.screen_text()


async def test_a_message_that_is_gone_is_said_and_the_mailbox_read_again(console):
    async with console.open() as pilot:
        await mailbox(pilot)
        await press(pilot, "D")
        contents = console.node.mailboxes["<0.14.0>"]
        console.node.mailboxes["<0.14.0>"] = contents.model_copy(update={"letters": contents.letters[1:]})
        await press(pilot, "y")
        await eventually(lambda: "no message 3fa9c07b waits" in console.screen_text())
        await eventually(lambda: "bare except" not in console.screen_text())


@pytest.mark.parametrize("options", [{"read_only": True}, {}])
async def test_keys_of_a_mailbox_are_not_there_for_who_may_not_use_them(options):
    console = Console(crew() if options else viewer(crew()), **options)
    async with console.open() as pilot:
        await mailbox(pilot)
        await press(pilot, "D", "R")
        assert not isinstance(console.app.screen, Confirm)
        assert "D drop" not in console.screen_text()
