"""One text to one app, or to the reasons why not. Knows no file and no key: text in, app out."""

from msgspec import Struct

from parlour.domain.app import App, ChatApp, CompletionApp
from parlour.dsl import heading
from parlour.dsl.findings import Finding, Refused
from parlour.dsl.model_config import body
from parlour.dsl.part import Part
from parlour.dsl.upgrade import upgraded
from parlour.dsl.yaml import Document, read


class Loaded(Struct, frozen=True):
    """An app, and what there is to say about its file, by line."""

    app: App
    findings: tuple[Finding, ...]


def load(source: str, *, name: str) -> Loaded:
    """Read an app. `name` is the operator's short name for it.

    Raises:
        Refused: the text is not understood, or holds what is not served yet.
    """
    document = read(source)
    whole = Part(upgraded(document.value), (), document, [])
    app = _app(whole, document, name, source)
    findings = tuple(sorted(whole.findings, key=lambda finding: finding.line))
    if app is None or any(finding.level == "refused" for finding in findings):
        raise Refused(findings)
    return Loaded(app, findings)


def _app(whole: Part, document: Document, name: str, source: str) -> App | None:
    """The app, of use only if nothing was refused; None where there is no telling what it would be."""
    heading.check_version(whole)
    heading.check_kind(whole)
    mode = heading.mode(whole)
    written = document.value.get("model_config")
    if mode is None:
        return None
    if not isinstance(written, dict):
        whole.refused("model_config", f"is missing: a {mode} app has its model and prompt there", "model_config")
        return None
    card = heading.card(whole.part("app"), name, source)
    found = body(whole.part("model_config"), written, mode)
    kind = ChatApp if mode == "chat" else CompletionApp
    return kind(card=card, model=found.model, prompt=found.prompt, form=found.form, features=found.features)
