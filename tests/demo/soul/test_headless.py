"""All steps by themselves, on a real node beside this process."""

import json
from contextlib import nullcontext
from types import SimpleNamespace

from demo.soul import launch
from demo.soul.launch import run_headless
from demo.soul.script import Check, Report
from runtime.port.client import nodes


def test_all_steps_run_and_check_themselves(capfd):
    code = run_headless(workers=200, seconds=1.0, json=True)
    out, err = capfd.readouterr()
    answer = json.loads(out)
    assert (code, answer["ok"], answer["workers"]) == (0, True, 200), err
    assert [step["step"][0] for step in answer["steps"]] == list("1234567")
    assert all(step["ok"] for step in answer["steps"])
    assert all(step["lowest"] >= 0.5 for step in answer["steps"][1:])
    assert 100 < answer["sums_per_s"] < 300
    assert 0 < answer["loop_share"] < 1
    assert "6 new code: sums " in err
    assert nodes() == []


def test_what_went_wrong_is_the_exit_code(capfd, monkeypatch):
    report = Report(5, checks=[Check("1 load", ok=False, text="2 sums/s")])
    node = SimpleNamespace(place=None, finish=str, exit_code=0)
    monkeypatch.setattr(launch, "start_node", lambda: node)
    monkeypatch.setattr(launch, "Operator", nullcontext)
    monkeypatch.setattr(launch, "perform", lambda *_: report)
    assert run_headless() == 1
    out = capfd.readouterr().out
    assert out.startswith("FAILED  1 load")
    assert "not all is well" in out
