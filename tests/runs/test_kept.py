"""Which ended runs stay readable."""

from hypothesis import given
from hypothesis import strategies as st

from parlour.runs.log import Kept


def test_the_oldest_go_when_together_they_weigh_too_much() -> None:
    kept = Kept(seconds=100, weight=10)
    assert list(kept.add("a", 4, 0)) == []
    assert list(kept.add("b", 4, 1)) == []
    assert list(kept.add("c", 4, 2)) == ["a"]
    assert list(kept.add("d", 11, 3)) == ["b", "c"]


def test_the_last_one_stays_whatever_it_weighs_until_its_time_is_over() -> None:
    kept = Kept(seconds=100, weight=10)
    assert list(kept.add("large", 1000, 0)) == []
    assert list(kept.expired(99)) == []
    assert list(kept.expired(100)) == ["large"]
    assert len(kept) == 0


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 50))))
def test_every_run_goes_once_in_its_order_and_no_more_is_kept_than_may_be(ended: list[tuple[int, int]]) -> None:
    kept, now, gone = Kept(seconds=60, weight=50), 0, list[str]()
    for number, (weight, pause) in enumerate(ended):
        now += pause
        gone += kept.add(str(number), weight, now)
        left = ended[len(gone) :][: number + 1 - len(gone)]
        assert len(kept) == len(left) <= number + 1
        assert len(left) == 1 or sum(weight for weight, _ in left) <= 50
    gone += kept.expired(now + 60)
    assert gone == [str(number) for number in range(len(ended))]
