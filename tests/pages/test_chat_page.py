"""The chat page in a real browser, against a real server with a scripted model."""

import json
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.pages.browsing import SIZES, Seen, measured, violations, visiting
from tests.pages.serving_pages import PNG_DOT, serving_pages
from tests.small_server import Quiet, answering

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.xdist_group("pages")]

DROPS = 70
"""Pieces of the slow answer."""
HOSTILE: list[str] = json.loads((Path(__file__).parent / "hostile.json").read_text())


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Generator[str]:
    with serving_pages(tmp_path_factory.mktemp("pages")) as found:
        yield found


def say(page: Page, text: str) -> None:
    page.get_by_label("Write a message").fill(text)
    page.keyboard.press("Enter")


def answers(page: Page) -> Locator:
    return page.locator(".answer")


def drops(page: Page) -> int:
    return answers(page).last.inner_text().count("drop")


def menu_of(page: Page, name: str, *, phone: bool) -> None:
    if phone:
        page.get_by_role("button", name="Conversations").click()
    page.get_by_role("button", name=f"Options of {name}").click()


@pytest.mark.parametrize("size", SIZES)
def test_a_first_time_visitor_walks_through_all_of_it(browser: Browser, address: str, size: str) -> None:
    with visiting(browser, **SIZES[size]) as (page, seen):
        page.goto(f"{address}/chat/talk")
        expect(page.get_by_role("heading", name="Almanac").first).to_be_visible()
        page.get_by_role("button", name="What is rain?").click()
        expect(page.locator("figure.code")).to_contain_text("def falls")
        expect(page.locator("figure.code .hljs-keyword").first).to_have_text("def")
        expect(page.get_by_role("button", name="Why is it wet?")).to_be_visible()
        stops_and_asks_anew(page)
        sends_a_picture(page)
        reloads_in_the_middle(page, seen)
        opens_a_source(page)
        names_and_deletes(page, phone=size == "phone")
        assert seen.wrong == []
        assert seen.hosts == {urlsplit(address).netloc}


def stops_and_asks_anew(page: Page) -> None:
    say(page, "slow, please")
    expect(answers(page).last).to_contain_text("drop drop")
    page.get_by_role("button", name="Stop").click()
    expect(answers(page).last).to_contain_text("Stopped")
    assert 2 <= drops(page) < DROPS
    page.get_by_role("button", name="Answer anew").last.click()
    expect(page.get_by_role("group", name="Version 2 of 2")).to_be_visible(timeout=15_000)
    assert drops(page) == DROPS
    page.get_by_role("button", name="Earlier version").click()
    expect(page.get_by_role("group", name="Version 1 of 2")).to_be_visible()
    assert drops(page) < DROPS
    page.get_by_role("button", name="Later version").click()


def sends_a_picture(page: Page) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="Add files").click()
    chooser.value.set_files({"name": "dot.png", "mimeType": "image/png", "buffer": PNG_DOT})
    expect(page.locator(".drafts img")).to_be_visible()
    expect(page.locator(".drafts .sending")).to_have_count(0)
    say(page, "look at this")
    expect(answers(page).last).to_contain_text("A dot, I think.")
    expect(page.locator(".asked .picture")).to_have_js_property("naturalWidth", 1)


def reloads_in_the_middle(page: Page, seen: Seen) -> None:
    say(page, "slow once more")
    expect(answers(page).last).to_contain_text("drop drop")
    seen.leaving = True
    page.reload()
    expect(answers(page).last).to_contain_text("drop")
    seen.leaving = False
    before = drops(page)
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    expect(page.get_by_role("button", name="Send")).to_be_visible(timeout=15_000)
    assert before < drops(page) == DROPS, "it was there when the page came back, and the rest has come"
    expect(page.locator(".asked .picture")).to_have_js_property("naturalWidth", 1)


def opens_a_source(page: Page) -> None:
    say(page, "How much leave do I have?")
    page.get_by_role("button", name="Handbook.md").last.click()
    expect(page.get_by_role("dialog")).to_contain_text("thirty days of leave")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    good = page.get_by_role("button", name="Good answer").last
    with page.expect_response("**/feedbacks"):
        good.click()
    expect(good).to_have_attribute("aria-pressed", "true")


def names_and_deletes(page: Page, *, phone: bool) -> None:
    menu_of(page, "A first talk", phone=phone)
    page.get_by_role("button", name="Rename").click()
    page.get_by_label("Rename").fill("All about rain")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="All about rain", exact=True)).to_be_visible()
    page.reload()
    expect(page.get_by_role("button", name="Good answer").last).to_have_attribute("aria-pressed", "true")
    menu_of(page, "All about rain", phone=phone)
    page.get_by_role("button", name="Delete").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.get_by_text("No conversations yet")).to_be_attached()
    expect(page.get_by_role("button", name="What is rain?")).to_be_visible()


