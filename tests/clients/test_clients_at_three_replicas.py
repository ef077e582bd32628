"""The published clients again, through a proxy that sends each of their requests to the next of three replicas."""

import shutil
from pathlib import Path

import pytest

from tests.clients.test_published_clients import FIVE, SMOKES, WHOLE_APP, WHOLE_SCRIPT, clients, run_all_at
from tests.process.cluster import cluster

__all__ = ["clients"]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.xdist_group("clients")
def test_all_five_pass_completely_behind_a_round_robin_proxy(tmp_path: Path, clients: Path) -> None:
    scripts = tmp_path / "scripts"
    shutil.copytree(SMOKES, scripts)  # they write their logs beside themselves
    with cluster(tmp_path, WHOLE_SCRIPT, WHOLE_APP) as running:
        found = run_all_at(running.address, scripts, clients)
    assert found == [f"PASS {name}: {checks} checks" for name, checks in FIVE.items()]
