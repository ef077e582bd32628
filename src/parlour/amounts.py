"""What an operator writes for a time or a rate, as numbers: `90d`, `10min`, `60/min`."""

import re

from parlour.runs.rates import Rate
from parlour.settings import BadSettings

UNITS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "hour": 3600, "d": 86400, "day": 86400, "w": 604800}
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)\s*([a-z]+)")
_RATE = re.compile(r"([0-9]{1,9})\s*/\s*([0-9]{0,9})\s*([a-z]+)")


def duration(text: str, name: str) -> float:
    """Seconds; 0 for an empty text.

    Raises:
        BadSettings: it is neither; `name` says where it stands.
    """
    if not text:
        return 0.0
    match = _DURATION.fullmatch(text.strip())
    if match is None or match[2] not in UNITS:
        raise BadSettings(f"{name} = {text!r}: write a number and a unit, such as 90d, 12h, 30min or 45s.")
    return float(match[1]) * UNITS[match[2]]


def rate(text: str, name: str) -> Rate | None:
    """How many in how long; None for an empty text.

    Raises:
        BadSettings: it is neither, or none at all; `name` says where it stands.
    """
    if not text:
        return None
    match = _RATE.fullmatch(text.strip())
    if match is None or match[3] not in UNITS or not int(match[1]) or match[2] == "0":
        raise BadSettings(f"{name} = {text!r}: write a number and a time, such as 60/min, 5/s or 1000/day.")
    return Rate(int(match[1]), float(match[2] or 1) * UNITS[match[3]])
