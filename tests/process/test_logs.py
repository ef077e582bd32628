"""What a server that writes its log for machines writes: JSON lines, one for each run, and nothing of what was said."""

import json
from pathlib import Path

import pytest

from tests.process.conftest import serving

pytestmark = pytest.mark.slow


def test_each_run_is_a_line_without_its_texts(tmp_path: Path) -> None:
    script = {"rules": [{"match": "bad", "error": {"message": "down"}}, {"say": ["the answer"]}]}
    with serving(tmp_path, script, '[telemetry]\nlogs = "json"\nruns = true') as served:
        for query in ("a secret question", "a bad one"):
            served.call("POST", "/v1/chat-messages", {"query": query, "user": "u"})
        assert served.end() == 0
    text = (tmp_path / "log").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    told = [line for line in lines if line["logger"] == "parlour.runs.lines"]
    assert [(line["app"], line["status"], line["level"]) for line in told] == [
        ("test", "succeeded", "INFO"),
        ("test", "failed", "INFO"),
    ]
    assert told[1]["failure"] == "completion_request_error"
    assert all(line["seconds"] >= 0 and line["task_id"] and line["conversation_id"] for line in told)
    assert "secret question" not in text
    assert "the answer" not in text
