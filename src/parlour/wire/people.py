"""An end user as clients see one (contract 5.9). Does not know where they are kept."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from parlour.domain.ids import NIL
from parlour.domain.people import EndUser
from parlour.wire.body import DEFAULT_USER
from parlour.wire.encode import encode
from parlour.wire.operation import Operation
from parlour.wire.times import moment


class EndUserBody(Struct):
    """A user of the app. `external_user_id` is the name that requests come with."""

    id: str
    tenant_id: str
    app_id: str
    type: Literal["service-api"]
    external_user_id: str
    name: str | None
    is_anonymous: bool
    session_id: str
    created_at: datetime
    updated_at: datetime


OPERATIONS = (
    Operation(
        method="get",
        path="/v1/end-users/{end_user_id}",
        id="getEndUser",
        summary="Who a user of the app is",
        tag="App",
        response=EndUserBody,
    ),
)


def end_user(found: EndUser) -> bytes:
    since = moment(found.created_at)
    return encode(
        EndUserBody(
            id=found.id,
            tenant_id=NIL,  # there are no workspaces here
            app_id=found.owner.app_id,
            type="service-api",
            external_user_id=found.owner.user,
            name=None,
            is_anonymous=found.owner.user == DEFAULT_USER,
            session_id=found.owner.user,
            created_at=since,
            updated_at=since,
        )
    )
