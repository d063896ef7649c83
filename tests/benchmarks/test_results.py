"""What was found, and how it is saved."""

from benchmarks.results import Results


def results():
    return Results({"taken": "2026-01-02"}, rounds=3, seconds=0.3, many=1000)


def test_the_median_of_the_rounds_counts():
    found = results()
    for value in (5.0, 1.0, 3.0):
        found.of("cast", "otp").add({"rate": value})
    assert found.median("cast", "otp", "rate") == 3.0


def test_what_was_not_measured_has_no_median():
    assert results().median("cast", "otp", "rate") is None


def test_asking_for_a_figure_leaves_no_trace():
    found = results()
    found.values("cast", "otp", "rate")
    assert found.found == {}


def test_results_survive_being_saved(tmp_path):
    found = results()
    found.of("cast", "otp").add({"rate": 123456.0})
    found.of("cast", "pykka").skipped = "not installed"
    found.save(tmp_path / "figures.json")
    assert Results.load(tmp_path / "figures.json") == found


def test_six_digits_are_saved(tmp_path):
    found = results()
    found.of("cast", "otp").add({"rate": 1234567.89})
    found.save(tmp_path / "figures.json")
    assert Results.load(tmp_path / "figures.json").values("cast", "otp", "rate") == [1234570.0]
