"""The head of a file: kind, version, and who the app is. Does not know what it does (dsl.md 1.1)."""

import re
import uuid
from typing import Literal, get_args

from parlour.domain.app import Card
from parlour.dsl.part import Part

NEWEST = (0, 6, 0)
VERSION = re.compile(r"v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?(?:[-+._]?[A-Za-z][0-9A-Za-z.+-]*)?", re.ASCII)

NAMESPACE = uuid.UUID("5f0a9c1e-7d43-4c0b-9d55-3f6f6a8b2c17")
"""Ours, made once: changing it would change the id of every app."""

Served = Literal["chat", "agent-chat", "agent", "completion", "advanced-chat", "workflow"]
SERVED: dict[str, Served] = {mode: mode for mode in get_args(Served)}
NOT_YET = {
    "rag-pipeline": "knowledge pipelines are not served; apps are",
    "rag_pipeline": "knowledge pipelines are not served; apps are",
}


def check_version(whole: Part) -> None:
    """Newer files are read as far as they are known: there is nobody here to confirm it, as Dify would ask."""
    version = whole.value.get("version")
    if not isinstance(version, str):
        written = whole.document.written("version") or "0.3.0"
        whole.refused("version", f'must be text: write `version: "{written}"`, with the quotes', "version")
        return
    match = VERSION.fullmatch(version.strip())
    if match is None:
        whole.refused(f"version {version}", "is no version: write one such as `version: 0.3.0`", "version")
        return
    numbers = tuple(int(number or 0) for number in match.groups())
    if numbers > NEWEST:
        newest = ".".join(map(str, NEWEST))
        whole.approximated(
            f"version {version}", f"newer than this server knows ({newest}): what is new in it is ignored", "version"
        )
        return
    whole.supported(f"version {version}", "version")


def check_kind(whole: Part) -> None:
    """Dify reads every other kind as an app; a pipeline, which never was one, is refused by us."""
    kind = whole.text("kind", "app")
    if kind in {"rag_pipeline", "rag-pipeline"}:
        whole.refused(f"kind {kind}", NOT_YET["rag_pipeline"], "kind")
    elif kind != "app":
        whole.approximated(f"kind {kind}", "is read as `app`", "kind")


def mode(whole: Part) -> Served | None:
    """The app's mode; None, and a finding, if there is none or it is not served."""
    if not isinstance(whole.value.get("app"), dict):
        whole.refused("app", "is missing: an app's file has `app:` with its `mode` and `name`", "app")
        return None
    app = whole.part("app")
    written = app.text("mode")
    served = SERVED.get(written)
    if served == "agent":
        app.approximated(
            "mode agent", "has no export that is known: its `model_config` is read as an agent-chat's", "mode"
        )
    elif served is not None:
        app.supported(f"mode {served}", "mode")
    elif not written:
        app.refused("app.mode", "is missing: write one, such as `mode: chat` or `mode: advanced-chat`", "mode")
    else:
        app.refused(f"mode {written}", NOT_YET.get(written, f"is no mode of an app ({', '.join(SERVED)})"), "mode")
    return served


def card(app: Part, name: str, source: str) -> Card:
    return Card(
        id=app_id(name),
        name=name,
        version=_uuid(source),
        title=app.text("name") or name,
        description=app.text("description"),
        icon=app.text("icon"),
        icon_type=app.text("icon_type") or "emoji",
        icon_background=app.text("icon_background"),
        icon_on_answers=app.value.get("use_icon_as_answer_icon") is True,
    )


def app_id(name: str) -> str:
    """The id of the app that the operator knows by this name."""
    return _uuid(name)


def _uuid(text: str) -> str:
    """A name made from a file's may hold bytes that are no UTF-8; they count as they are escaped."""
    return str(uuid.uuid5(NAMESPACE, text.encode("utf-8", "backslashreplace").decode()))
