"""A served document of questions that the operator's model makes of its text."""

from pathlib import Path
from typing import Any

import pytest

from tests.process.conftest import serving, until

pytestmark = pytest.mark.slow
KEY = "dataset-questions"
SETTINGS = f'[knowledge]\nkeys = ["{KEY}"]\nembedding = "default/words"\nquestions = "default/any"\n'
SCRIPT = {"rules": [{"match": "owl", "say": ["Q1: Who hunts at night?\nA1: The owl.\nQ2: Who hides?\nA2: The mouse."]}]}
TEXT = {
    "name": "owls.txt",
    "text": "At night the owl hunts, and the mouse hides.",
    "indexing_technique": "high_quality",
    "doc_form": "qa_model",
    "process_rule": {"mode": "automatic"},
}


def test_a_text_is_found_by_the_questions_that_a_model_makes_of_it(tmp_path: Path) -> None:
    with serving(tmp_path, SCRIPT, SETTINGS) as served:
        _, made = served.call("POST", "/v1/datasets", {"name": "Owls"}, KEY)
        path = f"/v1/datasets/{made['id']}"
        status, told = served.call("POST", f"{path}/document/create-by-text", TEXT, KEY)
        assert status == 200, told

        def document() -> dict[str, Any]:
            return served.call("GET", f"{path}/documents", key=KEY)[1]["data"][0]

        until(lambda: document()["indexing_status"] in {"completed", "error"}, 20)
        assert (document()["indexing_status"], document()["error"], document()["doc_form"]) == (
            "completed",
            None,
            "qa_model",
        )
        _, told = served.call("POST", f"{path}/retrieve", {"query": "Who hides?"}, KEY)
        best = told["records"][0]["segment"]
        assert (best["content"], best["answer"], best["position"]) == ("Who hides?", "The mouse.", 2)
