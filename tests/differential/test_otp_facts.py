"""The harness itself: known facts about OTP are seen, and a difference would be.

Without these, an observer that saw nothing would make both sides look equal.
"""

import copy

import pytest

from tests.differential.comparison import as_here, difference
from tests.differential.handwritten import HANDWRITTEN
from tests.differential.script import erlang_term, supervisor

pytestmark = pytest.mark.differential


def _events(entry):
    return [":".join(map(str, event)) for event in entry["trace"]]


def here(observation):
    return [as_here(entry) for entry in observation]


def test_a_group_stops_in_reverse_and_starts_in_order(beam):
    _boot, crash, _stop = beam.observe(HANDWRITTEN["one_for_all stops in reverse and starts in order"])
    stops = ["stop:b:1:error", "stop:c:1:shutdown", "stop:a:1:shutdown"]
    assert _events(crash) == [*stops, "start:a:2", "start:b:2", "start:c:2"]


def test_children_before_the_crashed_one_go_on_in_rest_for_one(beam):
    _boot, crash, _stop = beam.observe(HANDWRITTEN["rest_for_one restarts the one and those after it"])
    assert sorted(crash["tree"]["root"]["children"]) == [
        ["a", "alive", "worker", 1],
        ["b", "alive", "worker", 2],
        ["c", "alive", "worker", 2],
    ]


def test_a_supervisor_that_gives_up_ends_with_shutdown(beam):
    *_, last = beam.observe(HANDWRITTEN["beyond its intensity the root gives up"])
    assert last["root"] == "shutdown"
    assert last["ended"] == [["a", "shutdown"], ["b", "shutdown"], ["c", "error"], ["root", "shutdown"]]


def test_a_transient_supervisor_that_gives_up_is_not_restarted(beam):
    _, kill, restart, _ = beam.observe(HANDWRITTEN["a transient supervisor that gives up stays down"])
    assert ["s", "undefined", "supervisor", 0] in kill["tree"]["root"]["children"]
    assert ["s", "alive", "supervisor", 2] in restart["tree"]["root"]["children"]


def test_failed_restarts_count(beam):
    _, _, kill = beam.observe(HANDWRITTEN["failing restarts count"])
    assert kill["root"] == "shutdown"
    assert _events(kill) == ["start_failed:b:2", "start_failed:b:3", "stop:c:1:shutdown", "stop:a:1:shutdown"]


def test_operations_have_the_documented_answers(beam):
    answers = {
        "a running child cannot be deleted": ["running", "ok", "ok", "not_found", "not_found"],
        "an id is taken once": ["ok", "already_started", "ok", "already_present", "already_started"],
        "a terminated child stays until restarted": ["ok", "ok", "ok", "running"],
        "a terminated temporary child is forgotten": ["ok", "not_found", "not_found"],
        "operations on nobody": ["not_found", "not_found", "not_found"],
    }
    for name, expected in answers.items():
        assert [entry["result"] for entry in beam.observe(HANDWRITTEN[name])[1:-1]] == expected, name


def test_children_are_counted_by_kind(beam):
    boot, *_ = beam.observe(HANDWRITTEN["a nested supervisor that gives up is restarted"])
    specs, active, supervisors, workers = boot["tree"]["root"]["counts"]
    assert (specs, active, supervisors, workers) == (3, 3, 1, 2)


def _heard(entry):
    return [" ".join(map(str, what)) for what in entry["heard"]]


def test_links_and_monitors_tell_who_ended_and_why(beam):
    _boot, _link, crash, kill, _stop = beam.observe(
        HANDWRITTEN["a link takes along who does not trap exits, and both are restarted"]
    )
    assert crash["ended"] == [["a", "error"], ["b", "error"]]
    assert kill["ended"] == [["a", "killed"]]
    *_, told, _unheard, _stop = beam.observe(HANDWRITTEN["a monitor tells once, and every reason"])
    assert _heard(told) == ["a 1 down ['b', 4] killed"]


def test_a_link_with_the_dead_is_noproc(beam):
    _boot, _kill, trapping, plain, _stop = beam.observe(
        HANDWRITTEN["a link with the dead is told at once, with noproc"]
    )
    assert _heard(trapping) == ["a 1 exit ['x', 1] noproc"]
    assert plain["ended"] == [["b", "noproc_raised"]]
    assert as_here(plain)["ended"] == [["b", "noproc"]]


def test_names_and_keys_are_free_after_an_end_and_taken_by_the_successor(beam):
    results = [
        entry["result"] for entry in beam.observe(HANDWRITTEN["a name that is taken refuses the start"])
    ]
    assert results[1:-1] == ["already_started", "ok", "ok", "already_started"]
    _, kill, *_ = beam.observe(HANDWRITTEN["a process may have several keys, and loses all of them at once"])[
        6:
    ]
    assert kill["places"]["keys"] == {}
    boot, _, kill, *_ = beam.observe(
        HANDWRITTEN["a name is free when its process has ended, and its successor has it"]
    )
    assert boot["places"]["names"] == {"a": ["a", 1], "b": ["b", 1]}
    assert kill["places"]["names"] == {"a": ["a", 2], "b": ["b", 1]}


def test_a_member_that_ends_leaves_its_groups_and_watchers_are_told(beam):
    boot, kill, *_ = beam.observe(HANDWRITTEN["an end leaves every group, and a successor joins again"])
    assert boot["places"]["groups"] == {"g": [["a", 1], ["a", 1], ["b", 1]], "h": [["a", 1]]}
    assert kill["places"]["groups"] == {"g": [["a", 2], ["a", 2], ["b", 1]], "h": [["a", 2]]}
    told = [
        f"w 1 {what} g ['a', {number}]"
        for what, number in (("left", 1), ("left", 1), ("joined", 2), ("joined", 2))
    ]
    assert [what for what in _heard(kill) if what.startswith("w")] == told


def test_the_same_script_is_observed_the_same_twice(beam):
    for name, script in HANDWRITTEN.items():
        assert difference(script, beam.observe(script), here(beam.observe(script))) is None, name


def test_a_difference_is_told_with_the_script_and_both_sides(beam):
    script = HANDWRITTEN["one_for_one restarts only the one that crashed"]
    otp = beam.observe(script)
    ours = copy.deepcopy(here(otp))
    ours[1]["trace"][1] = ["start", "a", 2]
    told = difference(script, otp, ours)
    assert '"strategy": "one_for_one"' in told
    assert '["start", "b", 2]' in told
    assert '["start", "a", 2]' in told


def test_an_observation_that_breaks_off_is_a_difference(beam):
    script = HANDWRITTEN["one_for_one restarts only the one that crashed"]
    otp = beam.observe(script)
    assert "OTP observed 3 entries, this runtime 2" in difference(script, otp, here(otp[:-1]))


def test_a_broken_script_is_an_error_and_not_an_observation(beam):
    with pytest.raises(RuntimeError, match="the OTP side failed"):
        beam.observe({"tree": supervisor("root"), "steps": [["dance"]]})


def test_what_is_no_part_of_a_script_is_refused():
    with pytest.raises(TypeError, match="not part of a script"):
        erlang_term({"shutdown": 0.5})
