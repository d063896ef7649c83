"""Which form of the hot path runs is told, and told truly."""

import importlib.machinery
import sys

import pytest

import runtime.server_process
from runtime.form import COMPILED
from tools.compiled import COMPILED as LIST

EXTENSIONS = tuple(importlib.machinery.EXTENSION_SUFFIXES)


def file_of(path):
    name = path.removesuffix(".py").replace("/", ".")
    importlib.import_module(name)
    return sys.modules[name].__file__


def test_it_is_told_by_what_was_loaded():
    assert runtime.server_process.__file__.endswith(EXTENSIONS) == COMPILED


@pytest.mark.parametrize("path", LIST)
def test_all_of_the_hot_path_is_in_the_same_form(path):
    assert file_of(path).endswith(EXTENSIONS) == COMPILED
