"""Variables of a conversation: what is asked of them (contract 5.5). Knows no values: only flows have some."""

import re
from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from parlour.domain.problems import InvalidParam
from parlour.wire import body as read
from parlour.wire.bodies import Seconds
from parlour.wire.body import DEFAULT_USER
from parlour.wire.encode import encode
from parlour.wire.operation import Operation
from parlour.wire.queries import Limit, User, whole

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
        limit=whole(query, "limit", default=20, least=1, most=100),
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


def empty_page(limit: int) -> bytes:
    """Of a conversation without variables."""
    return encode(VariablesPage(limit, has_more=False, data=()))
