"""Forms that a run waits for: how they are shown, and what is sent with them (contract 5.10).

Does not know which forms there are, nor which of the files that are sent exist.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, cast

from msgspec import Meta, Struct, convert

from parlour.domain.events import HumanInputRequired
from parlour.domain.files import FileRef, FileRules
from parlour.domain.problems import InvalidFormData, InvalidParam, NotFound
from parlour.wire import body as read
from parlour.wire import files
from parlour.wire.bodies import Seconds
from parlour.wire.encode import encode
from parlour.wire.operation import Operation
from parlour.wire.queries import User


class Form(Struct):
    """What somebody is asked."""

    form_content: Annotated[str, Meta(description="The text, with all that the run knows filled in.")]
    inputs: Annotated[
        tuple[dict[str, object], ...],
        Meta(
            description="Its fields: `type` (text-input, paragraph, select, file, file-list), `output_variable_name`."
        ),
    ]
    resolved_default_values: Annotated[dict[str, str], Meta(description="What its text fields hold at first.")]
    user_actions: Annotated[tuple[dict[str, object], ...], Meta(description="Its buttons: `id`, `title`.")]
    expiration_time: Seconds


class FormSubmission(Struct):
    """What is sent with a form. Members that are not listed are ignored."""

    inputs: Annotated[dict[str, object], Meta(description="A value for each field, by its `output_variable_name`.")]
    action: Annotated[str, Meta(description="The `id` of the button.")]
    user: Annotated[str | int, Meta(description="Your own name for your user.")]


class Submitted(Struct):
    """It was taken, and the run goes on."""


class FlowEventsQuery(Struct, frozen=True):
    """The events of a run of a graph: from now on, or of the part that goes on after a pause."""

    user: User
    include_state_snapshot: Annotated[bool, Meta(description="First tell of each node that has run.")] = False
    continue_on_pause: Annotated[bool, Meta(description="Stay while the run waits for somebody.")] = False


OPERATIONS = (
    Operation(
        method="get",
        path="/v1/form/human_input/{form_token}",
        id="getForm",
        summary="What somebody is asked by a run that waits",
        tag="Workflows",
        response=Form,
    ),
    Operation(
        method="post",
        path="/v1/form/human_input/{form_token}",
        id="submitForm",
        summary="Answer it: the run goes on",
        tag="Workflows",
        request=FormSubmission,
        response=Submitted,
    ),
    Operation(
        method="get",
        path="/v1/workflow/{workflow_run_id}/events",
        id="listFlowEvents",
        summary="Read on in a run of a workflow or chatflow",
        tag="Workflows",
        query=FlowEventsQuery,
        stream=True,
    ),
)


class Sent(Struct, frozen=True):
    """A submission that is well formed as such."""

    user: str
    action: str
    inputs: dict[str, object]


def parse(body: Mapping[str, object]) -> Sent:
    """
    Raises:
        InvalidParam: a member is missing, or of another type.
    """
    user = read.user(body)
    inputs = read.inputs(body)
    if body.get("action") is None:
        raise InvalidParam("action: is required.", params="action")
    return Sent(user, read.text(body, "action"), inputs)


def parse_events(query: Mapping[str, str]) -> FlowEventsQuery:
    """
    Raises:
        InvalidParam: nobody asks, or a switch is neither on nor off.
    """
    return FlowEventsQuery(
        read.user(query),
        read.boolean(query, "include_state_snapshot", default=False),
        read.boolean(query, "continue_on_pause", default=False),
    )


def shown(asked: HumanInputRequired) -> bytes:
    return encode(
        Form(asked.form_content, asked.inputs, asked.resolved_default_values, asked.actions, asked.expiration_time)
    )


class Field(Struct, frozen=True):
    """A field of a form, as it was asked (`flow/nodes/human_input.py` writes it)."""

    type: str
    output_variable_name: str
    option_source: dict[str, object] = {}
    allowed_file_types: tuple[str, ...] = ()
    allowed_file_extensions: tuple[str, ...] = ()
    allowed_file_upload_methods: tuple[str, ...] = ()
    number_limits: int = 0

    @property
    def rules(self) -> FileRules:
        """What files it takes."""
        return convert(
            {
                "enabled": True,
                "types": [one for one in self.allowed_file_types if one in files.TYPES],
                "extensions": [one.lower() for one in self.allowed_file_extensions],
                "methods": [one for one in self.allowed_file_upload_methods if one in files.METHODS],
                "limit": self.number_limits,
            },
            FileRules,
        )


def fields(asked: HumanInputRequired) -> tuple[Field, ...]:
    return convert(asked.inputs, tuple[Field, ...])


def against(sent: Sent, asked: HumanInputRequired) -> dict[str, object]:
    """A value for each field of the form; files as references, a list of them as a tuple.

    Raises:
        InvalidFormData: no such button, or a value is missing or does not fit.
    """
    if sent.action not in {action["id"] for action in asked.actions}:
        raise InvalidFormData(f"Invalid action: {sent.action}", params="action")
    known = fields(asked)
    missing = [one.output_variable_name for one in known if sent.inputs.get(one.output_variable_name) is None]
    if missing:
        raise InvalidFormData(f"Missing required inputs: {', '.join(missing)}", params="inputs")
    try:
        return {one.output_variable_name: _value(one, sent.inputs[one.output_variable_name]) for one in known}
    except InvalidParam as problem:
        raise InvalidFormData(problem.message, params=problem.params) from problem


def _value(field: Field, given: object) -> object:
    name = field.output_variable_name
    if field.type == "file-list":
        return files.parse(given, field.rules, field=name)
    if field.type == "file":
        return _file(field, given)
    if not isinstance(given, str):
        raise InvalidParam(f"{name}: must be a string.", params=name)
    if field.type == "select":
        words = cast("Sequence[object]", field.option_source.get("value", ()))
        if given not in words:
            raise InvalidParam(f"{name}: must be one of {', '.join(map(str, words))}.", params=name)
    return given


def _file(field: Field, given: object) -> FileRef:
    found = files.parse([given], field.rules, field=field.output_variable_name, limit=1)
    if not found:
        name = field.output_variable_name
        raise InvalidParam(f"{name}: must be a file with type and transfer_method.", params=name)
    return found[0]


def token(written: str) -> str:
    """
    Raises:
        NotFound: no form has such a token.
    """
    found = read.identifier(written)
    if found is None:
        raise NotFound("Form not found")
    return found
