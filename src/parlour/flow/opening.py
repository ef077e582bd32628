"""The pool that a run begins with: what the system knows, the environment, the conversation, and the form (dsl.md 3.1).

Does not know where any of it was kept.
"""

from typing import cast

from parlour.domain.app import ChatflowApp, FlowApp
from parlour.domain.files import FileRef
from parlour.domain.turn import Turn
from parlour.flow.pool import Pool

UNTOLD = frozenset({"conversation_id", "timestamp"})


def opened(turn: Turn[FlowApp], root: str, now: float) -> Pool:
    """`root`: the node that the form's values belong to."""
    pool = Pool()
    for name, value in system(turn, now).items():
        pool.put("sys", name, value, "array[file]" if name == "files" else "")
    environment(turn.app, pool)
    if isinstance(turn.app, ChatflowApp):
        for variable in turn.app.variables:
            value = turn.variables.get(variable.name, variable.value)
            pool.put("conversation", variable.name, value, variable.kind)
    for field in turn.app.form:
        value = as_value(turn.ask.inputs.get(field.variable))
        pool.put(root, field.variable, value, "array[file]" if field.kind == "file-list" else "")
    return pool


def environment(app: FlowApp, pool: Pool) -> None:
    """What the app's author has set for it; it may be secret."""
    for variable in app.environment:
        pool.put("env", variable.name, variable.value, variable.kind)


def system(turn: Turn[FlowApp], now: float) -> dict[str, object]:
    """The variables of the system, in the order in which clients are shown them."""
    ask, ids = turn.ask, turn.ids
    files = [file.as_value() for file in ask.files]
    of_app: dict[str, object] = {
        "app_id": turn.app.card.id,
        "workflow_id": turn.app.card.version,
        "workflow_run_id": ids.workflow_run_id,
    }
    if not isinstance(turn.app, ChatflowApp):
        return {"files": files, "user_id": ask.user, **of_app, "timestamp": int(now)}
    return {
        "query": ask.query,
        "files": files,
        "conversation_id": ids.conversation_id,
        "user_id": ask.user,
        "dialogue_count": turn.number,
        **of_app,
    }


def told(turn: Turn[FlowApp], now: float) -> dict[str, object]:
    """What a client is told of the beginning: the form's values, and what the system knows (contract 4.3)."""
    form = {field.variable: as_value(turn.ask.inputs.get(field.variable)) for field in turn.app.form}
    known = {name: value for name, value in system(turn, now).items() if name not in UNTOLD}
    return form | {f"sys.{name}": value for name, value in known.items()}


def as_value(given: object) -> object:
    """A value of the form as a value of a flow."""
    if isinstance(given, FileRef):
        return given.as_value()
    if isinstance(given, tuple):
        return [file.as_value() for file in cast("tuple[FileRef, ...]", given)]
    return given
