"""Pictures of the pages for the docs: `make screenshots`. Knows nothing of what is right about them: look at them.

A real browser on a real server, with a scripted model, so that they are the same until a page changes.
"""

import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.pages.browsing import PHONE, browsing, visiting
from tests.pages.serving_pages import serving_pages
from tests.pages.serving_runs import furnish, serving_runs

PLACE = Path(__file__).resolve().parents[2] / "docs" / "pictures"
DESKTOP = {"viewport": {"width": 1200, "height": 860}, "device_scale_factor": 1.5}


def chat(page: Page, address: str) -> None:
    """A conversation with the apps that show most."""
    page.goto(f"{address}/chat/talk")
    page.get_by_role("button", name="What is rain?").click()
    expect(page.get_by_role("button", name="Why is it wet?")).to_be_visible()
    page.locator(".transcript").evaluate("(found) => found.scrollTo(0, 0)")
    page.mouse.move(0, 0)


def flow(page: Page, address: str) -> None:
    page.goto(f"{address}/chat/flow")
    page.get_by_label("Topic").fill("Rivers")
    page.get_by_role("button", name="Start").click()
    page.get_by_label("Write a message").fill("Say something")
    page.keyboard.press("Enter")
    expect(page.locator(".answer")).to_contain_text("A few words on that.")
    expect(page.get_by_role("button", name="Answer anew")).to_be_visible()
    page.get_by_text("4 steps").click()
    page.mouse.move(0, 0)


SHOTS: dict[str, tuple[Callable[[Page, str], None], dict[str, object]]] = {
    "chat-light": (chat, {**DESKTOP, "color_scheme": "light"}),
    "chat-dark": (chat, {**DESKTOP, "color_scheme": "dark"}),
    "chat-phone": (flow, {**PHONE, "color_scheme": "dark"}),
}
"""How each picture of the chat page comes about."""


def failure(page: Page, failed: str) -> None:
    page.goto(f"{page.url.partition('#')[0]}#/run/{failed}")
    expect(page.locator("g.box.failed")).to_be_in_viewport()


def answer(page: Page, _: str) -> None:
    page.get_by_role("combobox", name="App").select_option("reckon")
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_role("link", name="succeeded").click()
    expect(page.get_by_role("region", name="Steps of the agent")).to_be_visible()
    page.mouse.move(0, 0)


def dashboard(page: Page, _: str) -> None:
    page.goto(f"{page.url.partition('#')[0]}#/dashboard?since=hour")
    expect(page.locator("figure.chart").first).to_be_visible()


SHOTS_OF_RUNS: dict[str, tuple[Callable[[Page, str], None], dict[str, object]]] = {
    "runs-light": (failure, {**DESKTOP, "color_scheme": "light"}),
    "runs-dark": (failure, {**DESKTOP, "color_scheme": "dark"}),
    "runs-phone": (answer, {**PHONE, "color_scheme": "light"}),
    "answer-light": (answer, {**DESKTOP, "color_scheme": "light"}),
    "dashboard-dark": (dashboard, {**DESKTOP, "color_scheme": "dark"}),
}
"""Of the operator's, which is signed in to; the second word is the run that failed."""


def small(picture: bytes) -> bytes:
    """The same in 256 colours: a third of the bytes."""
    found = BytesIO()
    Image.open(BytesIO(picture)).convert("RGB").quantize(256).save(found, "PNG", optimize=True)
    return found.getvalue()


def operator() -> None:
    with tempfile.TemporaryDirectory() as folder, serving_runs(Path(folder)) as place, browsing() as browser:
        failed = furnish(place)
        for name, (show, how) in SHOTS_OF_RUNS.items():
            with visiting(browser, **how) as (page, _):
                page.goto(f"{place.address}/runs")
                page.get_by_label("Operator's key").fill(place.admin)
                page.get_by_role("button", name="Sign in").click()
                expect(page.get_by_role("table")).to_be_visible()
                show(page, failed)
                (PLACE / f"{name}.png").write_bytes(small(page.screenshot(animations="disabled")))


def main() -> None:
    PLACE.mkdir(parents=True, exist_ok=True)
    operator()
    with tempfile.TemporaryDirectory() as folder, serving_pages(Path(folder)) as address, browsing() as browser:
        for name, (show, how) in SHOTS.items():
            with visiting(browser, **how) as (page, _):
                show(page, address)
                (PLACE / f"{name}.png").write_bytes(small(page.screenshot(animations="disabled")))


if __name__ == "__main__":
    main()
