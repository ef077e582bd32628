"""Runs of a workflow with one of two Python clients: blocking, streamed, stopped. Its folder is on PYTHONPATH."""

import json
import os
import sys
from importlib import import_module
from typing import Any

models: Any = import_module("dify_client.models")
package: Any = import_module("dify_client")
base: Any = import_module("dify_client.models.base")
new: Any = getattr(package, "Client", None) or package.DifyClient
client: Any = new(api_key=os.environ["API_KEY"], api_base=os.environ["BASE_URL"])
user = "client-py"


def request(word: str, mode: str) -> Any:
    return models.WorkflowsRunRequest(inputs={"word": word}, user=user, response_mode=base.ResponseMode(mode))


done = client.run_workflows(request("noon", "blocking"))
events = list(client.run_workflows(request("noon", "streaming")))
slow = iter(client.run_workflows(request("slow", "streaming")))
begun = next(slow)
stopped = client.stop_workflows(begun.task_id, base.StopRequest(user=user))
last = [begun, *slow][-1]


def data_of(event: Any) -> dict[str, Any]:
    """Some of the clients' events are not understood further than that."""
    return event.model_dump()["data"]


json.dump(
    {
        "outputs": done.data.outputs,
        "status": done.data.status.value,
        "events": [event.event.value for event in events],
        "streamed": data_of(events[-1])["outputs"],
        "result": str(stopped.result),
        "stopped": data_of(last)["status"],
    },
    sys.stdout,
)
