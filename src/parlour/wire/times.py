"""Times in ISO 8601, where the contract has them so (5.6, 5.9). Does not know what happened then."""

from datetime import UTC, datetime


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as a time that goes out with a `Z`, to the second."""
    return datetime.fromtimestamp(int(seconds), UTC)
