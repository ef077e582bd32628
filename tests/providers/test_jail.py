"""What a stranger's code finds in the jail: nothing of the machine, and no way out. All of it really runs there."""

import asyncio
import os
import platform
import sys
from pathlib import Path
from typing import Any

import pytest
from anyio import fail_after

from parlour.domain.problems import CodeFailed
from parlour.providers.sandbox.cpython import CPython
from parlour.providers.sandbox.jail import SINGLE, Jail, find
from parlour.providers.sandbox.limits import Limits

pytestmark = [
    pytest.mark.slow,
    pytest.mark.anyio,
    pytest.mark.skipif(sys.platform != "linux", reason="jails need Linux"),
]

LIMITS = Limits(seconds=1, memory=128 * 1024 * 1024, output=1024 * 1024)
TRY = """
import os
def tried(what, *given):
    try:
        return ['done', repr(what(*given))]
    except (OSError, RuntimeError) as error:
        return ['refused', type(error).__name__]
"""
CALLS = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *given):
    ctypes.set_errno(0)
    told = libc.syscall(ctypes.c_long(number), *(ctypes.c_void_p(one) for one in given))
    return [told, os.strerror(ctypes.get_errno())]
"""
REFUSED = [-1, "Operation not permitted"]
x86 = pytest.mark.skipif(platform.machine() != "x86_64", reason="machine code of x86_64")


async def jailed(code: str, limits: Limits = LIMITS, /, **inputs: object) -> Any:
    jail = await find()
    assert isinstance(jail, Jail), jail
    with fail_after(20):
        return await CPython(limits, jail).run(code, inputs)


def below(process: int) -> set[int]:
    """All processes that come from it."""
    born = {int(one.name): one / "stat" for one in Path("/proc").iterdir() if one.name.isdigit()}
    parents: dict[int, int] = {}
    for number, stat in born.items():
        try:
            parents[number] = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found = {process}
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {process}


async def test_there_are_no_files_but_the_interpreter_its_libraries_and_the_zones_of_time() -> None:
    code = """
import os
def main():
    tops = sorted(os.listdir('/'))
    return {one: sorted(os.listdir('/' + one)) for one in tops if os.path.isdir('/' + one)}
"""
    found = await jailed(code)
    assert set(found) <= {"dev", "lib", "lib64", "python", "usr"}
    assert found["dev"] == ["null"]
    assert set(found["python"]) == {"bin", "lib"}
    assert set(found["usr"]) <= {"lib", "lib64", "share"}
    mine = [sys.prefix, str(Path.home()), str(Path.cwd()), "/etc/passwd", "/proc/self/environ", "/sys", "/run", "/tmp"]  # noqa: S108
    there = "import os\ndef main(paths):\n    return [path for path in paths if os.path.lexists(path)]"
    assert await jailed(there, paths=mine) == []


async def test_no_package_of_the_server_can_be_imported() -> None:
    code = """
import os, sys
def main():
    folders = [*sys.path, *(os.path.dirname(os.__file__) + name for name in ('/site-packages', '/dist-packages'))]
    return [os.listdir(one) for one in folders if 'packages' in one and os.path.isdir(one)]
"""
    assert not any(await jailed(code))
    with pytest.raises(CodeFailed, match=r"No module named 'parlour'.*code\.packages"):
        await jailed("import parlour\ndef main(): pass")


async def test_nothing_can_be_written_anywhere() -> None:
    code = """
import os
def main():
    made = []
    for folder, inner, names in os.walk('/'):
        for way in (lambda p: os.close(os.open(p, os.O_CREAT | os.O_WRONLY)), os.mkdir, os.mkfifo):
            try:
                way(folder + '/made')
                made.append(folder)
            except OSError:
                pass
        for name in names[:3]:
            try:
                os.close(os.open(os.path.join(folder, name), os.O_WRONLY))
                made.append(os.path.join(folder, name))
            except OSError:
                pass
    return made
"""
    assert await jailed(code, Limits(seconds=10)) == ["/dev/null"]


async def test_links_lead_nowhere() -> None:
    code = (
        TRY
        + """
def main():
    python = os.path.realpath(os.sys.executable)
    return [tried(os.symlink, '/etc/passwd', '/dev/x'), tried(os.link, python, '/dev/x'),
            tried(open, '/usr/lib/../../../etc/passwd'), tried(open, '/proc/1/root/etc/passwd'),
            tried(os.rename, python, '/dev/x'), tried(os.chmod, python, 0o777), tried(os.unlink, python)]
