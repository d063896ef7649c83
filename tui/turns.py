"""When the loop runs the console's tasks: in a later turn, whichever Python it is.

From CPython 3.12 on `App.run` asks the loop to begin tasks at once ("eagerly"). A page that is made then composes its
widgets before it is on the stack of screens, and its prompt, which asks for the screen, finds none: the console ends
before it has begun. `App.run_test` does not ask for that, and CPython 3.11 cannot.
"""

from __future__ import annotations

import asyncio
from typing import TypeVar

from textual.app import App

__all__ = ["PatientApp"]

R = TypeVar("R")


class PatientApp(App[R]):
    """An app whose tasks begin in the loop's next turn."""

    def on_load(self) -> None:
        """Before the first page is made."""
        asyncio.get_running_loop().set_task_factory(None)
