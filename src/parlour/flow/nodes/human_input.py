"""Somebody is asked, and the run waits (dsl.md 6.20). Does not know who is asked, nor where a run lies meanwhile."""

from collections.abc import AsyncGenerator, Iterable
from typing import Literal, cast

from msgspec import Struct

from parlour.domain import forms
from parlour.domain.events import HumanInputFilled, HumanInputRequired, HumanInputTimedOut
from parlour.domain.graph import Node
from parlour.flow import template
from parlour.flow.node import Fault, Result, Say, Scope, Waiting
from parlour.flow.pool import MISSING
from parlour.flow.values import text_form

TEXTS = ("text-input", "paragraph")
TIMED_OUT = "__timeout"
"""The way out of a form that nobody has sent in time."""
SECONDS = {"hour": 3600, "day": 86400}


class Default(Struct, frozen=True):
    """What a field holds before anybody has written in it."""

    type: Literal["constant", "variable"] = "constant"
    value: object = None
    selector: tuple[str, ...] | None = None


class Options(Struct, frozen=True):
    """Between what a field lets one choose."""

    type: Literal["constant", "variable"] = "constant"
    value: tuple[object, ...] | None = None
    selector: tuple[str, ...] | None = None


class Field(Struct, frozen=True):
    type: Literal["text-input", "paragraph", "select", "file", "file-list"]
    output_variable_name: str
    default: Default | None = None
    option_source: Options | None = None
    allowed_file_types: tuple[str, ...] | None = None
    allowed_file_extensions: tuple[str, ...] | None = None
    allowed_file_upload_methods: tuple[str, ...] | None = None
    number_limits: int | None = None


class Action(Struct, frozen=True):
    """A button, and a way out."""

    id: str
    title: str = ""
    button_style: str | None = None


class Delivery(Struct, frozen=True):
    type: str = "webapp"
    enabled: bool = True


class Config(Struct, frozen=True):
    form_content: str | None = None
    inputs: tuple[Field, ...] | None = None
    user_actions: tuple[Action, ...] | None = None
    delivery_methods: tuple[Delivery, ...] | None = None
    timeout: float | None = None
    timeout_unit: Literal["hour", "day"] | None = None

    @property
    def seconds(self) -> float:
        """How long it waits; 36 hours where nothing is said."""
        return (36 if self.timeout is None else self.timeout) * SECONDS[self.timeout_unit or "hour"]

    @property
    def reachable(self) -> bool:
        """Whether the form can be had by a token. A file that says nothing of delivery means that it can."""
        return self.delivery_methods is None or any(
            one.type == "webapp" and one.enabled for one in self.delivery_methods
        )


async def run(config: Config, scope: Scope) -> AsyncGenerator[Say, None]:
    asked = scope.asked or question(config, scope)
    submission = scope.submission
    if submission is None:
        yield Waiting(asked)
        return
    values = forms.given(asked, submission)
    content = forms.filled(asked, values)
    if not submission.action:
        yield HumanInputTimedOut(asked.node_id, asked.node_title, asked.expiration_time)
        yield Result(values | told("", "", content), TIMED_OUT)
        return
    title = forms.title(asked, submission.action)
    yield HumanInputFilled(asked.node_id, asked.node_title, content, submission.action, title, values)
    yield Result(
        values | told(submission.action, title, content),
        submission.action,
        kinds={one.output_variable_name: "array[file]" for one in config.inputs or () if one.type == "file-list"},
    )


def told(action: str, title: str, content: str) -> dict[str, object]:
    return {"__action_id": action, "__action_value": title, "__rendered_content": content}


def question(config: Config, scope: Scope) -> HumanInputRequired:
    """What somebody is asked, with all that the run knows filled in."""
    fields = config.inputs or ()
    known = ((one.output_variable_name, default(one.default, scope)) for one in fields if one.type in TEXTS)
    return HumanInputRequired(
        form_id=scope.ports.new_id(),
        node_id=scope.node.id,
        node_title=scope.node.title,
        form_content=template.render(template.parse(config.form_content or ""), scope.pool, markdown=True),
        inputs=tuple(shown(one, scope) for one in fields),
        actions=tuple(
            {"id": one.id, "title": one.title, "button_style": one.button_style or "default"}
            for one in config.user_actions or ()
        ),
        expiration_time=int(scope.ports.now() + config.seconds),
        form_token=scope.ports.new_id() if config.reachable else None,
        resolved_default_values={name: text for name, text in known if text is not None},
    )


def default(said: Default | None, scope: Scope) -> str | None:
    """None where there is none, or where it names what is not there."""
    if said is None:
        return None
    value = said.value if said.type == "constant" else scope.value(said.selector or ())
    return None if value is None or value is MISSING else text_form(value)


def shown(field: Field, scope: Scope) -> dict[str, object]:
    """A field as clients know it (contract 4.3, 5.10)."""
    described: dict[str, object] = {"type": field.type, "output_variable_name": field.output_variable_name}
    if field.type in TEXTS:
        said = field.default
        value = (
            None if said is None else {"type": said.type, "selector": said.selector or (), "value": said.value or ""}
        )
        return described | {"default": value}
    if field.type == "select":
        said = field.option_source or Options()
        source = {"type": said.type, "selector": said.selector or (), "value": options(said, scope)}
        return described | {"option_source": source}
    described |= {
        "allowed_file_types": field.allowed_file_types or (),
        "allowed_file_extensions": field.allowed_file_extensions or (),
        "allowed_file_upload_methods": field.allowed_file_upload_methods or ("local_file", "remote_url"),
    }
    return described if field.type == "file" else described | {"number_limits": field.number_limits or 0}


def options(said: Options, scope: Scope) -> list[str]:
    """The words themselves, also where a variable has them: no client could look there."""
    value = list(said.value or ()) if said.type == "constant" else scope.value(said.selector or ())
    return [text_form(one) for one in cast("list[object]", value)] if isinstance(value, list) else []


def check(config: Config, node: Node) -> Iterable[Fault]:
    if not config.user_actions:
        advice = "has no button, and nobody can send its form: add one"
        yield Fault("refused", node.id, "user_actions", advice, ("user_actions",))
    if not config.reachable:
        advice = "none of them is the web app: the form cannot be sent, and its time runs out"
        yield Fault("approximated", node.id, "delivery_methods", advice, ("delivery_methods",))
    elif any(one.type != "webapp" and one.enabled for one in config.delivery_methods or ()):
        advice = "nothing is sent by e-mail: the form is had by the token that the run tells"
        yield Fault("approximated", node.id, "delivery_methods", advice, ("delivery_methods",))
