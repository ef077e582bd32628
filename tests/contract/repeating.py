"""Requests with an `Idempotency-Key`, for tests. Knows no store."""

from collections.abc import Mapping

from msgspec import structs

from parlour.domain.claim import Claim
from parlour.wire import repeats
from tests.conformance.samples import a_conversation, a_message
from tests.front_door import Reply
from tests.houses import NOBODY, Place

CHAT = "/v1/chat-messages"


async def begun_elsewhere(place: Place, body: Mapping[str, object]) -> Reply:
    """The reply to a request whose message somebody else has begun, and nobody here knows the end of."""
    headers = {repeats.HEADER: "begun elsewhere"}
    app, repeat = place.house.catalogue.all()[0], repeats.parse(headers, body)
    assert repeat is not None
    conversation = structs.replace(a_conversation(), name="begun elsewhere")
    owner = structs.replace(conversation.owner, app_id=app.card.id, user=str(body["user"]))
    conversation = structs.replace(conversation, owner=owner)
    message = a_message(conversation)
    claim = Claim(owner, repeat, NOBODY, message.id, place.house.now())
    await place.storage.messages.open(message, conversation, claim)
    return await place.door.request("POST", CHAT, json_body=body, headers=headers)
