"""How much work makes a figure."""

import pytest

from benchmarks.setting import Setting, percentiles, rate

SETTING = Setting(seconds=0.5, many=10)


class Work:
    """Work of which each piece takes so long, on a clock of its own."""

    def __init__(self, each, once=0.0):
        self.each, self.once, self.amounts = each, once, []

    async def __call__(self, amount):
        self.amounts.append(amount)
        took = amount * self.each + self.once
        self.once = 0.0
        return took


async def test_a_rate_is_counted_over_the_time_that_was_asked_for():
    work = Work(each=1e-5)
    assert await rate(work, SETTING) == pytest.approx(1e5)
    assert work.amounts[-1] * work.each == pytest.approx(0.5, rel=0.01)


async def test_what_is_slow_at_first_does_not_count():
    assert await rate(Work(each=1e-5, once=0.2), SETTING) == pytest.approx(1e5)


async def test_amounts_grow_tenfold_at_most():
    work = Work(each=1e-6)
    await rate(work, SETTING)
    assert all(after <= 10 * before for before, after in zip(work.amounts, work.amounts[1:], strict=False))


async def test_work_in_small_pieces_is_added_up():
    work = Work(each=1e-3)
    assert await rate(work, SETTING, most=20) == pytest.approx(1e3)
    assert max(work.amounts) == 20
    assert sum(work.amounts) * work.each >= 0.35


async def test_one_piece_that_takes_too_long_is_enough():
    work = Work(each=1.0)
    assert await rate(work, SETTING) == pytest.approx(1.0)
    assert len(work.amounts) == 1


def test_percentiles_of_samples_in_any_order():
    assert percentiles([3.0, 1.0, 2.0], scale=1e3) == {"p50": 2000.0, "p99": 3000.0, "max": 3000.0}


def test_percentiles_of_a_single_sample():
    assert percentiles([7.0]) == {"p50": 7.0, "p99": 7.0, "max": 7.0}
