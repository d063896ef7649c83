"""The crew at work on a small tree: everything gets a result, whoever is killed."""

import asyncio
import os
from contextlib import asynccontextmanager

from demo.crew import crew
from demo.files import Target
from demo.library import Library
from demo.messages import Progress, Totals
from runtime import CallError, Node
from tests.support.eventually import eventually

OVER_BUDGET = "x = [\n" + "    1,\n" * 10_001 + "]\n"
REVIEWERS = [f"reviewer-{number}" for number in range(1, 5)]
HOPELESS = "x = [\n" + "    1,\n" * 100_001 + "]\n"


async def soon(check):
    """As `eventually`, on a machine that is busy with other things."""
    return await eventually(check, within=30.0)


class Crew:
    """A running crew and what a test asks of it."""

    def __init__(self, node, library):
        self.node = node
        self.library = library

    async def finished(self, files, within=30.0):
        """Wait until `files` files have a result and the passes have run; returns the totals."""

        async def done():
            try:
                standing = await self.node.named("reporter").call(Progress())
            except CallError:
                return False
            return standing.finished and standing.on_disk == files == standing.totals.files

        await eventually(done, within)
        return self.library.totals()

    async def kill(self, name):
        """What an operator does; returns the pid that has ended."""
        pid = await soon(lambda: self.node.whereis(name))

        async def killer(process):
            process.exit(pid, "kill")

        self.node.spawn(killer)
        await soon(lambda: not pid.alive)
        return pid

    def findings(self, path):
        return sorted(
            check
            for (check,) in self.library._connection.execute(
                "SELECT check_name FROM findings WHERE path = ?", (path,)
            )
        )

    def failed(self):
        return dict(
            self.library._connection.execute("SELECT path, reason FROM files WHERE reason IS NOT NULL")
        )


@asynccontextmanager
async def running(root, db=None):
    target = Target.of(root)
    library = Library.open(db, target.path)
    try:
        async with Node("crew", resources={Library: library}, introspection=False) as node:
            await node.start(crew(target))
            yield Crew(node, library)
    finally:
        library.close()


def many(count, lines=60):
    return {f"_{n:03}.py": "import os\n" + f"x{n} = 1\n" * lines for n in range(count)}


async def test_every_file_gets_a_result(tree):
    root = tree({
        "_a.py": "import os\n",
        "_b.py": "def f(:\n",
        "_c.py": b"# coding: klingon\n",
        "_d.py": b"x = '\xff'\n",
        "sub/_e.py": "",
        "notes.txt": "nothing",
    })  # fmt: skip
    async with running(root) as crew:
        assert await crew.finished(5) == Totals(reviewed=2, failed=3, findings=1)
        assert crew.failed().keys() == {"_b.py", "_c.py", "_d.py"}
        assert crew.findings("_a.py") == ["unused-import"]


async def test_an_empty_tree_is_finished_with_nothing(tree):
    async with running(tree({})) as crew:
        assert await crew.finished(0) == Totals()


async def test_the_whole_program_is_looked_at_in_the_end(tree):
    async with running(
        tree({"_a.py": "import _b\n_b", "_b.py": "import _a\n_a\ndef f(): return 1\n"})
    ) as crew:
        await crew.finished(2)
        assert crew.findings("_a.py") == ["import-cycle"]
        assert crew.findings("_b.py") == ["unused-public-name"]


async def test_a_file_over_budget_costs_a_reviewer_and_is_reviewed_by_the_next(tree):
    async with running(tree({"_a.py": OVER_BUDGET})) as crew:
        before = {crew.node.whereis(f"reviewer-{n}") for n in range(1, 5)}
        assert await crew.finished(1) == Totals(reviewed=1, restarts=1)
        assert len({crew.node.whereis(f"reviewer-{n}") for n in range(1, 5)} - before) == 1


async def test_a_file_that_is_over_budget_twice_has_failed(tree):
    async with running(tree({"_a.py": HOPELESS, "_b.py": "x = 1"})) as crew:
        assert await crew.finished(2) == Totals(reviewed=1, failed=1, restarts=2)
        assert crew.failed() == {"_a.py": "more than 100,000 AST nodes"}


async def test_killing_reviewers_loses_nothing(tree):
    async with running(tree(many(60))) as crew:
        await soon(lambda: crew.library.totals().files > 0)
        for name in REVIEWERS * 2:
            await soon(lambda name=name: has_started(crew, name))
            await crew.kill(name)
        totals = await crew.finished(60)
        assert (totals.reviewed, totals.restarts) == (60, 8)


async def test_killing_a_reviewer_at_work_is_no_attempt_of_its_file(tree):
    async with running(tree({"_a.py": OVER_BUDGET.replace("1,", "a+b,") + "y = 1\n" * 20_000})) as crew:
        for _ in range(3):
            busy = await soon(lambda: next((name for name in REVIEWERS if is_busy(crew, name)), None))
            await crew.kill(busy)
        totals = await crew.finished(1)
        assert (totals.reviewed, totals.failed) == (0, 1)
        assert crew.failed() == {"_a.py": "more than 100,000 AST nodes"}


def has_started(crew, name):
    process = crew.node.registry.find(name)
    return process is not None and process.state is not None


def is_busy(crew, name):
    process = crew.node.registry.find(name)
    return process is not None and process.state is not None and process.state.review is not None


