"""From figures to tables."""

import pytest

from benchmarks import report, text
from benchmarks.measures import MEASURES
from benchmarks.results import Results

MACHINE = {
    "processor": "Abacus, 2 cores", "memory": "24 GiB", "system": "Linux 6.1", "Python": "CPython 3.11.7", "OTP": "25",
    "load before": "0.1", "load after": "1.2", "taken": "2026-01-02",
}  # fmt: skip


@pytest.fixture
def results():
    return Results(MACHINE, rounds=1, seconds=0.3, many=1_000_000)


def line(table, start):
    (found,) = [row for row in table.splitlines() if row.startswith(f"| {start} ")]
    return [cell.strip() for cell in found.strip("|").split("|")]


def test_more_calls_are_better(results):
    results.of("call_host", "slicing").add({"rate": 600_000.0})
    results.of("call_host", "otp").add({"rate": 300_000.0})
    measure = MEASURES["call_host"]
    assert report.ratio(results, measure, measure.rows[0], "slicing", "otp") == 2.0


def test_a_ratio_is_the_median_of_the_rounds_ratios(results):
    for ours, otp in ((900.0, 300.0), (100.0, 50.0), (20.0, 10.0)):  # the machine gets slower and slower
        results.of("cast", "slicing").add({"rate": ours})
        results.of("cast", "otp").add({"rate": otp})
    measure = MEASURES["cast"]
    assert report.ratio(results, measure, measure.rows[0], "slicing", "otp") == 2.0


def test_where_rounds_are_missing_a_ratio_is_that_of_the_medians(results):
    for ours in (100.0, 300.0, 200.0):
        results.of("cast", "slicing").add({"rate": ours})
    results.of("cast", "otp").add({"rate": 100.0})
    measure = MEASURES["cast"]
    assert report.ratio(results, measure, measure.rows[0], "slicing", "otp") == 2.0


def test_fewer_bytes_are_better(results):
    results.of("idle", "slicing").add({"bytes": 500.0})
    results.of("idle", "otp").add({"bytes": 2500.0})
    measure = MEASURES["idle"]
    assert report.ratio(results, measure, measure.rows[0], "slicing", "otp") == 5.0


def test_nothing_is_divided_by_nothing(results):
    results.of("attached", "slicing").add({"lost": -0.4, "rate": 1.0})
    results.of("attached", "otp").add({"lost": 0.0, "rate": 1.0})
    measure = MEASURES["attached"]
    assert report.ratio(results, measure, measure.rows[1], "slicing", "otp") is None


def test_a_line_of_ratios_has_slicing_on_and_off_in_brackets(results):
    for candidate, rate in {
        "slicing": 700_000.0,
        "plain": 1_400_000.0,
        "otp": 700_000.0,
        "pykka": 10_000.0,
    }.items():
        results.of("call_host", candidate).add({"rate": rate})
    assert line(report.ratios(results), "call from host code") == [
        "call from host code", "700 k/s", "1.40 M/s", "1.00× (2.00×)", "–", "70.0× (140×)", "–", "–",
    ]  # fmt: skip


def test_the_brief_table_leaves_rows_out(results):
    results.of("million", "slicing").add({"gigabytes": 0.5, "start_s": 3.0})
    assert "time to start them" in report.ratios(results)
    assert "time to start them" not in report.ratios(results, brief=True)
    assert "a million servers: memory" in report.ratios(results, brief=True)


@pytest.mark.parametrize(("bytes_", "verdict"), [(500.0, "yes"), (501.0, "**no**")])
def test_an_aim_is_met_up_to_its_bound(results, bytes_, verdict):
    results.of("idle", "slicing").add({"bytes": bytes_})
    assert line(report.aims(results), "idle server")[-1] == verdict


@pytest.mark.parametrize(("rate", "verdict"), [(60_000.0, "yes"), (59_000.0, "**no**")])
def test_an_aim_beside_another_candidate_is_a_ratio(results, rate, verdict):
    results.of("cast", "slicing").add({"rate": rate})
    results.of("cast", "otp").add({"rate": 100_000.0})
    assert line(report.aims(results), "cast")[1:] == [
        "≥ 0.6× OTP, one scheduler", text.ratio(rate / 100_000), verdict,
    ]  # fmt: skip


def test_an_aim_without_a_figure_is_neither_met_nor_missed(results):
    results.of("cast", "slicing").skipped = "this version does not slice time"
    assert line(report.aims(results), "cast")[-1] == "not measured"


def test_a_feature_is_compared_with_the_base(results):
    results.of("feature_base", "slicing").add({"rate": 800_000.0})
    results.of("feature_links", "slicing").add({"rate": 600_000.0})
    assert line(report.features(results), "100 links and 100 monitors") == [
        "100 links and 100 monitors", "600 k/s", "0.75×", "–", "–",
    ]  # fmt: skip


def test_all_figures_have_their_span(results):
    for rate in (900.0, 700.0, 800.0):
        results.of("cast", "pykka").add({"rate": rate})
    assert line(report.figures(results), "cast") == ["cast", "pykka", "800 /s", "700 /s", "900 /s", "3"]


def test_what_was_skipped_is_told_with_the_reason(results):
    for measure in ("cast", "ring"):
        results.of(measure, "pykka").skipped = "pykka is not installed"
    assert report.skipped(results) == "- pykka: pykka is not installed (cast, ring)"


def test_the_machine_is_named(results):
    said = report.machine(results)
    for part in ("Abacus, 2 cores", "CPython 3.11.7", "OTP 25", "2026-01-02", "load before 0.1, after 1.2"):
        assert part in said


@pytest.mark.parametrize(("load", "busy"), [("0.1", False), ("2.8", True), ("unknown", False)])
def test_a_machine_that_had_other_work_is_told(results, load, busy):
    results.machine = {**MACHINE, "load before": load}
    assert ("other work" in report.machine(results)) is busy


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (1_250_000.0, "/s", "1.25 M/s"), (33_463.0, "/s", "33.5 k/s"), (812.0, "/s", "812 /s"), (1017.9, "bytes", "1,018 bytes"),
        (4.019, "ms", "4.02 ms"), (154.1, "us", "154 µs"), (-1.3, "%", "-1.30 %"), (None, "s", "–"),
    ],
)  # fmt: skip
def test_figures_have_three_digits_and_a_unit(value, unit, said):
    assert text.figure(value, unit) == said


def test_columns_of_a_table_are_aligned():
    assert text.table(["", "b"], [["long", "1"], ["x", "22"]]).splitlines() == [
        "|      | b  |",
        "|------|----|",
        "| long | 1  |",
        "| x    | 22 |",
    ]
