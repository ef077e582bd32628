"""Conditions on what is known of documents."""

import pytest

from parlour.domain.dataset import COMPARISONS, Condition
from parlour.domain.problems import InvalidParam
from parlour.rag.filtering import holds


def test_every_comparison_that_can_be_asked_for_is_made_and_no_other() -> None:
    assert [holds(Condition("n", one, 1.0), 2.0) in {True, False} for one in sorted(COMPARISONS)] == [True] * 18
    with pytest.raises(InvalidParam, match="no such comparison"):
        holds(Condition("n", "like", 1.0), 2.0)
