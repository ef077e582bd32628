"""What the port `Uploads` promises on every store, and the files that go down with a message."""

import pytest
from msgspec import structs

from parlour.domain.files import Attachment, FileRef
from parlour.domain.message import Owner
from parlour.domain.uploads import Upload
from tests.conformance.samples import ANN, STRANGERS, Storage, a_conversation, a_message, messages_of

pytestmark = pytest.mark.anyio

UPLOAD = Upload("u1", ANN, "Grüße 漢字.png", 2**33, "png", "image/png", 1767000000.25)
SHOWN = (
    Attachment("f1", "image", "local_file", "", "u1", "Grüße 漢字.png", "image/png", 2**33),
    Attachment("f2", "document", "remote_url", "https://pages.example/a?b=“c”", "", "", "", 0),
)


async def test_an_upload_reads_back_for_its_owner_only(stores: Storage) -> None:
    await stores.uploads.add(UPLOAD)
    assert await stores.uploads.find(ANN, "u1") == UPLOAD
    assert await stores.uploads.find(ANN, "u2") is None
    for stranger in STRANGERS:
        assert await stores.uploads.find(stranger, "u1") is None


async def test_an_upload_is_attached_once_a_message_shows_it_and_no_longer_than_that(stores: Storage) -> None:
    other = structs.replace(UPLOAD, id="u2", owner=Owner("app-2", "bob"))
    for upload in (UPLOAD, other):
        await stores.uploads.add(upload)
    assert await stores.uploads.look_up("u3") is None
    before = await stores.uploads.look_up("u1")
    assert before is not None
    assert (before.upload, before.attached) == (UPLOAD, False)
    conversation = a_conversation()
    await stores.messages.open(structs.replace(a_message(conversation), files=SHOWN), conversation)
    during = [await stores.uploads.look_up(upload_id) for upload_id in ("u1", "u2")]
    assert [shown.attached for shown in during if shown] == [True, False]
    await stores.conversations.delete(ANN, conversation.id)
    after = await stores.uploads.look_up("u1")
    assert after is not None
    assert not after.attached


async def test_an_upload_in_the_inputs_of_a_message_is_attached_and_not_shown_by_it(stores: Storage) -> None:
    one, other = UPLOAD, structs.replace(UPLOAD, id="u2")
    for upload in (one, other):
        await stores.uploads.add(upload)
    file = FileRef("image", "local_file", upload_file_id="u1")
    listed = (FileRef("image", "remote_url", "https://pages.example/a"), structs.replace(file, upload_file_id="u2"))
    conversation = a_conversation()
    inputs: dict[str, object] = {"one": file, "list": listed, "text": "u1"}
    await stores.messages.open(structs.replace(a_message(conversation), inputs=inputs, files=SHOWN), conversation)
    (message,) = await messages_of(stores, conversation)
    assert message.files == SHOWN
    seen = [await stores.uploads.look_up(upload_id) for upload_id in ("u1", "u2")]
    assert [shown.attached for shown in seen if shown] == [True, True]


async def test_the_files_of_a_message_read_back_in_their_order_with_that_message_only(stores: Storage) -> None:
    conversation = a_conversation()
    first = structs.replace(a_message(conversation, 1.0), files=SHOWN)
    second = a_message(conversation, 2.0)
    third = structs.replace(a_message(conversation, 3.0), files=SHOWN[::-1])
    await stores.messages.open(first, conversation)
    for message in (second, third):
        await stores.messages.open(message, None)
    await stores.messages.close(structs.replace(first, answer="Fine.", status="normal", files=()))
    assert [message.files for message in await messages_of(stores, conversation)] == [SHOWN, (), SHOWN[::-1]]
