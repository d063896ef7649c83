"""What the console asks the node about a pattern while it is typed, and the operator before a dangerous one."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pydantic import BaseModel

from runtime.port.contract import CheckPattern, Failure, PatternCheck
from tui.format import clean, cut
from tui.spans import Spans
from tui.widgets.confirm import CELLS, Confirm
from tui.widgets.pattern_prompt import PatternPrompt

if TYPE_CHECKING:
    from tui.app import ObserverApp

__all__ = ["check_pattern", "force_question"]

_HOLDS = {
    "trace": "its limits hold all the same: the rate fuse stops it",
    "keep": "once a second at most; other triggers keep their share",
}
"""What bounds it although it is forced."""


def check_pattern(console: ObserverApp, prompt: PatternPrompt, text: str, column: int) -> None:
    """Ask what is wrong with the text, and what could come next; an answer that is late is dropped."""

    def answered(answer: BaseModel | Failure) -> None:
        if not prompt.is_attached or not prompt.opened or prompt.field.value != text:
            return
        if isinstance(answer, PatternCheck):
            prompt.advise(answer, console.tracer.suggestions(answer.words, text))
        elif isinstance(answer, Failure):
            prompt.advise(PatternCheck(problem=answer.message, column=1), ())

    console.ask(CheckPattern(pattern=text, column=max(1, column)), answered)


def force_question(
    console: ObserverApp, text: str, dangers: Sequence[str], then: Callable[[], None], *, does: str = "trace"
) -> None:
    """Ask whether to trace, or to keep, although that is dangerous."""
    stakes: list[Spans] = [
        [(line, "warn")] for danger in dangers[:3] for line in textwrap.wrap(clean(danger, 300), CELLS)
    ]
    stakes.append([(_HOLDS[does], "muted")])
    twin = cut(f"observer {does} --force {shlex.quote(clean(text, 300))}", CELLS)

    def decided(yes: bool | None) -> None:
        if yes:
            then()

    console.push_screen(Confirm(f"{does.capitalize()} although it is dangerous?", twin, stakes), decided)
