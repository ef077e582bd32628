"""Vectors as bytes: 32-bit floats, little-endian. For a few at a time; does not know what they stand for."""

import math
import sys
from array import array
from collections.abc import Sequence
from operator import mul


def packed(numbers: Sequence[float]) -> bytes:
    """The numbers as a vector of length one; nothing has a direction of its own, and stays nothing."""
    length = math.sqrt(sum(map(mul, numbers, numbers))) or 1.0
    return bytes_of(array("f", [number / length for number in numbers]))


def likeness(one: bytes, other: bytes) -> float:
    """The cosine of two vectors of length one."""
    return sum(map(mul, floats(one), floats(other)))


def floats(vector: bytes) -> "array[float]":
    numbers = array("f", vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def bytes_of(numbers: "array[float]") -> bytes:
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()
