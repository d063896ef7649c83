"""The documents quote the saved figures, and nothing else."""

import os
import socket

import pytest

from benchmarks import documents
from benchmarks.results import Results


def test_the_documents_quote_what_is_saved():
    for path, document in documents.quote(Results.load(documents.FIGURES)).items():
        assert path.read_text(encoding="utf-8") == document, (
            f"{path.name}: run `python -m benchmarks --render`"
        )


def test_what_stands_around_the_markers_is_left_alone():
    document = "before\n<!-- `make bench` writes from here -->\nold\n<!-- to here -->\nafter\n"
    assert documents.quoted(document, "new") == (
        "before\n<!-- `make bench` writes from here -->\n\nnew\n\n<!-- to here -->\nafter\n"
    )


def test_quoting_twice_changes_nothing():
    document = "<!-- `make bench` writes from here --><!-- to here -->"
    once = documents.quoted(document, "new")
    assert documents.quoted(once, "new") == once


def test_a_document_without_markers_is_refused():
    with pytest.raises(ValueError, match="make bench"):
        documents.quoted("nothing", "new")


def test_the_saved_figures_name_no_host_and_no_path():
    saved = documents.FIGURES.read_text(encoding="utf-8")
    assert socket.gethostname() not in saved
    assert os.sep not in saved.replace("GNU/Linux", "")
