"""Answers of graphs that are one JSON body (contract 3.2, 3.3, 5.10). Does not know where the values come from."""

from typing import cast

from parlour.domain.events import WorkflowPaused
from parlour.domain.ids import Ids
from parlour.domain.record import Record
from parlour.wire.bodies import metadata
from parlour.wire.encode import encode
from parlour.wire.workflow_events import describe


def paused(ids: Ids, mode: str, record: Record) -> bytes:
    """What a blocking caller is told of a run that waits for somebody (contract 3.2)."""
    told = describe(cast("WorkflowPaused", record.paused))[1]
    beside = {"conversation_id": ids.conversation_id, "message_id": ids.message_id, "answer": record.answer}
    return encode(
        {
            "event": "workflow_paused",
            "task_id": ids.task_id,
            "id": ids.message_id,
            "message_id": ids.message_id,
            "conversation_id": ids.conversation_id,
            "mode": mode,
            "workflow_run_id": ids.workflow_run_id,
            "answer": record.answer,
            "metadata": metadata(mode, record.usage, record.citations, record.annotation),
            "created_at": ids.created_at,
            "data": {**told, **beside},
        }
    )
