"""Drives published clients of knowledge bases against a server, and prints as JSON what each has read itself.

Knows no test. The address and the key come from the environment, the client and a file to send as arguments; the
client's folder is on PYTHONPATH.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

ADDRESS, KEY = os.environ["BASE_URL"], os.environ["API_KEY"]
TEXT = "Staff get twenty days of leave a year.\n\nThe office is closed on Sundays."
QUERY = "How many days of leave do staff get?"


def waited(status: Callable[[], Any]) -> str:
    """How the work ends."""
    end = time.monotonic() + 60
    while (found := status()) not in {"completed", "error"}:
        assert time.monotonic() < end, found
        time.sleep(0.1)
    return found


def dataset_sdk(new: Any, file: Path) -> dict[str, Any]:
    with new(KEY, ADDRESS) as client:
        dataset = client.datasets.create(name="SDK", indexing_technique="high_quality", description="Of a client")
        text = client.documents.create_by_text(dataset.id, "leave.txt", TEXT)
        upload = client.documents.create_by_file(dataset.id, file)

        def status(batch: str) -> str:
            return client.documents.get_indexing_status(dataset.id, batch).data[0].indexing_status

        states = [waited(lambda one=one: status(one.batch)) for one in (text, upload)]
        found = client.datasets.retrieve(dataset.id, QUERY)
        best = found.model_dump()["records"][0]
        segments = client.segments.list(dataset.id, text.document.id)
        more = client.segments.create(dataset.id, text.document.id, [{"content": "Owls hunt at night."}])
        tag = client.tags.create(name="sdk")
        client.tags.bind_to_dataset(dataset.id, [tag.id])
        field = client.metadata.create(dataset.id, "string", "author")
        client.documents.update_by_text(dataset.id, upload.document.id, name="renamed")
        names = sorted(one["name"] for one in client.documents.list(dataset.id).model_dump()["data"])
        client.documents.delete(dataset.id, upload.document.id)
        left = client.documents.list(dataset.id).total
        known = client.datasets.get(dataset.id)
        client.datasets.delete(dataset.id)
        return {
            "states": states,
            "best": best["segment"]["content"],
            "score": best["score"],
            "segments": len(segments.data),
            "more": more.data[0].content,
            "field": field.name,
            "names": names,
            "left": left,
            "documents": known.document_count,
            "datasets": client.datasets.list().total,
        }


def knowledge_sdk(new: Any, file: Path) -> dict[str, Any]:
    client = new(KEY, ADDRESS)
    dataset = client.create_dataset("SDK")
    text = client.create_document_by_text(dataset.id, "leave.txt", TEXT)
    upload = client.create_document_by_file(dataset.id, file)

    def status(batch: str) -> str:
        return client.get_document_indexing_status(dataset.id, batch).data[0].indexing_status

    states = [waited(lambda one=one: status(one.batch)) for one in (text, upload)]
    segments = client.list_segments(dataset.id, text.document.id)
    again = client.update_document_by_text(dataset.id, text.document.id, "owl.txt", "Owls hunt at night.")
    states.append(waited(lambda: status(again.batch)))
    field = client.create_metadata_field(dataset.id, "string", "author")
    names = sorted(one["name"] for one in client.list_documents(dataset.id).model_dump()["data"])
    client.delete_dataset(dataset.id)
    return {
        "states": states,
        "segments": len(segments.data),
        "field": field.name,
        "names": names,
        "datasets": client.list_datasets().total,
    }


if __name__ == "__main__":
    library, sent = sys.argv[1:]
    driven = {"dify_dataset_sdk": dataset_sdk, "dify_knowledge_sdk": knowledge_sdk}[library]
    sys.stdout.write(json.dumps(driven(import_module(library).DifyDatasetClient, Path(sent))))
