"""Variables of a conversation: what is asked of them, and how they are shown (contract 5.5).

Does not know which there are, nor who reads them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, cast

from msgspec import Meta, Struct

from parlour.domain.problems import BadRequest, InvalidParam
from parlour.domain.workflow_run import LARGEST_VARIABLE, StoredVariable
from parlour.wire import body as read
from parlour.wire.bodies import Seconds
from parlour.wire.body import DEFAULT_USER
from parlour.wire.encode import encode
from parlour.wire.operation import Operation
from parlour.wire.queries import Limit, User, limit_of

NAME = re.compile(r"[A-Za-z0-9_.-]{1,255}")


class VariablesQuery(Struct, frozen=True):
    """A page of a conversation's variables."""

    user: User
    last_id: Annotated[str, Meta(description="The last variable of the page before.")] = ""
    limit: Limit = 20
    variable_name: Annotated[
        Annotated[str, Meta(pattern=f"^{NAME.pattern}$")] | None,
        Meta(description="Only those whose name has this in it."),
    ] = None


class VariableRequest(Struct):
    """Another value for a variable."""

    value: Annotated[object, Meta(description="A value of the variable's type.")]
    user: Annotated[str | int, Meta(description="Your own name for your user.")] = DEFAULT_USER


class VariableBody(Struct):
    """A variable. Its value is text: JSON text, if it is no string."""

    id: str
    name: str
    value_type: str
    value: str | None
    description: str
    created_at: Seconds
    updated_at: Seconds


class VariablesPage(Struct):
    """In the order of their creation."""

    limit: int
    has_more: bool
    data: tuple[VariableBody, ...]


class Update(Struct, frozen=True):
    """A valid request for another value."""

    user: str
    value: object


OPERATIONS = (
    Operation(
        method="get",
        path="/v1/conversations/{conversation_id}/variables",
        id="listConversationVariables",
        summary="List a conversation's variables",
        tag="Conversations",
        query=VariablesQuery,
        response=VariablesPage,
    ),
    Operation(
        method="put",
        path="/v1/conversations/{conversation_id}/variables/{variable_id}",
        id="updateConversationVariable",
        summary="Give a variable another value",
        tag="Conversations",
        request=VariableRequest,
        response=VariableBody,
    ),
)


def parse_variables(query: Mapping[str, str]) -> VariablesQuery:
    """Raises: InvalidParam, naming the parameter."""
    name = query.get("variable_name")
    found = VariablesQuery(
        user=read.user(query),
        last_id=read.uuid(query, "last_id"),
        limit=limit_of(query),
        variable_name=name,
    )
    if name is not None and not NAME.fullmatch(name):
        reason = "must be 1 to 255 letters, digits, hyphens, underscores or dots."
        raise InvalidParam(f"variable_name: {reason}", params="variable_name")
    return found


def parse_update(body: Mapping[str, object]) -> Update:
    """Raises: InvalidParam, naming the member. Null is a value, too."""
    user = read.optional_user(body)
    if "value" not in body:
        raise InvalidParam("value: is required.", params="value")
    return Update(user=user, value=body["value"])


def page(found: Sequence[StoredVariable], query: VariablesQuery) -> bytes:
    """The page of these that was asked for.

    Raises:
        InvalidParam: there is nothing to begin after.
    """
    start = 0
    if query.last_id:
        ids = [variable.id for variable in found]
        if query.last_id not in ids:
            raise InvalidParam(f"last_id: this conversation has no variable {query.last_id}.", params="last_id")
        start = ids.index(query.last_id) + 1
    wanted = (query.variable_name or "").casefold()
    named = [variable for variable in found[start:] if wanted in variable.name.casefold()]
    shown = tuple(_shown(variable) for variable in named[: query.limit])
    return encode(VariablesPage(query.limit, has_more=len(named) > query.limit, data=shown))


def one(variable: StoredVariable) -> bytes:
    """A variable by itself, as an update answers it."""
    return encode(_shown(variable))


def _shown(variable: StoredVariable) -> VariableBody:
    """Whole numbers and fractions are numbers to clients; a value that is no text is JSON text."""
    value = variable.value
    return VariableBody(
        id=variable.id,
        name=variable.name,
        value_type="number" if variable.kind in {"integer", "float"} else variable.kind,
        value=value if value is None or isinstance(value, str) else encode(value).decode(),
        description=variable.description,
        created_at=int(variable.created_at),
        updated_at=int(variable.updated_at),
    )


def check(variable: StoredVariable, value: object) -> None:
    """Return if the variable may hold the value.

    Raises:
        BadRequest: it is of another type, or too large.
    """
    fits = FITTING.get(variable.kind)
    if fits is None or not fits(value):
        raise BadRequest(
            f"Type mismatch: variable '{variable.name}' expects {variable.kind}, but got {_kind(value)} type"
        )
    if len(encode(value)) > LARGEST_VARIABLE:
        raise BadRequest(f"Too large: variable '{variable.name}' may have {LARGEST_VARIABLE} bytes as JSON.")


def _text(value: object) -> bool:
    return isinstance(value, str)


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: object) -> bool:
    return isinstance(value, float) or _whole(value)


def _boolean(value: object) -> bool:
    return isinstance(value, bool)


def _object(value: object) -> bool:
    return isinstance(value, dict)


def _any(value: object) -> bool:
    return value is not None


def _list(of: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(map(of, cast("list[object]", value)))


FITTING: Mapping[str, Callable[[object], bool]] = {
    "string": _text,
    "secret": _text,
    "number": _number,
    "integer": _whole,
    "float": _number,
    "boolean": _boolean,
    "object": _object,
    "array[any]": _list(_any),
    "array[string]": _list(_text),
    "array[number]": _list(_number),
    "array[object]": _list(_object),
    "array[boolean]": _list(_boolean),
}
KINDS = ("boolean", "string", "number", "object", "array[string]", "array[number]", "array[object]", "array[boolean]")


def _kind(value: object) -> str:
    """What a value that came in is called."""
    if value is None:
        return "none"
    if value == []:
        return "array[any]"
    return next((kind for kind in KINDS if FITTING[kind](value)), "array[any]")
