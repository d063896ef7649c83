"""Every measure runs, in a form so small that its figures mean nothing."""

import math
import shutil
from importlib.util import find_spec

import pytest

from benchmarks import runner as runners
from benchmarks.candidates import CANDIDATES
from benchmarks.measures import MEASURES, Measure
from benchmarks.runner import Runner

PACKAGES = {"pykka": "pykka", "xoscar": "xoscar", "autogen": "autogen_core"}


@pytest.fixture(scope="module")
def tiny():
    return Runner(rounds=1, seconds=0.001, many=50)


def complete(answer, measure):
    figures = answer["figures"]
    return all(math.isfinite(figures[row.figure]) for row in measure.rows)


@pytest.mark.parametrize("measure", MEASURES.values(), ids=MEASURES)
def test_this_runtime_is_measured(tiny, measure):
    answer = tiny.measure("slicing", measure)
    if "skipped" in answer and "plain" in measure.candidates:
        answer = tiny.measure("plain", measure)
    if "skipped" in answer:
        assert "this version" in answer["skipped"] or "slice time" in answer["skipped"]
        pytest.skip(answer["skipped"])
    assert complete(answer, measure)


@pytest.mark.parametrize(
    ("candidate", "measure"),
    [
        (key, measure)
        for measure in MEASURES.values()
        for key in measure.candidates
        if key in {"asyncio", *PACKAGES}
    ],
    ids=lambda part: getattr(part, "name", part),
)
def test_the_others_are_measured(tiny, candidate, measure):
    if find_spec(PACKAGES.get(candidate, "asyncio")) is None:
        pytest.skip(f"{candidate} is not installed: the dependency group `bench` has it")
    answer = tiny.measure(candidate, measure)
    if candidate == "pykka" and measure.name == "call_async":
        assert "nothing like it" in answer["skipped"]
    else:
        assert complete(answer, measure)


@pytest.mark.differential
@pytest.mark.skipif(shutil.which("erlc") is None, reason="no `erlc` on this machine: install erlang-base")
def test_otp_is_measured(tmp_path_factory):
    asked = [measure for measure in MEASURES.values() if "otp" in measure.candidates]
    only_otp = [Measure(it.name, it.title, ("otp",), tuple(row for row in it.rows)) for it in asked]
    found = Runner(rounds=1, seconds=0.001, many=50).run(only_otp)
    for measure in asked:
        assert found.of(measure.name, "otp").skipped is None, measure.name
        assert found.of(measure.name, "otp").figures, measure.name


def test_a_candidate_that_is_not_installed_is_skipped_with_the_reason(tiny, monkeypatch, tmp_path):
    (tmp_path / "pykka.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'pykka'\", name='pykka')\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    answer = tiny.measure("pykka", MEASURES["cast"])
    assert answer == {"skipped": "pykka is not installed: No module named 'pykka'"}


def test_a_measurement_that_takes_too_long_is_ended(monkeypatch):
    patient = Runner(rounds=1, seconds=60.0, many=50)
    answer = patient.measure("asyncio", Measure("cast", "cast", ("asyncio",), timeout=1.0))
    assert answer == {"skipped": "no answer within 1 s"}


def test_a_measurement_that_breaks_is_told_and_stops_nothing(tiny):
    answer = runners._ask([runners.sys.executable, "-c", "raise OSError('no luck')"], timeout=30.0)
    assert answer == {"skipped": "it ended with 1, and said: OSError: no luck"}


def test_what_cannot_be_measured_is_not_tried_again(monkeypatch):
    asked = []
    monkeypatch.setattr(Runner, "measure", lambda _self, key, _it: asked.append(key) or {"skipped": "no"})
    Runner(rounds=3, seconds=0.001, many=50).run([Measure("cast", "cast", ("slicing", "otp"))])
    assert asked == ["slicing", "otp"]


def test_when_the_time_is_up_everything_has_been_measured_once(monkeypatch):
    asked = []
    monkeypatch.setattr(
        Runner, "measure", lambda _self, _key, it: asked.append(it.name) or {"figures": {"rate": 1.0}}
    )
    cast, ring = (Measure(name, name, ("otp",)) for name in ("cast", "ring"))
    Runner(rounds=3, seconds=0.001, many=50, limit_s=0.0).run([cast, ring])
    assert asked == ["cast", "ring"]


def test_every_second_round_goes_the_other_way(monkeypatch):
    asked = []
    monkeypatch.setattr(
        Runner, "measure", lambda _self, key, _it: asked.append(key) or {"figures": {"rate": 1.0}}
    )
    Runner(rounds=3, seconds=0.001, many=50).run([Measure("cast", "cast", ("slicing", "otp"))])
    assert asked == ["slicing", "otp", "otp", "slicing", "slicing", "otp"]


def test_without_slicing_it_is_measured_only_where_there_is_none(monkeypatch):
    asked = []
    monkeypatch.setattr(
        Runner, "measure", lambda _self, key, _it: asked.append(key) or {"figures": {"bytes": 1.0}}
    )
    Runner(rounds=2, seconds=0.001, many=50).run([MEASURES["idle"]])
    assert "plain" not in asked


def test_measures_have_names_of_their_own_and_known_candidates():
    for name, measure in MEASURES.items():
        assert measure.name == name
        assert set(measure.candidates) <= set(CANDIDATES)
