"""Faults under load: nothing that was accepted is lost, whatever happens. `make chaos SEED=7` runs another order.

Prints how many faults and requests there were, and how many losses.
"""

import asyncio
import os
import secrets
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from urllib.parse import urlsplit

import pytest

from tests.bucket import BUCKET, s3
from tests.chaos.apps import CHAT, FLOW_KEY, SCRIPT, SETTINGS, apps
from tests.chaos.calls import Ledger
from tests.chaos.clock.sitecustomize import NUMBER
from tests.chaos.faults import FAULTS, Scene
from tests.chaos.gate import gate
from tests.chaos.invariant import losses, none_runs
from tests.chaos.load import Load
from tests.chaos.witness import witness
from tests.process.cluster import COUNT, cluster

pytestmark = [pytest.mark.anyio, pytest.mark.slow, pytest.mark.chaos, pytest.mark.xdist_group("chaos")]

CLIENTS = 12
PAUSE = 1.5
"""Seconds between two faults."""
SEED = int(os.environ.get("SEED") or secrets.randbelow(1_000_000))


@contextmanager
def scene(folder: Path, seed: int, witness: str) -> Generator[Scene]:
    clocks = [folder / f"clock{number}" for number in range(COUNT)]
    for clock in clocks:
        clock.write_bytes(NUMBER.pack(0.0))
    with s3() as bucket, gate(urlsplit(bucket["AWS_ENDPOINT_URL"]).port or 0) as way:
        environment = {
            **bucket,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{way.port}",
            "PYTHONPATH": os.pathsep.join((str(Path(__file__).parent / "clock"), os.environ.get("PYTHONPATH", ""))),
            "WRONG_CLOCK": str(folder / "clock{number}"),
        }
        with cluster(folder, SCRIPT, CHAT, SETTINGS, environment, apps(witness)) as running:
            files = f"{bucket['AWS_ENDPOINT_URL']}/{BUCKET}/parlour"
            yield Scene(running, way, files, clocks, Random(seed))  # noqa: S311


def taken_up(told: Ledger) -> int:
    """How many workflows went on in another process than they began in, as their readers heard."""
    begun = [
        [event for heard in run.readers for event in heard if event["event"] == "workflow_started"]
        for run in told.flows
        if run.key == FLOW_KEY
    ]
    return sum(any(event["data"]["reason"] == "resumption" for event in events) for events in begun)


@pytest.mark.timeout(400)
async def test_nothing_that_was_accepted_is_lost(tmp_path: Path) -> None:
    async with witness() as heard:
        with scene(tmp_path, SEED, heard.address) as stage:
            addresses = [replica.address for replica in stage.cluster.replicas]
            load = Load(addresses, SEED)
            clients = asyncio.create_task(load.run(CLIENTS))
            order = stage.random.sample(FAULTS, len(FAULTS))
            for fault in order:
                await asyncio.sleep(PAUSE)
                await fault(stage)
            await asyncio.sleep(PAUSE)
            load.end()
            await clients
            await load.calls.close()
            running = await none_runs(stage.cluster.url)
            lost = await losses(load.ledger, addresses[0], stage.files, stage.forgotten)
    lost += heard.repeated()
    told = load.ledger
    refused = " ".join(f"{name}:{count}" for name, count in sorted(told.refused.items()))
    sys.stderr.write(
        f"\nchaos, seed {SEED}: {len(order)} faults, {told.requests} requests, {len(told.questions)} questions, "
        f"{len(told.flows)} flows and {len(told.uploads)} uploads accepted, {taken_up(told)} of them taken "
        f"up elsewhere, {running} still running, "
        f"{len(lost)} losses  ({refused})\n"
    )
    assert told.questions
    assert told.uploads
    assert any(run.answered for run in told.flows)
    assert running == 0
    assert not lost, "\n".join(lost)
