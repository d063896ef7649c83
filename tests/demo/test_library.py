"""The findings in SQLite."""

import sqlite3

import pytest

from demo.checks.review import review
from demo.files import OnDisk
from demo.library import Library, LibraryError, Worst
from demo.messages import Gone, Lost, NotReviewed, ProgramFindings, Reviewed, Totals

SOURCE = "import os\nimport json\nassert (1, 2)\n"


def reviewed(path, source=SOURCE):
    return Reviewed(OnDisk(path, 1, 2, "digest"), review(path, source, budget=1000))


@pytest.fixture
def library():
    library = Library.open(None, "/root")
    yield library
    library.close()


def test_totals_are_the_sum_of_the_changes(library):
    results = [
        reviewed("_a.py"),
        NotReviewed(OnDisk("_b.py"), "why"),
        reviewed("_b.py"),
        NotReviewed(OnDisk("_a.py"), "why"),
        reviewed("_c.py", "x = 1"),
        Lost("_c.py", "killed"),
        Lost(None, "killed"),
        ProgramFindings(reviewed("_a.py").verdict.findings, first=True),
        ProgramFindings(reviewed("_a.py").verdict.findings[:1], first=False),
        ProgramFindings(reviewed("_a.py").verdict.findings[:2], first=True),
        Gone("_c.py"),
        Gone("_unknown.py"),
    ]
    total = Totals()
    for result in results:
        total += library.keep(result)
        assert total == library.totals()
    assert total == Totals(reviewed=1, failed=1, findings=5, restarts=2)
    assert total.files == 2


def test_what_has_a_result_is_known_page_by_page(library):
    for path in ("_a.py", "_b.py", "_c.py"):
        library.keep(reviewed(path))
    assert library.known("", 2) == (OnDisk("_a.py", 1, 2, "digest"), OnDisk("_b.py", 1, 2, "digest"))
    assert [file.path for file in library.known("_b.py", 2)] == ["_c.py"]


def test_summaries_come_back_as_they_were_but_for_what_imports_bind(library):
    library.keep(NotReviewed(OnDisk("_a.py"), "why"))
    stored = reviewed("_b.py", "from .a import b as c\ndef f(): return c.d\n")
    library.keep(stored)
    (summary,) = library.summaries("", 10)
    assert summary.definitions == stored.verdict.summary.definitions
    assert summary.uses == stored.verdict.summary.uses
    assert [statement.names for statement in summary.imports] == [("b",)]


def test_a_name_that_is_not_utf8_comes_back_as_it_was(library):
    library.keep(reviewed("caf\udce9.py"))
    assert [file.path for file in library.known("", 10)] == ["caf\udce9.py"]
    assert library.known("caf\udce9.py", 10) == ()
    assert library.worst(10)[0].path == "caf\udce9.py"
    library.keep(Gone("caf\udce9.py"))
    assert library.totals() == Totals()


def test_the_worst_files_come_first(library):
    library.keep(reviewed("_many.py", "import a, b, c\n"))
    library.keep(reviewed("_grave.py", "assert (1, 2)\n"))
    library.keep(reviewed("_clean.py", "x = 1\n"))
    assert library.worst(10) == [Worst("_grave.py", 1, 0, 0), Worst("_many.py", 0, 3, 0)]


def test_a_result_is_stored_whole_or_not_at_all(library):
    broken = Reviewed(OnDisk("_a.py", size=object()), review("_a.py", SOURCE, budget=1000))
    library.keep(reviewed("_a.py"))
    with pytest.raises(sqlite3.Error):
        library.keep(broken)
    assert library.totals() == Totals(reviewed=1, findings=3)


def test_a_file_keeps_results_from_run_to_run_but_not_the_losses(tmp_path):
    library = Library.open(tmp_path / "db", "/root")
    library.keep(reviewed("_a.py"))
    library.keep(Lost("_a.py", "killed"))
    library.close()
    library = Library.open(tmp_path / "db", "/root")
    assert library.totals() == Totals(reviewed=1, findings=3)
    library.close()


def test_a_file_that_is_in_use_is_refused(tmp_path):
    library = Library.open(tmp_path / "db", "/root")
    with pytest.raises(LibraryError, match="is in use by another program"):
        Library.open(tmp_path / "db", "/root")
    library.close()


def test_a_file_with_the_review_of_something_else_is_refused(tmp_path):
    Library.open(tmp_path / "db", "/one").close()
    with pytest.raises(LibraryError, match="holds the review of /one; give --db another file"):
        Library.open(tmp_path / "db", "/two")


def test_somebody_elses_database_is_refused_and_left_as_it_was(tmp_path):
    with sqlite3.connect(tmp_path / "db") as other:
        other.execute("CREATE TABLE files (precious)")
    other.close()
    before = (tmp_path / "db").read_bytes()
    with pytest.raises(LibraryError, match="is a database of something else; give --db a new file"):
        Library.open(tmp_path / "db", "/root")
    assert (tmp_path / "db").read_bytes() == before


def test_results_of_another_version_are_dropped(tmp_path):
    library = Library.open(tmp_path / "db", "/root")
    library.keep(reviewed("_a.py"))
    library.close()
    with sqlite3.connect(tmp_path / "db") as other:
        other.execute("PRAGMA user_version = 99")
    other.close()
    library = Library.open(tmp_path / "db", "/elsewhere")
    assert library.totals() == Totals()
    library.close()


@pytest.mark.parametrize("content", [b"no database at all, but text" * 100])
def test_a_file_that_is_no_database_is_refused(tmp_path, content):
    (tmp_path / "db").write_bytes(content)
    with pytest.raises(
        LibraryError, match="file is not a database; give --db a database of this program, or a new file"
    ):
        Library.open(tmp_path / "db", "/root")
    assert (tmp_path / "db").read_bytes() == content


def test_a_file_in_no_directory_is_refused(tmp_path):
    with pytest.raises(LibraryError, match="give --db a file in a directory that exists"):
        Library.open(tmp_path / "nowhere" / "db", "/root")
