"""The published clients again, through a proxy that sends each of their requests to the next of three replicas."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.test_published_clients import FIVE, SLOW, SMOKES, WHOLE_APP, WHOLE_SCRIPT, clients, required
from tests.process.cluster import cluster
from tests.process.conftest import KEY

__all__ = ["clients"]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.xdist_group("clients")
def test_all_five_pass_completely_behind_a_round_robin_proxy(tmp_path: Path, clients: Path) -> None:
    scripts = tmp_path / "scripts"
    shutil.copytree(SMOKES, scripts)  # they write their logs beside themselves
    with cluster(tmp_path, WHOLE_SCRIPT, WHOLE_APP) as running:
        given = os.environ | {
            "BASE_URL": f"{running.address}/v1",
            "API_KEY": KEY,
            "CLIENTS_DIR": str(clients),
            "SLOW_QUERY": SLOW,
            "CHECK_AUTH": "1",
            "HAS_SUGGESTED": "1",
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        }
        words = [required("bash"), str(scripts / "run_all.sh")]
        done = subprocess.run(words, env=given, capture_output=True, text=True, timeout=700, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sorted(done.stdout.splitlines()) == [f"PASS {name}: {checks} checks" for name, checks in FIVE.items()]
