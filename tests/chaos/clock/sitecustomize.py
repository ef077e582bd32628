"""Loaded by a replica of the chaos suite before anything else: its clock is as wrong as a file says.

Does not know the program. The clock that measures spans (`time.monotonic`) goes on as it is, as on real machines.
"""

import mmap
import os
import struct
import time
from pathlib import Path

NUMBER = struct.Struct("d")

if "WRONG_CLOCK" in os.environ:
    with Path(os.environ["WRONG_CLOCK"]).open("rb") as file:
        wrong = mmap.mmap(file.fileno(), NUMBER.size, prot=mmap.PROT_READ)
    right = time.time
    time.time = lambda: right() + NUMBER.unpack(wrong[: NUMBER.size])[0]
