"""How often children may be restarted before their supervisor gives up."""

from hypothesis import given, settings
from hypothesis import strategies as st

from runtime.supervision.intensity import Intensity


def test_as_many_as_are_allowed_are_allowed_and_one_more_is_too_many():
    intensity = Intensity(3, 5)
    assert [intensity.add(float(n)) for n in range(4)] == [True, True, True, False]


def test_none_is_allowed_where_none_is_allowed():
    assert Intensity(0, 5).add(0.0) is False


def test_a_restart_counts_for_the_length_of_the_window_and_at_its_very_end():
    intensity = Intensity(1, 5)
    assert intensity.add(100.0)
    assert intensity.used(105.0) == 1
    assert intensity.used(105.001) == 0
    assert intensity.add(105.001)
    assert not intensity.add(110.0)


def test_what_is_left_is_what_is_allowed_less_what_is_used():
    intensity = Intensity(3, 5)
    assert (intensity.used(0.0), intensity.remaining(0.0)) == (0, 3)
    intensity.add(0.0)
    intensity.add(3.0)
    assert (intensity.used(4.0), intensity.remaining(4.0)) == (2, 1)
    assert (intensity.used(6.0), intensity.remaining(6.0)) == (1, 2)
    assert (intensity.used(9.0), intensity.remaining(9.0)) == (0, 3)


@settings(deadline=None, database=None, derandomize=True)
@given(st.integers(0, 5), st.integers(1, 10), st.lists(st.integers(0, 4), max_size=40))
def test_it_gives_up_exactly_when_a_window_holds_more_than_is_allowed(allowed, seconds, gaps):
    intensity, times, now = Intensity(allowed, seconds), [], 0
    for gap in gaps:
        now += gap
        times.append(now)
        counted = sum(1 for time in times if now - time <= seconds)
        assert intensity.add(now) == (counted <= allowed)
        if counted > allowed:
            break


def test_any_number_of_restarts_may_be_allowed():
    intensity = Intensity(10**30, 5)
    assert all(intensity.add(n / 1000) for n in range(20_000))
    assert intensity.used(19.999) in {5000, 5001}  # floats
    assert len(intensity._times) <= 5001
