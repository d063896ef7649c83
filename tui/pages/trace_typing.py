"""What is typed on the Trace page, and what becomes of it: patterns, limits, thresholds, filters, what is to be kept.

pattern -> CheckPattern while it is typed -> Enter -> a question where it is dangerous -> the tracer starts a session
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel
from textual import on
from textual.binding import Binding, BindingType

from runtime.port.contract import CheckPattern, Done, Failure, KeepTrigger, PatternCheck, StopTrace, Trace
from tui.format import clean
from tui.keys import TRACE, VIEW
from tui.tracing.asking import check_pattern, force_question
from tui.tracing.limits import limits_text, read_limits
from tui.tracing.log import Log
from tui.tracing.tracer import Tracer
from tui.widgets.pattern_prompt import PatternPrompt
from tui.widgets.prompt import Prompt

from .detailed import DetailedPage

__all__ = ["KEPT", "RECORDS", "TraceTyping"]

RECORDS, KEPT = "records", "kept"


class TraceTyping(DetailedPage):
    """The half of the Trace page that listens."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "pattern", "pattern", group=TRACE, tooltip="type what to trace; words are completed"),
        Binding("s", "stop", "stop/again", group=TRACE, tooltip="stop the session; or start it again"),
        Binding("L", "limits", "limits", show=False, group=TRACE, tooltip="count, seconds, rate, work, queue, size: of the next session"),
        Binding("V", "values", "with values, or without", show=False, group=TRACE,
                tooltip="whether messages, states and arguments are told in the next session"),
        Binding("b", "keep", "keep before", group=TRACE, tooltip="keep 5s before crash: what the flight recorder waits for"),
        Binding("slash", "filter", "filter", group=VIEW, tooltip="process, kind, message, trace id"),
        Binding("w", "slow", "slow", show=False, group=VIEW, tooltip="from when on times are amber; five times that is red"),
    ]  # fmt: skip

    @property
    def tracer(self) -> Tracer:
        """The console's session."""
        return self.console.tracer

    @property
    def shown_log(self) -> Log:
        """The records that are shown."""
        raise NotImplementedError

    def changed(self) -> None:
        """Show what there is now."""
        raise NotImplementedError

    def started(self) -> None:
        """A session has begun."""
        raise NotImplementedError

    def action_part(self, name: str) -> None:
        """Show a part of the page."""
        raise NotImplementedError

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Who may not trace has no keys for it."""
        if action in {"pattern", "stop", "limits", "values"}:
            return self.session.may(Trace) and (action != "stop" or bool(self.tracer.pattern))
        return super().check_action(action, parameters)

    def start(self, pattern: str, *, force: bool = False) -> None:
        """Start a session; the one before ends. Not where there is nobody to ask: its records would be gone for nothing."""
        if self.session.failure is not None:
            self.console.tell("the node cannot be reached, so nothing is traced now", failed=True)
            return
        self.tracer.start(pattern, force=force)
        self.started()

    def action_pattern(self) -> None:
        """Type a pattern."""
        self.action_part(RECORDS)
        self.query_one(PatternPrompt).ask(self.tracer.pattern)

    def action_stop(self) -> None:
        """Stop the session, or start it again."""
        tracer = self.tracer
        if tracer.runs and tracer.session is not None:
            self.console.ask(StopTrace(session=tracer.session.session), self._done)
        elif tracer.just_ended:
            self.console.tell("it has just ended by itself; s again starts it anew, without these records")
        elif tracer.pattern and not tracer.runs:
            self.start(tracer.pattern)

    @on(PatternPrompt.Edited)
    def typing(self, event: PatternPrompt.Edited) -> None:
        """Ask the node what it thinks of the pattern so far."""
        event.stop()
        prompt = self.query_one(PatternPrompt)
        check_pattern(self.console, prompt, event.text, event.column)

    @on(PatternPrompt.Closed)
    def typed(self, event: PatternPrompt.Closed) -> None:
        """Start; ask first where the pattern is dangerous."""
        event.stop()
        if event.text:
            self.begin(event.text, event.check)

    def begin(self, pattern: str, check: PatternCheck | None = None) -> None:
        """Start a session with this pattern."""
        if check is not None and check.dangers:
            force_question(self.console, pattern, check.dangers, lambda: self.start(pattern, force=True))
        else:
            self.start(pattern)

    def action_values(self) -> None:
        """With values, or without."""
        self.tracer.values = not self.tracer.values
        told = "are told" if self.tracer.values else "are left out"
        self.console.tell(f"messages, states and arguments {told} in the next session")

    def action_limits(self) -> None:
        """Type limits."""
        self._ask("limits", limits_text(self.tracer.limits))

    def action_slow(self) -> None:
        """Type thresholds."""
        self._ask("slow", self.tracer.slow.text)

    def _ask(self, purpose: str, text: str) -> None:
        label, hint = (
            ("limits", "Enter · Esc")
            if purpose == "limits"
            else ("slow from", "five times that is red · Enter · Esc")
        )
        self.prompt.ask(purpose, label, hint, text)

    def action_keep(self) -> None:
        """Type what the flight recorder is to wait for."""
        self.ask_trigger("5s before crash")

    def ask_trigger(self, text: str) -> None:
        """Type a trigger, with a text to begin with."""
        self.prompt.ask(
            "keep", "keep", "5s before EVENT [of WHOM] [when …]", text.removeprefix("keep "), most=1900
        )

    def action_filter(self) -> None:
        """Type a filter; the rows follow."""
        self.action_part(RECORDS)
        self.prompt.ask("filter", "/", "Enter keep · Esc clear · !text all but these", self.shown_log.filter)

    @on(Prompt.Edited)
    def filtering(self, event: Prompt.Edited) -> None:
        """Filter while it is typed."""
        if event.purpose == "filter":
            self._filter_by(event.text)

    @on(Prompt.Closed)
    def closed(self, event: Prompt.Closed) -> None:
        """What was typed in the line at the foot."""
        if event.purpose == "filter":
            self._filter_by(event.text or "")
        elif event.text and event.purpose in {"limits", "slow"}:
            try:
                if event.purpose == "slow":
                    self.tracer.slow = self.tracer.slow.changed(event.text)
                else:
                    self.tracer.limits = read_limits(event.text, self.tracer.limits)
            except ValueError as error:
                self.console.tell(clean(str(error)), failed=True)
                self.call_after_refresh(self._ask, event.purpose, event.text)  # it can be typed otherwise
            else:
                if event.purpose == "limits" and self.tracer.runs:
                    self.console.tell("these are the limits of the next session: s s starts it")
        elif event.text and event.purpose == "keep":
            text = event.text if event.text.startswith("keep ") else f"keep {event.text}"
            self.action_part(KEPT)
            self.console.ask(
                CheckPattern(pattern=text, trigger=True), lambda answer: self._looked_at(text, answer)
            )
        self.changed()

    def _looked_at(self, text: str, answer: BaseModel | Failure) -> None:
        """Set a trigger; ask first where it is dangerous. What the node refuses can be typed otherwise."""

        def kept(answer: BaseModel | Failure) -> None:
            self._done(answer)
            if isinstance(answer, Failure) and self.console.page is self and not self.focused_on_input():
                self.call_after_refresh(self.ask_trigger, text)

        def keep(*, force: bool = False) -> None:
            self.console.ask(KeepTrigger(text=text, force=force), kept)

        if isinstance(answer, PatternCheck) and answer.dangers:
            force_question(self.console, text, answer.dangers, lambda: keep(force=True), does="keep")
        else:
            keep()

    def _filter_by(self, text: str) -> None:
        if text.strip().lower() != self.shown_log.filter:
            self.shown_log.look_for(text)
            self.changed()

    def _done(self, answer: BaseModel | Failure) -> None:
        text = (
            answer.message.partition("\n")[0] if isinstance(answer, Failure) else getattr(answer, "text", "")
        )
        self.console.tell(clean(text), failed=isinstance(answer, Failure))
        for note in answer.notes if isinstance(answer, Done) else ():
            self.console.tell(clean(note, 500), doubtful=True)
        self.console.link.poke()
