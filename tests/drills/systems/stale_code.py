"""A clerk whose code counts wrongly; its file has been corrected since, and the node still runs what was there before.

Run as `python -m tests.drills.systems.stale_code NAME FOLDER`. It says `corrected` once the clerk counts rightly.
"""

from __future__ import annotations

import sys
from pathlib import Path

from runtime import ChildSpec
from tests.drills.systems.office import office

SOURCE = '''
from runtime import Server
from tests.drills.systems.office import confess


class Clerk(Server[int]):
    """Counts to itself, and says so."""

    def init(self) -> int:
        confess(self.pid)
        self.send_after(0.1, "count")
        return 0

    def handle_info(self, _count: str, counted: int, /) -> int:
        counted = counted + 2
        self.progress(f"counted {counted}")
        self.send_after(0.1, "count")
        return counted
'''
CORRECTED = SOURCE.replace("counted + 2", "counted + 1").replace(
    "        self.progress", '        print("corrected", flush=True)\n        self.progress'
)

if __name__ == "__main__":
    folder = Path(sys.argv[2])
    file = folder / "clerks.py"
    file.write_text(SOURCE)
    sys.path.insert(0, str(folder))
    import clerks

    file.write_text(CORRECTED)
    office(*(ChildSpec(f"clerk-{number}", clerks.Clerk) for number in range(1, 4)))