"""
    )
    assert {one[0] for one in await jailed(code)} == {"refused"}


async def test_there_is_no_network() -> None:
    code = (
        TRY
        + """
import socket, urllib.request
def main(port):
    families = [socket.AF_INET, socket.AF_INET6, socket.AF_UNIX, socket.AF_PACKET, 16]
    kinds = [socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW]
    return [*(tried(socket.socket, family, kind) for family in families for kind in kinds),
            tried(socket.create_connection, ('127.0.0.1', port)), tried(socket.getaddrinfo, 'example.com', 80),
            tried(urllib.request.urlopen, f'http://127.0.0.1:{port}/')]
"""
    )
    listener = await asyncio.start_server(came, "127.0.0.1", 0)
    async with listener:
        tried = await jailed(code, port=listener.sockets[0].getsockname()[1])
    assert {one[0] for one in tried} == {"refused"}


async def came(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    raise AssertionError(f"{reader} and {writer}: somebody is out")


async def test_the_network_of_the_jail_is_its_own_even_if_sockets_were_let_through() -> None:
    jail = await find()
    assert isinstance(jail, Jail)
    source = """
import os, socket
try:
    socket.create_connection(('127.0.0.1', int(os.sys.argv[1])))
except OSError as error:
    os.write(1, type(error).__name__.encode())
"""
    listener = await asyncio.start_server(came, "127.0.0.1", 0)
    async with listener:
        process = await jail.start(source, {}, str(listener.sockets[0].getsockname()[1]), but="socket")
        with fail_after(10):
            told, _ = await process.communicate()
    assert told in {b"OSError", b"ConnectionRefusedError"}


async def test_nothing_of_the_servers_environment_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARLOUR_TEST_SECRET", "secret")
    found = await jailed("import os\ndef main(): return dict(os.environ), os.uname().nodename, os.sys.argv")
    environment, *others = found
    assert environment == {"LD_LIBRARY_PATH": "/python/lib", "PWD": "/"} | dict.fromkeys(SINGLE, "1")
    assert others == ["jail", ["-c"]]


async def test_nothing_that_the_server_has_open_is_open_there(tmp_path: Path) -> None:
    code = """
import os
def main():
    found = []
    for number in range(4096):
        try:
            kind = os.fstat(number).st_mode & 0o170000
        except OSError:
            continue
        found.append([number, oct(kind)])
    return found
"""
    with (tmp_path / "kept").open("w") as kept:
        os.set_inheritable(kept.fileno(), True)
        found = await jailed(code)
    kinds = dict(found)
    assert {kinds[0], kinds[1], kinds[2]} == {"0o20000"}, "the null device"
    assert sorted(kinds.values()) == ["0o10000", *["0o20000"] * 4], "beside it the one way out"


async def test_no_process_can_be_made() -> None:
    code = (
        TRY
        + """
import subprocess
def main():
    return [tried(os.fork), tried(os.forkpty), tried(subprocess.run, ['/python/bin/python3', '-c', '0']),
            tried(os.posix_spawn, os.path.realpath(os.sys.executable), ['python'], {}), ['refused', os.system('id')]]
"""
    )
    *tried, system = await jailed(code)
    assert {one[0] for one in tried} == {"refused"}
    assert system[1] != 0


@pytest.mark.parametrize(
    "code",
    [
        "import os\ndef main():\n    while True:\n        try: os.fork()\n        except OSError: pass",
        """
import threading, time
def main():
    while True:
        try: threading.Thread(target=time.sleep, args=(60,)).start()
        except (RuntimeError, MemoryError): pass
""",
    ],
    ids=["fork bomb", "thread bomb"],
)
async def test_a_bomb_stays_within_and_is_ended(code: str) -> None:
    with pytest.raises(CodeFailed, match=r"was stopped after 1 s|memory"):
        await jailed(code)
    assert not [one for one in below(os.getpid()) if b"bwrap" in command(one)]


def command(process: int) -> bytes:
    try:
        return Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return b""


@pytest.mark.parametrize(
    "code",
    [
        "def main():\n    return len(bytearray(10**9))",
        "def main():\n    held = []\n    while True: held.append(bytearray(10**6))",
        "import mmap\ndef main():\n    return len(mmap.mmap(-1, 10**9))",
        "def main():\n    return len('x' * 10**10)",
    ],
)
async def test_memory_has_a_bound(code: str) -> None:
    with pytest.raises(CodeFailed, match=r"more than 128 MB of memory|Cannot allocate memory"):
        await jailed(code)


async def test_memory_that_has_no_owner_cannot_be_made() -> None:
    code = TRY + "def main(): return [tried(os.memfd_create, 'x'), tried(os.open, '/dev/shm/x', os.O_CREAT)]"
    assert {one[0] for one in await jailed(code)} == {"refused"}


@pytest.mark.parametrize(
    "code",
    [
        "def main():\n    while True: pass",
        "import time\ndef main():\n    time.sleep(1000)",
        """
