"""How often one may ask: the decision, and the buckets that are kept."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parlour.domain.message import Owner
from parlour.domain.problems import RateLimited
from parlour.runs.rates import AppRates, Rate, Rates, draw
from parlour.runs.sharing import Sharing

START = 1.7e9
ANN, BOB = Owner("app", "ann"), Owner("app", "bob")
rates = st.builds(Rate, st.integers(1, 20), st.floats(0.5, 1000))


@given(rates, st.lists(st.floats(0, 100), max_size=60))
def test_no_more_than_the_count_and_what_time_gave_back_pass_in_any_span(rate: Rate, pauses: list[float]) -> None:
    now, full_at, passed = START, 0.0, list[float]()
    for pause in pauses:
        now += pause
        wait, (full_at,) = draw([(rate, full_at)], now)
        passed += [] if wait else [now]
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            span = passed[last] - passed[first]
            assert last - first + 1 <= rate.count + span / rate.each + 0.001


@given(rates, st.lists(st.floats(0, 100), min_size=1, max_size=60))
def test_who_waits_as_long_as_was_said_passes_and_who_waits_less_does_not(rate: Rate, pauses: list[float]) -> None:
    now, full_at = START, 0.0
    for pause in pauses:
        now += pause
        wait, (full_at,) = draw([(rate, full_at)], now)
        if wait > 0.001:
            assert draw([(rate, full_at)], now + wait - 0.001)[0] > 0
            assert draw([(rate, full_at)], now + wait)[0] == 0
            assert wait <= rate.each + 0.001


def test_after_a_pause_all_of_them_pass_at_once() -> None:
    rate, full_at = Rate(3, 60), 0.0
    for _ in range(3):
        wait, (full_at,) = draw([(rate, full_at)], START)
        assert wait == 0
    assert draw([(rate, full_at)], START)[0] == pytest.approx(20)
    for _ in range(3):
        wait, (full_at,) = draw([(rate, full_at)], START + 60)
        assert wait == 0


def test_where_one_bucket_is_empty_nothing_is_taken_from_the_other() -> None:
    empty, full = Rate(1, 60), Rate(9, 60)
    wait, full_at = draw([(empty, START + 60), (full, START)], START)
    assert wait == pytest.approx(60)
    assert full_at == (START + 60, START)


def test_a_clock_that_was_set_back_keeps_nobody_out_for_longer_than_the_rate() -> None:
    wait, full_at = draw([(Rate(2, 60), START)], START - 1e6)
    assert wait == pytest.approx(30)
    assert draw([(Rate(2, 60), full_at[0])], START - 1e6 + 30)[0] == 0


def test_a_key_and_its_users_have_buckets_of_their_own_and_none_is_kept_when_it_is_full() -> None:
    now = START
    general = AppRates(per_key=Rate(3, 60), per_user=Rate(2, 60))
    kept = Rates(lambda: now, general, {"free": AppRates()}, Sharing())
    assert kept.of("any") == general
    assert kept.of("free") == AppRates()
    kept.take(general, "key", ANN)
    kept.take(general, "key", ANN)
    with pytest.raises(RateLimited, match="2 requests in 60 s for one user") as refused:
        kept.take(general, "key", ANN)
    assert refused.value.retry_after == 30
    kept.take(general, "key", BOB)
    with pytest.raises(RateLimited):
        kept.take(general, "key", Owner("app", "cleo"))
    kept.take(general, "other key", BOB)
    assert len(kept) == 4
    now += 1000
    kept.take(general, "key", ANN)
    assert len(kept) == 2, "those of the others are full again"
