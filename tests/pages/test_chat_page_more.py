"""What the chat page does besides: a lost connection, files by drop and paste, voices, and forms."""

import re
from collections.abc import Generator

import pytest
from playwright.sync_api import Browser, expect

from tests.pages.browsing import visiting
from tests.pages.cutting import cutting
from tests.pages.serving_pages import PNG_DOT, serving_pages
from tests.pages.speaking import HEARD, speaking
from tests.pages.test_chat_page import DROPS, answers, drops, say

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.xdist_group("pages")]

DROP = """(bytes) => {
  const moved = new DataTransfer();
  moved.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" }));
  for (const name of ["dragover", "drop"])
    document.body.dispatchEvent(new DragEvent(name, { dataTransfer: moved, bubbles: true, cancelable: true }));
}"""
PASTE = """(bytes) => {
  const pasted = new DataTransfer();
  pasted.items.add(new File([new Uint8Array(bytes)], "pasted.png", { type: "image/png" }));
  document.getElementById("message").dispatchEvent(
    new ClipboardEvent("paste", { clipboardData: pasted, bubbles: true, cancelable: true }));
}"""


@pytest.fixture(scope="module")
def voice() -> Generator[tuple[str, list[tuple[str, bytes]]]]:
    with speaking() as found:
        yield found


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, voice: tuple[str, object]) -> Generator[str]:
    provider = f'[providers.spoken]\nkind = "openai_compatible"\nbase_url = "{voice[0]}"\napi_key = "x"\n'
    settings = '[voice]\nspeech = "spoken/tts"\ntranscription = "spoken/stt"\n' + provider
    with serving_pages(tmp_path_factory.mktemp("pages"), settings) as found:
        yield found


def test_a_connection_that_is_lost_is_taken_up_where_it_broke(browser: Browser, address: str) -> None:
    with cutting(address) as between, visiting(browser) as (page, seen):
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url) if "/events" in request.url else None)
        page.goto(f"{between.address}/chat/echo")
        say(page, "slow")
        expect(answers(page).last).to_contain_text("drop drop drop")
        between.cut()
        expect(page.get_by_role("button", name="Send")).to_be_visible(timeout=15_000)
        assert drops(page) == DROPS, "nothing twice, and nothing left out"
        [again] = asked
        assert int(re.findall(r"after=(\d+)", again)[0]) >= 3
        assert not [wrong for wrong in seen.wrong if "/v1/chat-messages" not in wrong and "ERR_" not in wrong]


def test_who_looks_elsewhere_meanwhile_comes_back_to_the_whole_answer(browser: Browser, address: str) -> None:
    with visiting(browser) as (page, seen):
        page.goto(f"{address}/chat/echo")
        say(page, "slow")
        expect(answers(page).last).to_contain_text("drop drop drop")
        seen.leaving = True
        page.get_by_role("button", name="New chat").click()
        expect(answers(page)).to_have_count(0)
        seen.leaving = False
        page.locator(".sidebar .name").click()
        expect(page.get_by_role("button", name="Stop")).to_be_visible()
        expect(page.get_by_role("button", name="Send")).to_be_visible(timeout=15_000)
        assert drops(page) == DROPS
        assert seen.wrong == []


def test_files_are_dropped_and_pasted_and_a_wrong_one_is_refused(browser: Browser, address: str) -> None:
    with visiting(browser) as (page, seen):
        page.goto(f"{address}/chat/talk")
        expect(page.get_by_role("button", name="What is rain?")).to_be_visible()
        page.evaluate(DROP, list(PNG_DOT))
        expect(page.get_by_role("img", name="dropped.png")).to_be_visible()
        page.evaluate(PASTE, list(PNG_DOT))
        expect(page.get_by_role("img", name="pasted.png")).to_be_visible()
        page.get_by_role("button", name="Remove dropped.png").click()
        expect(page.get_by_role("img", name="dropped.png")).to_have_count(0)
        with page.expect_file_chooser() as chooser:
            page.get_by_role("button", name="Add files").click()
        chooser.value.set_files({"name": "bad.exe", "mimeType": "application/octet-stream", "buffer": b"MZ"})
        expect(page.get_by_text("bad.exe: this kind of file is not taken here.").last).to_be_visible()
        say(page, "look")
        expect(page.locator(".asked .picture")).to_have_count(1)
        assert seen.wrong == []


def test_it_reads_aloud_and_writes_down_what_is_said(
    browser: Browser, address: str, voice: tuple[str, list[tuple[str, bytes]]]
) -> None:
    with visiting(browser) as (page, seen):
        page.goto(f"{address}/chat/voice")
        page.get_by_role("button", name="Speak").click()
        page.get_by_role("button", name="Listening").click()
        expect(page.get_by_label("Write a message")).to_have_value(HEARD)
        page.keyboard.press("Enter")
        say(page, HEARD)
        expect(answers(page).last).to_contain_text(HEARD)
        page.get_by_role("button", name="Read aloud").last.click()
        expect(page.get_by_role("button", name="Stop reading")).to_be_visible()
        expect(page.get_by_role("button", name="Read aloud").last).to_be_visible()
        assert [path.rpartition("/")[2] for path, _ in voice[1]] == ["transcriptions", "speech"]
        assert seen.wrong == []


def test_an_answer_is_not_read_aloud_by_a_voice_that_comes_after_the_stop(browser: Browser, address: str) -> None:
    with visiting(browser) as (page, seen):
        page.goto(f"{address}/chat/voice")
        say(page, "Hello")
        page.route("**/v1/text-to-audio", lambda _: None)  # it never comes
        page.get_by_role("button", name="Read aloud").click()
        with page.expect_event("requestfailed"):
            page.get_by_role("button", name="Stop reading").click()
        expect(page.get_by_role("button", name="Read aloud")).to_be_visible()
        expect(page.get_by_role("status")).not_to_contain_text("abort")
        assert all("text-to-audio" in wrong for wrong in seen.wrong)


def test_a_flow_that_asks_goes_on_when_it_is_answered(browser: Browser, address: str) -> None:
    with visiting(browser) as (page, seen):
        page.goto(f"{address}/chat/ask")
        say(page, "the letter")
        form = page.get_by_role("region", name="This is waiting for you")
        expect(form).to_contain_text("Send the letter?")
        seen.leaving = True
        page.reload()
        expect(form).to_contain_text("Send the letter?")
        seen.leaving = False
        form.get_by_role("textbox").fill("with love")
        form.get_by_role("button", name="Send").click()
        expect(answers(page).last).to_contain_text("One moment. Sent: with love")
        expect(form).to_have_count(0)
        assert seen.wrong == []