import signal
for n in range(1, 65):
    try: signal.signal(n, signal.SIG_IGN)
    except (OSError, ValueError): pass
def main():
    while True: pass
""",
        "def main():\n    return 9 ** 9 ** 9",
        "import re\ndef main():\n    return bool(re.match('(a+)+$', 'a' * 60 + 'b'))",
    ],
    ids=["loop", "sleep", "deaf", "power", "regular expression"],
)
async def test_time_has_a_bound(code: str) -> None:
    with pytest.raises(CodeFailed, match=r"was stopped after 1 s|memory"):
        await jailed(code)


async def test_what_other_processes_do_is_not_to_be_seen() -> None:
    code = TRY + "def main(): return os.getpid(), [tried(os.kill, n, 0)[0] for n in range(3, 3000)].count('done')"
    process, others = await jailed(code)
    assert (process, others) == (2, 0)
    code = TRY + "def main(): return [os.path.exists(p) for p in ('/proc', '/sys', '/dev/pts', '/dev/tty', '/dev/mem')]"
    assert await jailed(code) == [False] * 5


@pytest.mark.parametrize("whom", ["os.getppid()", "1", "-1", "0", "os.getpid()"])
async def test_signals_reach_nobody_outside(whom: str) -> None:
    code = f"""
import os, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def main():
    if os.getpid() != 2:
        return 'these are not the processes of a jail: nobody is to be killed here'
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP):
        try: os.kill({whom}, number)
        except OSError: pass
    return 'lives'
"""
    told = await told_or_failed(code)
    assert told == "lives" or "without a result" in told or "stopped after" in told
    assert await jailed("def main(): return 1") == 1


async def told_or_failed(code: str) -> Any:
    try:
        return await jailed(code)
    except CodeFailed as failed:
        return failed.message


async def test_what_is_printed_goes_nowhere_and_a_result_has_a_bound() -> None:
    loud = """
import os
def main():
    for _ in range(3000):
        os.write(1, b'x' * 100000), os.write(2, b'x' * 100000)
    return 1
"""
    assert await jailed(loud, Limits(seconds=10)) == 1
    endless = "import os\ndef main():\n    while True: os.write(3, b'x' * 100000)"
    with pytest.raises(CodeFailed, match="in the place of a result"):
        await jailed(endless)


@pytest.mark.parametrize(
    "told", ["b'=1'", "b'!{}'", "b'='", "b'!' + b'[' * 100000", "b'=' + b'[' * 100000", "b'\\xff'"]
)
async def test_who_writes_the_result_alone_writes_only_the_own(told: str) -> None:
    code = f"import os\ndef main():\n    os.write(3, {told})\n    os._exit(0)"
    told = await told_or_failed(code)
    assert told == 1 or len(told) < 500


@x86
@pytest.mark.parametrize(
    ("name", "number", "given"),
    [
        ("ptrace", 101, (0, 0, 0, 0)),
        ("ptrace attach", 101, (16, 1, 0, 0)),
        ("process_vm_readv", 310, (1, 0, 0, 0, 0, 0)),
        ("unshare", 272, (0x10000000,)),
        ("setns", 308, (0, 0)),
        ("chroot", 161, (0,)),
        ("pivot_root", 155, (0, 0)),
        ("mount", 165, (0, 0, 0, 0, 0)),
        ("umount2", 166, (0, 2)),
        ("open_by_handle_at", 304, (0, 0, 0)),
        ("clone of a process", 56, (17, 0, 0, 0, 0)),
        ("clone with a user namespace", 56, (0x10000011, 0, 0, 0, 0)),
        ("bpf", 321, (0, 0, 0)),
        ("io_uring_setup", 425, (1, 0)),
        ("keyctl", 250, (0, 0, 0, 0, 0)),
        ("userfaultfd", 323, (0,)),
        ("perf_event_open", 298, (0, 0, 0, 0, 0)),
        ("socket", 41, (2, 1, 0)),
        ("memfd_create", 319, (0, 0)),
        ("reboot", 169, (0, 0, 0, 0)),
    ],
)
async def test_the_kernel_refuses_what_could_lead_out(name: str, number: int, given: tuple[int, ...]) -> None:
    code = CALLS + "def main(number, given): return call(number, *given)"
    assert await jailed(code, number=number, given=given) == REFUSED, name


@x86
async def test_a_new_kind_of_clone_is_said_not_to_exist_so_that_threads_are_made_the_old_way() -> None:
    assert await jailed(CALLS + "def main(): return call(435, 0, 0)") == [-1, "Function not implemented"]
    threads = """
