"""The editor: puts the corrected source of `sums` on the disk, or the faulty one. What runs does not change by that.

observer send editor '"fix"'
"""

from __future__ import annotations

from demo.soul.source import FAULTY, FIXED, Source
from runtime import Server

__all__ = ["Editor"]

VERSIONS = {"fix": FIXED, "break": FAULTY}


class Editor(Server[str]):
    """Writes one file, and nothing else."""

    def init(self) -> str:
        """The file as it was found."""
        return self._say("faulty")

    def handle_info(self, message: object, state: str, /) -> str:
        """`fix` or `break`."""
        version = VERSIONS.get(message) if isinstance(message, str) else None
        if version is None:
            self.progress(f'{message!r:.40}; it takes "fix" or "break"')
            return state
        source: Source = self.resource(Source)
        source.put(version)
        return self._say(version.stem)

    def _say(self, version: str) -> str:
        source: Source = self.resource(Source)
        self.progress(f"{version}: {source.path}")
        return version
