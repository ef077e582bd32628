"""What a process tree costs is counted for the whole tree, and no child outlives its block."""

import os
import signal
import sys
from pathlib import Path

from bench.processes import cpu_seconds, free_port, resident, running, tree, wait_until

BURN = "import time\nwhile time.process_time() < 0.08: pass\n"
PARENT = f"""
import subprocess, sys
subprocess.run([sys.executable, "-S", "-c", {BURN!r}], check=True)
kept = subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE)
print("ready", flush=True)
try:
    sys.stdin.read() or kept.wait()
finally:
    kept.kill()
"""


def test_a_tree_is_its_root_with_all_descendants_and_those_that_have_ended(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with running([sys.executable, "-S", "-c", PARENT], log) as child:
        wait_until(lambda: "ready" in log.read_text(), child, log)
        assert len(tree(child.pid)) == 2
        assert cpu_seconds(child.pid) >= 0.08, "the ended child's time counts"
        assert 2_000_000 < resident(child.pid) < 200_000_000
    assert child.poll() is not None
    assert cpu_seconds(child.pid) == 0


def test_memory_that_processes_have_in_common_counts_once(tmp_path: Path) -> None:
    log = tmp_path / "log"
    held = "import os, time\nheld = bytearray(os.urandom(64 * 1024 * 1024))\n"
    forked = held + "os.fork() and os.fork()\nprint('ready', flush=True)\ntime.sleep(60)\n"
    with running([sys.executable, "-S", "-c", forked], log) as child:
        wait_until(lambda: log.read_text().count("ready") == 3, child, log)
        processes = tree(child.pid)
        assert len(processes) == 3
        try:
            assert 64 * 1024**2 < resident(child.pid) < 140 * 1024**2
        finally:
            for process in processes[1:]:
                os.kill(process, signal.SIGKILL)


def test_a_free_port_can_be_had() -> None:
    assert 1024 < free_port() < 65536
