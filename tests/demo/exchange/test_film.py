"""The film in short form: the exchange's software changes three times while people talk, and they notice whatever goes wrong."""

import json
import sys

import pytest

from demo.exchange.launch import run_headless
from demo.exchange.software import MODULE, PACKAGE, VERSIONS

CALLS, SECONDS = 40, 0.4
TAKEN_UP = '"since": answered,'
RIGHT = f'return state, {{**data, {TAKEN_UP} "talked": 0, "billable": answered is not None}}'

CHANGES = [
    "call waiting is put in, mid-call",
    "the bug fix is put in, mid-call",
    "the bug fix is rolled back, mid-call",
]
FEATURE = "version 2 has call waiting, version 1 has not"
BUG = "version 3 mends what people complained of, rolling it back unmends it"
THROUGH = "calls went on through the changes"
DROPPED = "dropped calls"
WORDS = "whatever was said was understood, once"
BILLING = "billing is exact to the second"


@pytest.fixture
def film(capfd, tmp_path):
    """Show the film, with `edits` made to version 2: {old text: new text}. Exit code, and the checks by what they check."""

    def show(edits=()):
        for path in VERSIONS.glob("*.py"):
            text = path.read_text()
            for old, new in dict(edits).items() if path.stem == "v2" else ():
                assert old in text
                text = text.replace(old, new)
            (tmp_path / path.name).write_text(text)
        code = run_headless(json=True, calls=CALLS, seconds=SECONDS, versions=tmp_path)
        document = json.loads(capfd.readouterr().out)
        assert document["ok"] == (code == 0)
        return code, {check["what"]: check for check in document["checks"]}

    return show


def failed(checks):
    return [what for what, check in checks.items() if not check["ok"]]


def test_two_upgrades_and_a_rollback_drop_no_call_and_bill_every_second(film):
    before = list(sys.path)
    code, checks = film()
    assert (code, failed(checks)) == (0, [])
    assert list(checks) == [*CHANGES, FEATURE, BUG, THROUGH, DROPPED, WORDS, BILLING]
    assert checks[DROPPED]["found"] == "0"
    assert sys.path == before
    assert not {PACKAGE, MODULE} & set(sys.modules)


def test_without_json_each_check_is_a_line(capfd):
    assert run_headless(calls=CALLS, seconds=SECONDS) == 0
    captured = capfd.readouterr()
    assert [line for line in captured.out.splitlines() if line.startswith("✓")] == [
        f"✓ {what}" for what in (*CHANGES, FEATURE, BUG, THROUGH, DROPPED, WORDS, BILLING)
    ]
    assert "\nall 9 checks hold, after " in captured.out
    assert f"version 1: {CALLS} calls …" in captured.err


def test_an_upgrade_that_loses_calls_is_found(film):
    code, checks = film({RIGHT: RIGHT.replace("state,", '"ringing",', 1)})
    assert code == 1
    assert {DROPPED, WORDS, BILLING} <= set(failed(checks))
    assert "waited in vain" in checks[DROPPED]["found"]


def test_an_upgrade_that_forgets_a_second_is_found(film):
    code, checks = film({TAKEN_UP: '"since": answered and answered + 1,'})
    assert (code, failed(checks)) == (1, [BILLING])
    assert "s on one account" in checks[BILLING]["found"]


def test_an_upgrade_under_which_calls_crash_is_found(film):
    code, checks = film({TAKEN_UP: '"since": str(answered),'})
    assert code == 1
    assert DROPPED in failed(checks)


def test_an_upgrade_that_cannot_be_applied_is_found_and_changes_nothing(film):
    code, checks = film({"if old_version !=": "raise RuntimeError('no idea')\n        if old_version !="})
    assert code == 1
    assert failed(checks) == [CHANGES[0], FEATURE, BUG, THROUGH]
    assert "no idea" in checks[CHANGES[0]]["found"]
    assert checks[DROPPED]["found"] == "0"


def test_the_fix_that_mends_nothing_is_found(film):
    nobody_says_so = "            case Cast(HungUp(by)):\n"
    code, checks = film({
        nobody_says_so: f'{nobody_says_so}                self.named(call.callee).cast(Free(self.pid, "gone"))\n'
    })  # fmt: skip
    assert (code, failed(checks)) == (1, [BUG])
