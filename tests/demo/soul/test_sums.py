"""The two versions of the module that is replaced."""

import difflib

import pytest

from demo.soul import faulty, fixed
from demo.soul.source import FAULTY, FIXED, Source


@pytest.mark.parametrize("n", [1, 2, 3, 100, 12_345])
def test_both_versions_agree_on_numbers_above_zero(n):
    assert faulty.total(n) == fixed.total(n) == sum(range(n + 1))


def test_the_fixed_version_takes_no_longer_for_a_large_number():
    assert fixed.total(10**40) == 10**40 * (10**40 + 1) // 2


def test_nothing_but_the_two_faults_differs():
    before, after = FAULTY.read_text().splitlines(), FIXED.read_text().splitlines()
    changes = [line for line in difflib.ndiff(before, after) if line[0] in "+-"]
    assert len(changes) <= 15
    assert any("n * (n + 1) // 2" in line for line in changes)


def test_a_version_is_put_in_place_in_a_folder_of_its_own_and_what_is_installed_stays():
    installed = FAULTY.read_bytes()
    with Source.importable() as source:
        assert source.path.read_bytes() == installed
        source.put(FIXED)
        assert source.path.read_bytes() == FIXED.read_bytes()
        assert [file.name for file in source.path.parent.iterdir()] == ["sums.py"]
    assert FAULTY.read_bytes() == installed
    assert not source.path.parent.exists()