def test_two_visitors_see_nothing_of_each_other(browser: Browser, address: str) -> None:
    with visiting(browser) as (ann, seen), visiting(browser) as (bob, _):
        ann.goto(f"{address}/chat/echo")
        say(ann, "a secret of Ann")
        expect(answers(ann).last).to_contain_text("a secret of Ann")
        bob.goto(ann.url)
        expect(bob.get_by_text("No conversations yet")).to_be_visible()
        expect(bob.get_by_text("a secret of Ann")).to_have_count(0)
        assert seen.wrong == []


def test_an_agent_and_a_flow_show_what_they_do(browser: Browser, address: str) -> None:
    with visiting(browser) as (page, seen):
        page.goto(f"{address}/chat/agent")
        say(page, "Please reckon 17 * 3")
        page.get_by_text("Used eval_expression").click()
        expect(page.locator(".thought pre").last).to_contain_text("51")
        expect(answers(page).last).to_contain_text("It is 51.")
        say(page, "Please draw 1 and 2")
        expect(answers(page).last).to_contain_text("Here it is.")
        picture = answers(page).last.get_by_role("img")
        expect(picture).to_have_js_property("complete", value=True)
        assert picture.evaluate("(found) => found.naturalWidth") > 100

        page.goto(f"{address}/chat/flow")
        page.get_by_role("button", name="Start").click()
        expect(page.get_by_label("Topic")).to_have_attribute("aria-invalid", "true")
        page.get_by_label("Topic").fill("Rivers")
        page.get_by_role("button", name="Start").click()
        say(page, "Speak")
        expect(answers(page).last).to_contain_text("A few words on that.")
        page.get_by_text("4 steps").click()
        expect(page.locator(".steps li.succeeded")).to_have_count(4)

        page.goto(f"{address}/chat/run")
        page.get_by_label("Topic").fill("Rivers")
        page.get_by_role("button", name="Run").click()
        expect(answers(page).last).to_contain_text("A few words on that.")
        assert seen.wrong == []


def test_it_speaks_chinese_and_is_dark_when_it_is_told_so(browser: Browser, address: str) -> None:
    with visiting(browser) as (page, seen):
        page.goto(f"{address}/chat/talk")
        page.get_by_role("button", name="中文").click()
        expect(page.get_by_label("输入消息")).to_be_visible()
        page.get_by_role("button", name="外观：跟随系统").or_(page.get_by_role("button", name="外观: 跟随系统")).click()
        page.get_by_role("button", name="外观: 浅色").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.reload()
        expect(page.get_by_label("输入消息")).to_be_visible()
        expect(page.locator("html[lang=zh-Hans][data-theme=dark]")).to_be_attached()
        assert seen.wrong == []


def test_hostile_answers_questions_names_and_files_do_nothing(browser: Browser, address: str) -> None:
    """The model repeats what it is asked: every attempt stands in a question and in an answer."""
    with visiting(browser) as (page, seen):
        page.goto(f"{address}/chat/echo")
        for number, attempt in enumerate(HOSTILE, 1):
            say(page, attempt)
            expect(page.locator(".answer:not(.running)")).to_have_count(number)
        menu_of(page, "A first talk", phone=False)
        page.get_by_role("button", name="Rename").click()
        page.get_by_label("Rename").fill(HOSTILE[1])
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name=HOSTILE[1], exact=True)).to_be_visible()
        page.reload()
        expect(answers(page)).to_have_count(len(HOSTILE))
        for link in page.locator(".answer a").all():
            assert (link.get_attribute("href") or "").startswith(("http://", "https://", "mailto:"))
            assert link.get_attribute("rel") == "noopener noreferrer nofollow"
        for tag in ("script", "iframe", "form", "input", "style", "object", "embed", "video", "svg:not(.icon)", "img"):
            assert page.locator(f".answer {tag}").count() == 0, tag
        assert page.locator(".answer [id], .answer [name], .answer [style], .answer [onerror]").count() == 0
        for fold in page.locator(".answer summary").all():
            fold.click()
        assert page.evaluate("window.hit") is None
        assert seen.wrong == []
        assert seen.hosts == {urlsplit(address).netloc}


def test_a_picture_elsewhere_is_a_link_that_says_so(browser: Browser, address: str) -> None:
    """The page may show nothing of another host: a click opens it in a tab of its own."""
    with visiting(browser) as (page, seen):
        page.goto(f"{address}/chat/echo")
        say(page, "![A cat](https://elsewhere.test/cat.png) ![](https://elsewhere.test/dog.png)")
        said = "Picture on elsewhere.test, not shown: open it there"
        named = page.locator(".answer").get_by_role("link", name=f"A cat · {said}", exact=True)
        expect(named).to_have_attribute("href", "https://elsewhere.test/cat.png")
        expect(named).to_have_attribute("target", "_blank")
        expect(page.locator(".answer").get_by_role("link", name=said, exact=True)).to_be_visible()
        assert not seen.wrong
        assert seen.hosts == {address.removeprefix("http://")}


def test_a_change_of_language_tells_nothing_of_before(browser: Browser, address: str) -> None:
    with visiting(browser) as (page, _):
        page.goto(f"{address}/chat/echo")
        say(page, "Hello")
        expect(page.get_by_role("button", name="Answer anew")).to_be_visible()
        page.get_by_role("button", name="中文").click()
        expect(page.get_by_role("button", name="重新回答")).to_be_visible()
        expect(page.locator(".notice")).to_have_count(0)