async def test_killing_the_librarian_loses_nothing(tree):
    async with running(tree(many(60))) as crew:
        await soon(lambda: crew.library.totals().files > 5)
        old = {name: crew.node.whereis(name) for name in ("dispatcher", "reviewers", "scanner", "reporter")}
        await crew.kill("librarian")
        assert (await crew.finished(60)).reviewed == 60
        assert all(crew.node.whereis(name) != pid for name, pid in old.items())


async def test_killing_the_dispatcher_or_the_scanner_loses_nothing_and_repeats_nothing_stored(tree):
    async with running(tree(many(60))) as crew:
        await soon(lambda: crew.library.totals().files > 5)
        await crew.kill("dispatcher")
        await soon(lambda: crew.library.totals().files > 20)
        await crew.kill("scanner")
        assert (await crew.finished(60)).reviewed == 60


async def test_killing_the_reviewers_supervisor_loses_nothing(tree):
    async with running(tree(many(60))) as crew:
        await soon(lambda: crew.library.totals().files > 5)
        await crew.kill("reviewers")
        assert (await crew.finished(60)).reviewed == 60


async def test_killing_the_reporter_makes_it_report_again(tree):
    async with running(tree({"_a.py": "x = 1"})) as crew:
        await crew.finished(1)
        await crew.kill("reporter")
        assert await crew.finished(1) == Totals(reviewed=1)


async def test_the_dispatchers_mailbox_is_the_queue(tree):
    async with running(tree(many(200))) as crew:
        dispatcher = await soon(lambda: crew.node.registry.find("dispatcher"))
        deepest = await soon(lambda: (len(dispatcher.mailbox or ()) > 150) and len(dispatcher.mailbox))
        assert deepest > crew.library.totals().files
        await crew.finished(200)
        assert not dispatcher.mailbox


async def test_while_the_librarian_is_suspended_reviews_go_on_and_its_mailbox_grows(tree):
    async with running(tree(many(50))) as crew:
        librarian = await soon(lambda: crew.node.registry.find("librarian"))
        await soon(lambda: crew.library.totals().files > 3)
        stored = crew.library.totals().files
        crew.node.registry.find("librarian").suspend = True
        await soon(lambda: len(librarian.mailbox or ()) >= 30)
        assert crew.library.totals().files - stored <= 1
        librarian.suspend = False
        librarian.wake()


async def test_what_changes_is_reviewed_again(tree):
    root = tree({"_a.py": "import os\n", "_b.py": "x = 1\n", "_c.py": "x = 1\n"})
    async with running(root) as crew:
        assert (await crew.finished(3)).findings == 1
        (root / "_a.py").write_text("import os\nimport json\n")
        (root / "_b.py").unlink()
        await soon(
            lambda: crew.findings("_a.py") == ["unused-import"] * 2 and crew.library.totals().files == 2
        )
        (root / "_d.py").write_text("def f(:\n")
        await soon(
            lambda: crew.library.totals().files == 3
        )  # what the reporter knows may be of before: three as well
        totals = await crew.finished(3)
        assert (totals.reviewed, totals.failed, totals.findings) == (2, 1, 2)


async def test_a_file_that_was_only_touched_is_not_reviewed_again(tree):
    root = tree({"_a.py": "x = 1\n"})
    async with running(root) as crew:
        await crew.finished(1)
        reviewed = crew.library.known("", 10)
        os.utime(root / "_a.py", (1, 1))
        scanner = crew.node.registry.find("scanner")
        looks = scanner.state.looks
        await soon(lambda: scanner.state.looks > looks)
        assert {file.mtime_ns for file in scanner.state.files} == {10**9}
        assert crew.library.known("", 10) == reviewed


async def test_a_second_run_reviews_only_what_has_changed(tree, tmp_path):
    root = tree(many(5))
    async with running(root, tmp_path / "db") as crew:
        await crew.finished(5)
    (root / "_000.py").write_text("y = 1\n")
    (root / "_001.py").unlink()
    async with running(root, tmp_path / "db") as crew:
        totals = await crew.finished(4)
        assert (totals.reviewed, totals.findings) == (4, 3)
        done = sum(counters.get("files", 0) for counters in crew.node.ledger.counters.values())
        assert done == 2


async def test_names_that_are_not_utf8_go_all_the_way(tree):
    root = tree({})
    (root / os.fsdecode(b"_caf\xe9.py")).write_text("import os\n")
    async with running(root) as crew:
        assert await crew.finished(1) == Totals(reviewed=1, findings=1)


async def test_a_directory_that_cannot_be_listed_is_a_finding(tree, monkeypatch):
    root = tree({"_a.py": "x = 1", "closed/_b.py": "x = 1"})
    scandir = os.scandir

    def refuse(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    async with running(root) as crew:
        assert await crew.finished(1) == Totals(reviewed=1, findings=1)
        assert crew.findings("closed") == ["unreadable-directory"]


async def test_the_node_stays_answerable_during_a_large_file(tree):
    large = "".join(f"def f{n}(a, b):\n    return a + b * {n} - len([a, b, {n}])\n\n\n" for n in range(4_000))
    async with running(tree({"_a.py": large})) as crew:
        loop, longest, began = asyncio.get_running_loop(), 0.0, 0.0
        while crew.library.totals().files == 0:
            before = loop.time()
            began = began or (before if any(is_busy(crew, name) for name in REVIEWERS) else 0.0)
            await asyncio.sleep(0)
            longest = max(longest, loop.time() - before)
        # One call of the parser, which is C, cannot be interrupted: it takes about a quarter of the whole.
        assert longest < (loop.time() - began) / 2
