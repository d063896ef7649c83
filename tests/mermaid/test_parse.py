"""Diagrams as Mermaid itself reads them: `make mermaid` installs its parser; without it, or without `node`, this is skipped."""

import json
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.events import conversation
from tracing.records import Record, record_of
from tracing.sinks.mermaid import diagram

HERE = Path(__file__).parent
NODE = shutil.which("node")

pytestmark = pytest.mark.skipif(
    NODE is None or not (HERE / "node_modules" / "mermaid").is_dir(),
    reason="`node`, or Mermaid's parser, is not installed: make mermaid",
)
ODD = "end;:#%<>{}[]()\"'`\\|&,+-=~*/?!@$^_\n\r\t\0é漢🙂\u2028participant loop alt note over box rect"


def parsed(*diagrams):
    done = subprocess.run(
        [NODE, "parse.mjs"],
        cwd=HERE,
        input=json.dumps(diagrams),
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    return json.loads(done.stdout)


def test_a_story_is_read_as_who_said_what_to_whom():
    records = [
        record_of(seq, one, 0.0, lambda _label, value, _redact: str(value))
        for seq, one in enumerate(conversation(), 1)
    ]
    ((found),) = parsed(diagram(records))
    assert found == {
        "actors": ["outside", "alice <0.5.0>", "book <0.6.0>"],
        "messages": [
            ["p1", "p2", "call Deposit ask"],
            ["p2", "p3", "send Note note"],
            ["p3", "p3", "raised handle_info note"],
            ["p3", "p3", "crash ValueError no"],
            ["p2", "p1", "reply 7"],
        ],
    }


def test_whatever_agents_are_called_and_say_it_is_read_as_they_said_it():
    draw = random.Random(7)
    texts = ["".join(draw.choices(ODD, k=draw.randrange(1, 30))) for _ in range(150)]
    texts += [
        "end",
        "loop",
        "Note",
        "participant x",
        "a->>b: c",
        "%%{init: {}}%%",
        "<b>x</b>",
        "#35;",
        "box",
        "}",
        "autonumber",
    ]
    records = [
        [
            Record(1, 0.0, "send", 1, text, text, 1.0, 2, values={"message": text}),
            Record(2, 0.0, "crash", 2, None, text, 2.0),
        ]
        for text in texts
    ]
    found = parsed(*map(diagram, records))
    assert [one for one in found if "error" in one] == []
    for text, one in zip(texts, found, strict=True):
        assert [len(one["actors"]), len(one["messages"])] == [2, 2]
        if text.isprintable() and len(text) < 20 and text == " ".join(text.split()):
            assert one["actors"][0].startswith(text)
            assert one["messages"][0][2] == f"send {text} {text}"


def test_a_large_diagram_is_read_whole():
    records = [
        Record(seq, 0.0, "send", seq % 9, None, "Note", float(seq), (seq + 1) % 9) for seq in range(1, 900)
    ]
    ((found),) = parsed(diagram(records))
    assert len(found["messages"]) == 501
    assert found["messages"][-1][2] == "399 more are left out"
