"""An app of this server as a tool: its form is what the tool is given. Knows no app, and not how one is run."""

from collections.abc import Mapping

from parlour.domain.app import Field, FieldKind
from parlour.ports.apps import Apps
from parlour.ports.tools import Caller, Outcome
from parlour.tools.shelf import Told

LONGEST_RUN = 1200.0
"""Seconds: a run has its own limit, which is usually shorter."""
TYPES: dict[FieldKind, str] = {
    "number": "number",
    "checkbox": "boolean",
    "json_object": "object",
    "file": "object",
    "file-list": "array",
}
"""JSON's, of fields that are no text."""


class WorkflowShelf:
    """One tool, by the name of its app."""

    def __init__(self, apps: Apps, name: str) -> None:
        self._apps = apps
        self._name = name

    async def tools(self) -> Mapping[str, Told]:
        found = self._apps.workflow(self._name)
        told = found.description or found.title
        return {self._name: Told(told, schema(found.form), found.title, LONGEST_RUN)}

    async def use(self, name: str, arguments: Mapping[str, object], caller: Caller) -> Outcome:
        return await self._apps.run(name, arguments, caller)

    async def aclose(self) -> None:
        """Nothing is held."""


def schema(form: tuple[Field, ...]) -> dict[str, object]:
    """The form as a model is told of it."""
    properties = {field.variable: _property(field) for field in form}
    return {
        "type": "object",
        "properties": properties,
        "required": [field.variable for field in form if field.required],
    }


def _property(field: Field) -> dict[str, object]:
    told: dict[str, object] = {"type": TYPES.get(field.kind, "string"), "description": field.label or field.variable}
    return told | {"enum": list(field.options)} if field.kind == "select" and field.options else told
