"""What the stores promise of an agent's message: its thoughts and its files, written with the answer."""

import pytest
from msgspec import structs

from parlour.domain.events import AgentThought
from parlour.domain.files import Attachment
from parlour.domain.message import Message
from parlour.domain.uploads import Upload
from tests.conformance.samples import ANN, Storage, a_conversation, a_message, answered, messages_of

pytestmark = pytest.mark.anyio

THOUGHTS = (
    AgentThought(
        id="t1",
        position=1,
        thought="Grüße “漢字” \\ \n 🙂",
        observation='{"say": "x"}',
        tool="say;paint",
        tool_labels={"say": {"en_US": "Say", "zh_Hans": "说"}},
        tool_input='{"say": {"word": "x"}}',
        message_files=("f1",),
        created_at=1767000000,
    ),
    AgentThought("t2", 2, "Done."),
)
SENT = Attachment("f0", "image", "local_file", "", "u0", "mine.png", "image/png", 3)
MADE = Attachment("f1", "image", "local_file", "", "u1", "owl.png", "image/png", 69, "assistant")


async def closed(stores: Storage) -> Message:
    """An agent's message that is kept: a picture was sent with it, and another made."""
    conversation = a_conversation()
    message = structs.replace(a_message(conversation), files=(SENT,))
    await stores.messages.open(message, conversation)
    message = structs.replace(answered(message), files=(SENT, MADE), thoughts=THOUGHTS)
    await stores.messages.close(message)
    return message


async def test_thoughts_and_files_of_an_answer_read_back_in_every_member(stores: Storage) -> None:
    message = await closed(stores)
    conversation = await stores.conversations.get(ANN, message.conversation_id)
    assert conversation is not None
    assert await messages_of(stores, conversation) == (message,)
    assert await stores.history.message(ANN, message.id) == message


async def test_an_answer_that_is_written_twice_has_its_files_once(stores: Storage) -> None:
    message = await closed(stores)
    await stores.messages.close(structs.replace(message, status="error", error="late"))
    again = await stores.history.message(ANN, message.id)
    assert again == structs.replace(message, status="error", error="late")


async def test_a_thread_has_the_thoughts_and_only_the_files_that_were_sent(stores: Storage) -> None:
    message = await closed(stores)
    thread = await stores.messages.thread(ANN, message.conversation_id, 10)
    assert thread is not None
    [said] = thread.exchanges
    assert said.thoughts == THOUGHTS
    assert [file.upload_file_id for file in said.files] == ["u0"]


async def test_a_message_without_an_agent_has_no_thoughts(stores: Storage) -> None:
    conversation = a_conversation()
    message = a_message(conversation)
    await stores.messages.open(message, conversation)
    await stores.messages.close(answered(message))
    assert await stores.history.message(ANN, message.id) == answered(message)
    assert answered(message).thoughts == ()


async def test_a_file_that_was_made_is_held_by_its_message_until_that_goes(stores: Storage) -> None:
    await stores.uploads.add(Upload("u1", ANN, "owl.png", 69, "png", "image/png", 1.0))
    message = await closed(stores)
    shown = await stores.uploads.look_up("u1")
    assert shown is not None
    assert shown.attached
    assert await stores.retention.uploads(99.0, 10) == ()
    await stores.conversations.delete(ANN, message.conversation_id)
    assert await stores.retention.uploads(99.0, 10) == ("u1",)
