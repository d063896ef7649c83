"""Tables, values and text as they are laid out for a terminal or a pipe."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from rich.cells import cell_len

from tui.format import NOTHING
from tui.output.marks import intensity, level, status
from tui.output.table import Cell, Column, layout
from tui.output.text import clock, harmless, lines, quantity
from tui.output.values import one_line, pretty
from tui.output.writer import Writer

COLUMNS = (
    Column("PID"),
    Column("NAME", least=6, middle=True),
    Column("BEHAVIOUR", drop=2),
    Column("MAIL", right=True),
    Column("REDS", right=True, drop=1),
    Column("DOING", least=5),
)
ROWS = [
    ["<0.1.0>", "a-very-long-name-1", "Behaviour", "1,204", "12", "reading chapter one"],
    ["<0.12.0>", "界界界界", "B", "3", "41,200", NOTHING],
]


def plain(text, tone):
    return text


def test_a_table_without_a_limit_holds_everything():
    table = layout(COLUMNS, ROWS, None, plain)
    assert "a-very-long-name-1" in table[1]
    assert "reading chapter one" in table[1]
    assert all(title.title in table[0] for title in COLUMNS)


@pytest.mark.parametrize("room", [80, 60, 50, 40, 34])
def test_a_table_fits_its_room(room):
    assert max(cell_len(line) for line in layout(COLUMNS, ROWS, room, plain)) <= room


def test_columns_go_by_rank_where_room_is_short():
    def titles(room):
        return layout(COLUMNS, ROWS, room, plain)[0].split()

    assert "BEHAVIOUR" in titles(80)
    assert "REDS" in titles(80)
    assert "BEHAVIOUR" not in titles(45)
    assert "REDS" in titles(45)
    assert "BEHAVIOUR" not in titles(34)
    assert "REDS" not in titles(34)


def test_wide_characters_keep_the_columns_aligned():
    _, first, second = layout(COLUMNS[:4], [row[:4] for row in ROWS], None, plain)
    assert cell_len(first) == cell_len(second)


def test_a_name_is_cut_in_its_middle():
    assert "a-ver…me-1" in layout(COLUMNS, ROWS, 34, plain)[1]


def test_colour_does_not_count_as_width():
    table = layout(
        (Column("A"), Column("B")), [[Cell("x", "bad"), "y"]], 80, lambda text, tone: f"<{tone}>{text}</>"
    )
    assert table[1] == "<bad>x</>  <text>y</>"


def test_control_characters_become_visible_and_the_rest_stays():
    assert harmless("a\x1b[2J\x07b\u202ec\ud800") == r"a\x1b[2J\x07b\u202ec\ud800"
    assert harmless("[bold] 界 é\u00a0ü") == "[bold] 界 é ü"
    assert lines("a\n\tb\x08") == ["a", r"    b\x08"]


def test_a_time_has_its_date_only_when_it_is_not_today():
    now = datetime(2026, 3, 2, 8, tzinfo=UTC)
    assert clock(now, now) == "08:00:00Z"
    assert clock(datetime(2026, 3, 1, 14, 2, 11, tzinfo=UTC), now) == "2026-03-01 14:02:11Z"


def test_a_counter_shows_its_fraction():
    assert [quantity(value) for value in (None, 0.0, 812.0, 1_234_567.0, 0.37)] == [
        NOTHING,
        "0",
        "812",
        "1,234,567",
        "0.37",
    ]


def test_a_status_is_a_word_with_a_glyph():
    assert status("suspended").text == "‖ suspended"
    assert status("of a newer node").text == "? of a newer node"


def test_figures_warn_by_tone():
    assert [level("x", value, (1, 10)).tone for value in (None, 0, 0.5, 1, 10)] == [
        "faint",
        "faint",
        "text",
        "warn",
        "bad",
    ]
    assert [intensity(used, 10, 5).tone for used in (0, 4, 5, 9, 10)] == [
        "faint",
        "text",
        "warn",
        "bad",
        "bad",
    ]
    assert intensity(4, 100, 5.0).text == "4/100 in 5 s"
    assert intensity(None, None, None).text == NOTHING


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "None"),
        ([1, True, "a\x1b"], r"[1, True, 'a\x1b']"),
        ({"a": 1, "$$type": 2}, "{'a': 1, '$type': 2}"),
        ({"$type": "Account", "owner": "Ann", "balance": 5}, "Account(owner='Ann', balance=5)"),
        ({"$type": "Account"}, "Account()"),
        ({"$type": "Lock", "$text": "unlocked"}, "Lock unlocked"),
        ({"$text": "<function f>"}, "<function f>"),
        ({"$type": "set", "$items": [1, 2]}, "set{1, 2}"),
        ({"$items": [], "$more": 3}, "{… 3 more}"),
        ([1, {"$more": 1234}], "[1, … 1234 more]"),
        ({"a": 1, "$more": 3}, "{'a': 1, … 3 more}"),
        ({"$type": "Big", "a": 1, "$more": 3}, "Big(a=1, … 3 more)"),
        ({"$type": "str", "$text": "abc", "$more": 9}, "str abc … 9 more"),
        ({"token": {"$redacted": True}}, "{'token': <redacted>}"),
        ({"$cycle": True}, "<cycle>"),
    ],
)
def test_a_value_reads_as_python_would_write_it(value, text):
    assert one_line(value) == text


def test_a_long_value_has_a_part_on_each_line():
    value = {"$type": "Chat", "history": ["hello there", "general"], "steps": 3}
    assert pretty(value, 30).splitlines() == [
        "Chat(",
        "  history=[",
        "    'hello there',",
        "    'general',",
        "  ],",
        "  steps=3,",
        ")",
    ]
    assert pretty(value, 80) == "Chat(history=['hello there', 'general'], steps=3)"


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("environment", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colour_is_for_terminals_that_want_it(monkeypatch, environment, coloured):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    out = Terminal()
    Writer(out, io.StringIO()).line(Cell("crash", "bad"))
    assert ("\x1b[31m" in out.getvalue()) is coloured


def test_a_pipe_gets_neither_colour_nor_cuts(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    out = io.StringIO()
    Writer(out, io.StringIO()).table((Column("A", least=3),), [[Cell("x" * 300, "bad")]])
    assert out.getvalue() == "A\n" + "x" * 300 + "\n"


def test_a_terminal_gets_what_fits_it(monkeypatch):
    monkeypatch.setenv("COLUMNS", "20")
    monkeypatch.setenv("NO_COLOR", "1")
    out = Terminal()
    Writer(out, io.StringIO()).table((Column("A", least=3),), [["x" * 300]])
    assert out.getvalue() == "A\n" + "x" * 19 + "…\n"
