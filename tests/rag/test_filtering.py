"""Conditions on what is known of documents."""

import pytest

from parlour.domain.dataset import COMPARISONS, Condition
from parlour.domain.problems import InvalidParam
from parlour.rag.filtering import holds


@pytest.mark.parametrize(
    ("operator", "value", "wanted", "verdict"),
    [
        ("contains", "abc", "b", True),
        ("not contains", "abc", "b", False),
        ("end with", "abc", "bc", True),
        ("is", 3.0, "3", True),
        ("is not", "a", "b", True),
        ("in", "a", ("a", "b"), True),
        ("in", "a", "b, a", True),
        ("not in", "a", ("a",), False),
        ("empty", None, None, True),
        ("empty", "", None, True),
        ("not empty", "x", None, True),
        ("=", "3", 3.0, True),
        ("≠", 3.0, 3.0, False),
        ("≥", 3.0, 3.0, True),
        ("≤", 4.0, 3.0, False),
        ("<", "many", 3.0, False),
        ("before", 1700000000.0, "2030-01-01", True),
        ("after", 1700000000.0, 1600000000.0, True),
        ("is", None, "x", False),
    ],
)
def test_conditions_compare_texts_numbers_and_times(
    operator: str,
    value: str | float | None,
    wanted: str | float | tuple[str, ...] | None,
    verdict: bool,  # noqa: FBT001
) -> None:
    assert holds(Condition("x", operator, wanted), value) is verdict


def test_every_comparison_that_can_be_asked_for_is_made_and_no_other() -> None:
    assert [holds(Condition("n", one, 1.0), 2.0) in {True, False} for one in sorted(COMPARISONS)] == [True] * 18
    with pytest.raises(InvalidParam, match="no such comparison"):
        holds(Condition("n", "like", 1.0), 2.0)
    with pytest.raises(InvalidParam, match="no such comparison"):
        holds(Condition("x", "resembles", "y"), "z")
