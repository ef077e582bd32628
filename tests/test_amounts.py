"""Times and rates as an operator writes them."""

import pytest

from parlour.amounts import duration, rate
from parlour.runs.rates import Rate
from parlour.settings import BadSettings


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("", 0), ("90d", 90 * 86400), ("12h", 43200), ("30 min", 1800), ("30m", 1800), ("1.5h", 5400), (" 45s ", 45)],
)
def test_a_time_is_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert duration(text, "storage.keep") == seconds


@pytest.mark.parametrize("text", ["90", "d", "-1d", "1y", "1d 2h", "1e3d", "٣d"])
def test_anything_else_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(BadSettings, match=r"storage\.keep"):
        duration(text, "storage.keep")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", None),
        ("60/min", Rate(60, 60)),
        ("5/s", Rate(5, 1)),
        ("1000 / day", Rate(1000, 86400)),
        ("3/10min", Rate(3, 600)),
    ],
)
def test_a_rate_is_a_number_in_a_time(text: str, found: Rate | None) -> None:
    assert rate(text, "limits.rate_per_key") == found


@pytest.mark.parametrize("text", ["60", "0/min", "/min", "5/0s", "5/year", "-5/s", "1.5/s"])
def test_no_rate_is_refused_by_its_name(text: str) -> None:
    with pytest.raises(BadSettings, match=r"limits\.rate_per_key"):
        rate(text, "limits.rate_per_key")
