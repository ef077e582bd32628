"""Files from before DSL 0.1.0 say neither `kind` nor `version` (dsl.md 1.1). Does not know what else they hold."""

from parlour.dsl.yaml import Value


def heading(document: dict[str, Value]) -> dict[str, Value]:
    missing: dict[str, Value] = {"kind": "app", "version": "0.1.0"}
    return document | {key: value for key, value in missing.items() if document.get(key) in (None, "")}
