"""A disk of a few megabytes that is really full when it is full, for a process without privileges.

A child holds a namespace of users and mounts, in which a file system in memory lies over a folder: `nsenter` starts
programs in it, and all others see it through `/proc`. Where a machine has no such namespaces, a test that needs them
fails and says so. Knows no server.
"""

import contextlib
import os
import subprocess
from collections.abc import Generator, Sequence
from pathlib import Path

import pytest
from msgspec import Struct

NONE = "no small disk can be mounted here: it takes namespaces of users and mounts (unshare --map-root-user --mount)"


class Disk(Struct):
    within: Sequence[str]
    """What starts a program that sees it."""
    seen: Path
    """Where all others see it."""

    def fill(self) -> None:
        """Until not a byte more goes onto it."""
        with (self.seen / "ballast").open("ab", buffering=0) as ballast, contextlib.suppress(OSError):
            while True:
                ballast.write(bytes(4096))

    @property
    def full(self) -> bool:
        found = os.statvfs(self.seen)
        return found.f_bavail == 0

    def make_room(self) -> None:
        (self.seen / "ballast").unlink()


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Generator[Disk]:
    """At this folder, for as long as the block lasts."""
    folder.mkdir(parents=True)
    mount = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && echo mounted && exec cat'
    words = ["unshare", "--map-root-user", "--mount", "sh", "-c", mount, "sh", size, str(folder)]
    child = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert child.stdout is not None
        if child.stdout.readline() != "mounted\n":
            pytest.fail(f"{NONE}: {child.communicate(timeout=10)[1].strip()}")
        within = ["nsenter", f"--target={child.pid}", "--user", "--mount", "--preserve-credentials", "--"]
        yield Disk(within, Path(f"/proc/{child.pid}/root{folder}"))
    finally:
        child.kill()
        child.communicate(timeout=10)
