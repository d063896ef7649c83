"""The demo's first minute, as a newcomer has it: what is seen when, what may be tried, and what leaving prints."""

from __future__ import annotations

import re

import pytest

from tests.drills import eyes
from tests.drills.hands import ended, leave, move_to
from tests.drills.load import slowdown

pytestmark = pytest.mark.drill

FIRST_SCREEN_S = 2.0
FIRST_RESTART_S = 10.0
TRIES = 3
"""How often the first screen is measured: other work on the machine delays it, and then counts for nothing."""

LARGE, SMALL = 20, 60


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
    """Files that exceed the first budget and keep a reviewer busy for about a second, and more that do not."""
    for number in range(1, LARGE + 1):
        (tmp_path / f"a_large_{number:02}.py").write_text(module(1_500))
    for number in range(SMALL):
        (tmp_path / f"b_small_{number:02}.py").write_text(module(30))
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
        if took[-1] <= FIRST_SCREEN_S or took[-1] <= FIRST_SCREEN_S * slowdown():
            return console
        leave(console)
    return pytest.fail(f"the first screen took {took}")


def restarted(lines):
    """A reviewer that was restarted."""
    return next((row for row in eyes.processes(lines) if row.name[:8] == "reviewer" and row.restarts), None)


def offers_what_to_try(console):
    """The one-line strip."""
    (strip,) = [line for line in console.lines() if line.startswith(" try ")]
    for hint in (r"\b3 .*tree", r"\bK kill a reviewer", r"\bg .*librarian", r"\bS suspend it"):
        assert re.search(hint, strip), strip


def reviews_large(row):
    """Whether this is a reviewer with a large file in hand."""
    return row.name[:8] == "reviewer" and row.doing[:7] == "a_large"


def asked_or_ended(lines):
    """What became of `S`: a question, or nothing since the reviewer had just ended."""
    row = eyes.cursor(lines)
    return "asked" if "[ No ]" in "\n".join(lines) else "ended" if row and row.status == "ended" else None


def suspended_over_a_large_file(console):
    """Suspend a reviewer that has a large file in hand: what it has in hand then stays what the screen shows."""
    for _ in range(10):
        move_to(console, reviews_large)
        console.press("S")
        if console.until(asked_or_ended) == "ended":
            continue
        console.press("y")
        row = console.until(
            lambda lines: (it := eyes.cursor(lines)) and it.status in {"suspended", "ended"} and it
        )
        if reviews_large(row):
            return row
        if row.status == "suspended":
            console.press("S")
            console.shows("Resume reviewer", "[ No ]")
            console.press("y")
    return pytest.fail(f"no reviewer could be stopped in time\n{console.printed()}")


def test_on_a_small_tree_a_killed_reviewer_is_restarted_and_no_file_is_lost(observer, tree):
    console = first_screen(observer, [str(tree)], deep=SMALL // 2, columns=80, rows=24)
    console.until(restarted, within=FIRST_RESTART_S, what="a natural restart")
    assert console.seconds <= FIRST_RESTART_S
    offers_what_to_try(console)

    console.press("x")  # by restarts: reviewers stand at the top
    console.until(lambda lines: (rows := eyes.processes(lines)) and rows[0].name[:8] == "reviewer")
    console.press("Home")
    victim = suspended_over_a_large_file(console)
    console.press("K")
    console.shows(f"Kill {victim.name} {victim.pid}?", "[ No ]", "dispatcher", "will start it again")
    console.press("Enter")
    lines = console.until(lambda lines: "Kill " not in "\n".join(lines) and lines, what="the question goes")
    assert eyes.named(lines, victim.name).pid == victim.pid, "No is what Enter means"
    console.press("K")
    console.shows(f"Kill {victim.name} {victim.pid}?", f"observer kill '{victim.pid}'")
    console.press("y")

    def restarted_again(lines):
        row = eyes.named(lines, victim.name)
        return row and row.pid != victim.pid and row.restarts > victim.restarts

    console.until(restarted_again, what=f"{victim.name} is restarted")
    console.until(
        lambda lines: (row := eyes.named(lines, "dispatcher")) and row.doing.startswith("everyth"),
        within=60,
        what="everything is reviewed",
    )
    text = leave(console)
    assert console.exit_code == 0
    said = re.search(r"(\d+) files under .*: (\d+) reviewed, 0 failed; .* (\d+) restarts", text)
    assert said, text
    assert int(said[1]) == int(said[2]) == LARGE + SMALL, f"{victim.doing} was not requeued"
    assert int(said[3]) > LARGE
    assert len(re.findall(r"^ .*\.py$", text, re.MULTILINE)) == 10


def test_on_the_standard_library_the_suspended_librarians_mailbox_grows_until_it_is_resumed(observer):
    console = first_screen(observer, [], deep=500)
    before = eyes.named(console.lines(), "dispatcher").mail
    console.until(restarted, within=FIRST_RESTART_S, what="a natural restart")
    assert console.seconds <= FIRST_RESTART_S
    console.until(
        lambda lines: eyes.named(lines, "dispatcher").mail < before, what="the dispatcher's mailbox drains"
    )
    offers_what_to_try(console)
    console.press("3")
    console.shows("rest_for_one", "one_for_one", "100 in 5 s", "reviewer-4", "scanner", "reporter")

    console.press("g")
    console.shows("go to")
    console.type("librarian")
    console.press("Enter")
    console.shows("› librarian", "Totals")
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
    assert re.search(r"files under .*: [\d,]+ reviewed", text), text
    assert len(re.findall(r"^ .*\.py$", text, re.MULTILINE)) == 10


def test_a_path_that_is_not_there_is_a_clear_message(observer, tmp_path):
    console = observer("demo", str(tmp_path / "nowhere"))
    text = ended(console)
    assert console.exit_code == 2
    assert "nowhere" in text
    assert "Traceback" not in text