import threading
def main():
    told = []
    one = threading.Thread(target=told.append, args=(1,))
    one.start(), one.join()
    return told
"""
    assert await jailed(threads) == [1]


@x86
@pytest.mark.parametrize(
    "machine_code",
    [b"\xb8\x14\x00\x00\x00\xcd\x80\xc3", b"\xb8\x27\x00\x00\x40\x0f\x05\xc3"],
    ids=["of 32 bits", "of x32"],
)
async def test_calls_by_another_door_of_the_kernel_end_the_code(machine_code: bytes) -> None:
    code = """
import ctypes, mmap
def main(code):
    page = mmap.mmap(-1, 4096, prot=7)
    page.write(bytes(code))
    return ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
"""
    with pytest.raises(CodeFailed, match="without a result"):
        await jailed(code, code=list(machine_code))


async def test_another_program_in_its_place_is_in_the_same_jail() -> None:
    code = """
import os
SECOND = '''
import json, os, resource, socket
told = []
for what in (lambda: socket.socket(), lambda: os.fork(), lambda: os.open("/made", os.O_CREAT),
             lambda: resource.setrlimit(resource.RLIMIT_AS, (2**40, 2**40)), lambda: os.chroot("/dev"),
             lambda: os.setuid(0)):
    try:
        what()
        told.append("done")
    except (OSError, ValueError):
        told.append("refused")
os.write(3, b"=" + json.dumps(told).encode())
'''
def main():
    os.set_inheritable(3, True)
    os.execv(os.sys.executable, [os.sys.executable, '-I', '-S', '-c', SECOND])
"""
    assert await jailed(code) == ["refused"] * 6


async def test_the_ways_of_old_escapes_from_python_lead_nowhere() -> None:
    code = """
import os
def main():
    found = {}
    for one in ().__class__.__base__.__subclasses__():
        if one.__name__ == '_wrap_close':
            found['os.system'] = one.__init__.__globals__['system']('echo > /tmp/out; id')
    found['ctypes'] = __import__('ctypes').CDLL(None).system(b'id')
    found['ids'] = [os.getuid(), os.geteuid(), os.getgid(), os.getgroups()]
    frame = __import__('sys')._getframe()
    while frame.f_back:
        frame = frame.f_back
    found['outermost'] = frame.f_code.co_filename
    found['order'] = sorted(frame.f_globals)[:0]
    return found
"""
    found = await jailed(code)
    assert found["os.system"] != 0
    assert found["ctypes"] != 0
    assert found["ids"][:3] == [65534, 65534, 65534]
    assert 0 not in found["ids"][3]
    assert found["outermost"] == "<string>", "what it is held by is as it was handed over, and nothing of the server's"


async def test_code_that_nobody_waits_for_dies_at_once_and_everything_in_its_jail_with_it() -> None:
    jail = await find()
    assert isinstance(jail, Jail)
    code = "def main():\n    while True: pass"
    running = asyncio.create_task(CPython(Limits(), jail).run(code, {}))
    with fail_after(5):
        while len(jails := {one for one in below(os.getpid()) if b"bwrap" in command(one)}) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0)
        inside = set[int]().union(*(below(one) for one in jails)) | jails
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        while any(command(one) for one in inside):  # noqa: ASYNC110 (the kernel tells nobody)
            await asyncio.sleep(0)


async def test_libraries_of_the_operators_folder_are_there_and_can_only_be_read(tmp_path: Path) -> None:
    (tmp_path / "helpful.py").write_text("def double(n): return n * 2\n")
    jail = await find()
    assert isinstance(jail, Jail)
    python = CPython(LIMITS, jail, str(tmp_path))
    code = "import helpful, os\ndef main():\n    return helpful.double(2), os.path.dirname(helpful.__file__)"
    with fail_after(10):
        assert await python.run(code, {}) == [4, "/packages"]
        write = TRY + "def main(): return tried(os.open, '/packages/made', os.O_CREAT | os.O_WRONLY)[0]"
        assert await python.run(write, {}) == "refused"
    assert os.listdir(tmp_path) == ["helpful.py"]  # noqa: PTH208 (what stands in a loop must not wait)
