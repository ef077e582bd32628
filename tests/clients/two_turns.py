"""Two turns with PyPI's dify-client 0.1.10, blocking then streaming. Run with the client's folder on PYTHONPATH."""

import json
import os
import sys
from importlib import import_module
from typing import Any

client: Any = import_module("dify_client.client").ChatClient(os.environ["API_KEY"])
client.base_url = os.environ["BASE_URL"]
user = "client-py"

first = client.create_chat_message({}, "My name is Ada.", user, response_mode="blocking")
first.raise_for_status()
conversation = first.json()["conversation_id"]

second = client.create_chat_message({}, "Who am I?", user, response_mode="streaming", conversation_id=conversation)
second.raise_for_status()
events = [json.loads(line[6:]) for line in second.iter_lines(decode_unicode=True) if line.startswith("data: ")]
text = "".join(event["answer"] for event in events if event["event"] == "message")

history = client.get_conversation_messages(user, conversation).json()
json.dump(
    {
        "conversations": [conversation, *{event["conversation_id"] for event in events}],
        "last": events[-1]["event"],
        "text": text,
        "stored": [message["answer"] for message in history["data"]],
        "listed": [found["id"] for found in client.get_conversations(user).json()["data"]],
    },
    sys.stdout,
)
