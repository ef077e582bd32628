"""The demo agent, end to end over HTTP, with the real small model: the clock and the calculator are really used."""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.process.conftest import Served
from tests.process.test_install import DATA, started

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("demo")]


def turn(served: Served, query: str) -> tuple[list[Any], str]:
    """The last word on each thought, and the whole answer."""
    events = list(served.events(query, auto_generate_name=False))
    assert events[-1]["event"] == "message_end"
    thoughts = {event["id"]: event for event in events if event["event"] == "agent_thought"}
    return list(thoughts.values()), "".join(event.get("answer", "") for event in events)


@pytest.mark.timeout(300)
def test_the_demo_agent_tells_the_time_and_computes_and_says_what_it_is(tmp_path: Path) -> None:
    DATA.mkdir(parents=True, exist_ok=True)
    (tmp_path / "parlour.toml").write_text(f'data = "{DATA}"\n[storage]\ndatabase = "memory:"\n')
    with started([str(Path(sys.executable).with_name("parlour")), "serve", "--port", "0"], tmp_path) as served:
        assert not any("fails when" in line for line in served.said)
        [line] = [line for line in served.said if line.startswith("demo_agent  agent-chat")]
        served.key = re.findall(r"app-\w{24}", line)[0]
        assert "very small model that cannot choose" in served.call("GET", "/v1/parameters")[1]["opening_statement"]
        before = resident(served.child.pid)

        asked, answer = turn(served, "What time is it?")
        assert [thought["tool"] for thought in asked] == ["current_time", ""]
        [time] = json.loads(asked[0]["observation"]).values()
        assert re.fullmatch(r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d", time)
        assert time in answer

        asked, answer = turn(served, "what is 17*23")
        assert [thought["tool"] for thought in asked] == ["eval_expression", ""]
        assert json.loads(asked[0]["observation"]) == {"eval_expression": "391"}
        assert "391" in answer

        asked, answer = turn(served, "What is the capital of France?")
        assert [thought["tool"] for thought in asked] == [""]
        assert "Paris" in answer
    assert before < 110, "nothing of the embedding model is there before it is needed"


def resident(pid: int) -> float:
    """Megabytes."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
