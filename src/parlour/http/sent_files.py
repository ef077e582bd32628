"""The files that a request names, looked up: whose they are, what they are, and what a model is given of them.

Knows no store. An upload of another user, or of another app, reads as one that is not there (contract 6.1).
"""

import re
from typing import cast, get_args

from msgspec import structs

from parlour.domain.app import App, EasyApp, Field
from parlour.domain.files import Attachment, FileRef, FileRules, type_of
from parlour.domain.message import Conversation, Message, Owner, Page
from parlour.domain.problems import ContentUnavailable, InvalidParam
from parlour.domain.turn import Ask
from parlour.http.house import House
from parlour.wire import file_inputs
from parlour.wire.encode import clean_text
from parlour.wire.uploads import extension_of, shortened

ADDRESS = re.compile(
    r"/files/(?:([0-9a-f-]{36})/file-preview|tools/([0-9a-f-]{36})\.(\w+))"
    r"\?timestamp=[0-9]+&nonce=[0-9a-f]+&sign=[A-Za-z0-9_%=-]+"
)
"""Of a file that a flow has made, as it stands in an answer."""


async def sent(house: House, app: App, ask: Ask) -> Ask:
    """The same with the files of the message found, their names and types told.

    Raises:
        InvalidParam: a file is not there, or the app does not take it.
    """
    owner, rules = Owner(app.card.id, ask.user), app.features.files
    known = [await found(house, app, owner, file, rules, "files") for file in ask.files]
    return structs.replace(ask, files=tuple(known))


async def looked_up(house: House, app: App, ask: Ask) -> Ask:
    """The same with the files of the form found, too, and what the model is to see read.

    Raises:
        InvalidParam: a file is not there, the app does not take it, or its content cannot be used.
    """
    owner = Owner(app.card.id, ask.user)
    inputs = {
        field.variable: await filled(house, app, owner, field, ask.inputs.get(field.variable)) for field in app.form
    }
    shown = ask.files
    if isinstance(app, get_args(EasyApp)):  # a flow's nodes read what they want, when they want it
        shown = tuple([await with_data(house, app, file) for file in ask.files])
    return structs.replace(ask, inputs=inputs, files=shown)


async def filled(house: House, app: App, owner: Owner, field: Field, value: object) -> object:
    """The value of one variable of a form, with the files in it found."""
    if isinstance(value, FileRef):
        return await found(house, app, owner, value, field.files, field.variable)
    if field.kind == "file-list" and isinstance(value, tuple):
        several = cast("tuple[FileRef, ...]", value)
        return tuple([await found(house, app, owner, file, field.files, field.variable) for file in several])
    return value


async def found(house: House, app: App, owner: Owner, file: FileRef, rules: FileRules, field: str) -> FileRef:
    """The file with what is known of its upload, or what its address says of it.

    Raises:
        InvalidParam: it is not there, or is not taken here.
    """
    known = await (uploaded(house, owner, file, field) if file.upload_file_id else remote(house, app, file, field))
    if file.type != "custom":
        return known
    extension = extension_of(known.name)
    if rules.extensions and f".{extension}" not in rules.extensions:
        raise InvalidParam(
            f"{field}: file validation failed for {known.name}: the extension {extension or '(none)'} "
            "is not allowed here.",
            params=field,
        )
    return structs.replace(known, type=type_of(known.name, known.mime_type))


async def uploaded(house: House, owner: Owner, file: FileRef, field: str) -> FileRef:
    upload = await house.uploads.find(owner, file.upload_file_id)
    if upload is None:
        raise InvalidParam(
            f"{field}: invalid upload file: this user has no upload {file.upload_file_id} in this app. "
            "A file belongs to the `user` and the app that it was uploaded with.",
            params=field,
        )
    return structs.replace(file, name=upload.name, mime_type=upload.mime_type, size=upload.size)


async def remote(house: House, app: App, file: FileRef, field: str) -> FileRef:
    try:
        told = await house.contents.describe(file.url, app.card.name)
    except ContentUnavailable as failed:
        raise refusal(field, file.url, failed) from None
    return structs.replace(file, name=shortened(clean_text(told.name)), mime_type=told.mime_type, size=told.size)


async def with_data(house: House, app: App, file: FileRef) -> FileRef:
    """The file with what a model is given of it: a picture to see, a document to read.

    Raises:
        InvalidParam: it cannot be given; the message names the file.
    """
    try:
        return structs.replace(file, data=await house.contents.shown(file, app.card.name))
    except ContentUnavailable as failed:
        raise refusal("files", file.name, failed) from None


def refusal(field: str, name: str, failed: ContentUnavailable) -> InvalidParam:
    return InvalidParam(f"{field}: {name[:200]} cannot be used. {failed.message}", params=field)


async def addressed(house: House, page: Page[Message], base: str) -> Page[Message]:
    """The messages with an address for each upload in them, valid from now on."""
    return Page(tuple([await readable(house, message, base) for message in page.items]), page.has_more)


async def readable(house: House, message: Message, base: str) -> Message:
    files = tuple(
        structs.replace(file, url=address_of(house, file, base)) if file.upload_file_id else file
        for file in message.files
    )
    answer = await signed_again(house, message.owner, message.answer)
    return structs.replace(message, answer=answer, files=files, inputs=await inputs_of(house, message, base))


def address_of(house: House, file: Attachment, base: str) -> str:
    if file.belongs_to == "assistant":
        return house.signer.made_address(base, file.upload_file_id, extension_of(file.name))
    return house.signer.address(base, file.upload_file_id)


async def signed_again(house: House, owner: Owner, answer: str) -> str:
    """The answer with the addresses in it valid from now on: those of its owner's uploads (contract 5.3)."""
    named = dict.fromkeys(place[1] or place[2] for place in ADDRESS.finditer(answer))
    own = {one for one in named if await house.uploads.find(owner, one) is not None}

    def again(place: re.Match[str]) -> str:
        sent, made, extension = place.groups()
        if (sent or made) not in own:
            return place[0]
        return house.signer.address("", sent) if sent else house.signer.made_address("", made, extension)

    return ADDRESS.sub(again, answer)


async def inputs_of(house: House, kept: Message | Conversation, base: str) -> dict[str, object]:
    """The inputs of what was kept, with their files as clients see them; an address only for an upload of its owner."""
    named = dict.fromkeys(file_inputs.uploads(kept.inputs))
    own = [upload_id for upload_id in named if await house.uploads.find(kept.owner, upload_id) is not None]
    return file_inputs.shown(kept.inputs, {upload_id: house.signer.address(base, upload_id) for upload_id in own})
