"""The demo's first minute, as a newcomer has it: what is seen when, what may be tried, and what leaving prints."""

from __future__ import annotations

import re

import pytest

from tests.drills import eyes
from tests.drills.hands import leave, move_to

pytestmark = pytest.mark.drill

FIRST_SCREEN_S = 2.0
FIRST_RESTART_S = 10.0
TRIES = 3
"""How often the first screen is measured, since other work on the machine may delay it."""

LARGE, SMALL = 4, 120


def module(functions):
    """Source of a module; about 55 nodes for each function."""
    return "".join(
        f"def step_{number}(value):\n"
        f'    """Step {number}."""\n'
        f"    total = value + {number} * len(str(value))\n"
        f"    for item in range(total):\n"
        f"        total += item if item % 2 else -item\n"
        f"    return {{'total': total, 'number': {number}}}\n\n"
        for number in range(functions)
    )


@pytest.fixture
def tree(tmp_path):
    """Four files that exceed the first budget and keep their reviewers busy, and many that do not."""
    for number in range(1, LARGE + 1):
        (tmp_path / f"a_large_{number}.py").write_text(module(1_500))
    for number in range(SMALL):
        (tmp_path / f"b_small_{number}.py").write_text(module(30))
    return tmp_path


def first_screen(observer, path, deep, **size):
    """Open the demo until its first screen has come in time: Processes by mailbox, a deep dispatcher on top."""

    def deep_dispatcher(lines):
        rows = eyes.processes(lines)
        return rows and rows[0].name == "dispatcher" and rows[0].mail >= deep and "MAIL▼" in "\n".join(lines)

    took = []
    for _ in range(TRIES):
        console = observer("demo", *path, **size)
        console.until(deep_dispatcher, what="a deep dispatcher at the top")
        took.append(console.seconds)
        if took[-1] <= FIRST_SCREEN_S:
            return console
        leave(console)
    return pytest.fail(f"the first screen took {took}")


def restarted(lines):
    """A reviewer that was restarted."""
    return next((row for row in eyes.processes(lines) if row.name[:8] == "reviewer" and row.restarts), None)


def test_on_a_small_tree_a_killed_reviewer_is_restarted_and_no_file_is_lost(observer, tree):
    console = first_screen(observer, [str(tree)], deep=SMALL // 2, columns=80, rows=24)
    console.until(restarted, within=FIRST_RESTART_S, what="a natural restart")
    assert console.seconds <= FIRST_RESTART_S
    console.shows("try", "3 the tree", "K kill a reviewer")

    victim = move_to(console, lambda row: row.name[:8] == "reviewer" and row.doing[:7] == "a_large")
    console.press("K")
    console.shows(f"Kill {victim.name} {victim.pid}?", "[ No ]", "dispatcher", "will start it again")
    console.press("Enter")
    lines = console.until(lambda lines: "Kill " not in "\n".join(lines) and lines, what="the question goes")
    assert eyes.named(lines, victim.name).pid == victim.pid, "No is what Enter means"

    victim = console.until(
        lambda lines: (row := eyes.cursor(lines)) and row.doing[:7] == "a_large" and row, what="it goes on"
    )
    console.press("K")
    console.shows(f"Kill {victim.name} {victim.pid}?", f"observer kill '{victim.pid}'")
    console.press("y")

    def successor(lines):
        row = eyes.named(lines, victim.name)
        return row and row.pid != victim.pid and row.restarts > victim.restarts

    def taken_up(lines):
        return next(
            (it for it in eyes.processes(lines) if it.doing == victim.doing and it.pid != victim.pid), None
        )

    console.until(successor, what=f"{victim.name} is restarted")
    console.until(taken_up, what=f"another process takes up {victim.doing}")
    console.until(
        lambda lines: (row := eyes.named(lines, "dispatcher")) and row.doing.startswith("everyth"),
        within=60,
        what="everything is reviewed",
    )
    text = leave(console)
    assert console.exit_code == 0
    said = re.search(r"(\d+) files under .*: (\d+) reviewed, 0 failed; .* (\d+) restarts", text.replace("\n", " "))
    assert said, text
    assert int(said[1]) == int(said[2]) == LARGE + SMALL
    assert int(said[3]) >= LARGE + 1
    assert len(re.findall(r"^ .*\.py$", text, re.MULTILINE)) == 10


def test_on_the_standard_library_the_suspended_librarians_mailbox_grows_until_it_is_resumed(observer):
    console = first_screen(observer, [], deep=500)
    before = eyes.named(console.lines(), "dispatcher").mail
    console.until(restarted, within=FIRST_RESTART_S, what="a natural restart")
    assert console.seconds <= FIRST_RESTART_S
    console.until(
        lambda lines: eyes.named(lines, "dispatcher").mail < before, what="the dispatcher's mailbox drains"
    )
    console.shows("try", "3 the tree", "K kill a reviewer", "g go to librarian", "S suspend it", "1 the node")
    console.press("3")
    console.shows("rest_for_one", "one_for_one", "100 in 5 s", "reviewer-4", "scanner", "reporter")

    console.press("g")
    console.shows("go to")
    console.type("librarian")
    console.press("Enter")
    console.shows("› librarian", "Totals")  # noqa: RUF001 - as the console shows it
    console.press("S")
    console.shows("Suspend librarian", "[ No ]")
    console.press("y")
    console.shows("‖ suspended")

    def mail(lines):
        return int(re.search(r"mail ([\d,]+)", "\n".join(lines))[1].replace(",", ""))

    first = console.until(mail, what="mail comes in")
    grown = console.until(lambda lines: mail(lines) > first + 10 and mail(lines), what="its mailbox grows")
    console.press("S")
    console.shows("Resume librarian", "[ No ]")
    console.press("y")
    console.until(lambda lines: mail(lines) < grown // 2, what="its mailbox drains")

    text = leave(console)
    assert console.exit_code == 0
    assert re.search(r"files under .*: [\d,]+ reviewed", text.replace("\n", " ")), text
    assert len(re.findall(r"^ .*\.py$", text, re.MULTILINE)) == 10


def test_a_path_that_is_not_there_is_a_clear_message(observer, tmp_path):
    console = observer("demo", str(tmp_path / "nowhere"))
    console.until(lambda _: console.exit_code is not None, what="it has ended")
    assert console.exit_code == 2
    assert "nowhere" in console.text()
    assert "Traceback" not in console.text()