def test_a_hostile_page_of_ours_could_not_do_anything_either(browser: Browser, address: str) -> None:
    """The policy of the page, by itself: what would get past the cleaning is stopped by the browser."""
    with visiting(browser) as (page, seen):
        page.goto(f"{address}/chat/echo")
        for attempt in (
            "document.body.append(Object.assign(document.createElement('script'), {text: 'window.hit=1'}))",
            "document.body.innerHTML = '<img src=x onerror=window.hit=1>'",
            "document.body.append(Object.assign(new Image(), {src: 'https://evil.test/steal.png'}))",
            "fetch('https://evil.test/steal').catch(() => 0)",
        ):
            page.evaluate(f"() => {{ try {{ {attempt} }} catch (error) {{ console.error(`policy: ${{error}}`) }} }}")
        assert page.evaluate("window.hit") is None
        stopped = [wrong for wrong in seen.wrong if wrong.startswith("policy:")]
        for word in ("HTMLScriptElement", "TrustedHTML", "img-src", "connect-src"):
            assert any(word in one for one in stopped), (word, stopped)
        failed = [wrong for wrong in seen.wrong if wrong.startswith("failed:")]
        assert failed
        assert all(wrong.endswith("csp") for wrong in failed), failed


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("desktop", "dark"), ("phone", "light")])
def test_axe_finds_nothing_serious(browser: Browser, address: str, size: str, scheme: str) -> None:
    with visiting(browser, **SIZES[size], color_scheme=scheme, bypass_csp=True) as (page, _):
        page.goto(f"{address}/chat/talk")
        expect(page.get_by_role("button", name="What is rain?")).to_be_visible()
        assert violations(page) == []
        page.get_by_role("button", name="What is rain?").click()
        expect(page.get_by_role("button", name="Why is it wet?")).to_be_visible()
        assert violations(page) == []
        page.get_by_role("button", name="Handbook.md").click()
        assert violations(page) == []
        page.goto(f"{address}/chat/agent")
        say(page, "Please reckon 17 * 3")
        page.get_by_text("Used eval_expression").click()
        assert violations(page) == []
        page.goto(f"{address}/chat/flow")
        page.get_by_role("button", name="Start").click()
        assert violations(page) == []


def test_it_is_small_and_there_at_once(browser: Browser, address: str) -> None:
    with visiting(browser) as (page, seen):
        page.goto(f"{address}/chat/talk")
        expect(page.get_by_role("button", name="What is rain?")).to_be_visible()
        size, painted = measured(page)
        assert 20_000 < size < 150_000
        assert painted < 1000
        assert seen.wrong == []


def test_it_can_be_used_without_a_mouse(browser: Browser, address: str) -> None:
    with visiting(browser) as (page, seen):
        page.goto(f"{address}/chat/talk")
        expect(page.get_by_label("Write a message")).to_be_focused()
        page.keyboard.type("slow")
        page.keyboard.press("Enter")
        expect(page.get_by_role("status")).to_have_text("Answering")
        expect(answers(page).last).to_contain_text("drop")
        page.keyboard.press("Escape")
        expect(page.get_by_role("status")).to_have_text("Stopped")
        page.keyboard.press("Shift+Tab")
        assert page.evaluate("document.activeElement.getAttribute('aria-label')") == "Add files"
        assert seen.wrong == []


@contextmanager
def site(body: str) -> Generator[str]:
    """Another site, of one page."""

    class Answer(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html")
            self.end_headers()
            self.wfile.write(f"<!doctype html><title>A site</title><link rel=icon href='data:,'>{body}".encode())

    with answering(Answer) as port:
        yield f"http://localhost:{port}"


def line(address: str) -> str:
    return f'<script src="{address}/chat/embed.js" data-app="talk" defer></script>'


def test_a_site_that_nobody_has_named_shows_nothing_of_a_page(browser: Browser, address: str) -> None:
    with site(line(address)) as other, visiting(browser) as (page, _):
        page.goto(other)
        with page.expect_console_message(lambda said: said.type == "error" and "frame-ancestors" in said.text):
            page.get_by_role("button", name="Chat").click()
        expect(page.locator("iframe")).to_be_visible()
        expect(page.frame_locator("iframe").get_by_label("Write a message")).to_have_count(0)


def test_one_line_of_script_shows_it_within_a_site_that_was_named(browser: Browser, tmp_path: Path) -> None:
    settings = '[server]\nembed_in = ["http://localhost:*"]\n'
    with serving_pages(tmp_path, settings) as named, site(line(named)) as other, visiting(browser) as (page, seen):
        page.goto(other)
        page.get_by_role("button", name="Chat").click()
        frame = page.frame_locator("iframe")
        frame.get_by_role("button", name="How many days of leave do I have?").click()
        expect(frame.locator(".answer").last).to_contain_text("Thirty days in a year.")
        assert seen.wrong == []
