"""A browser for tests: Debian's Chromium, driven from outside, which notes all that should not happen.

Knows nothing of what pages show.
"""

import os
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct, field
from playwright.sync_api import Browser, Page, Request, sync_playwright

from tests.pages.building import packages

DESKTOP = {"viewport": {"width": 1280, "height": 860}}
PHONE = {"viewport": {"width": 390, "height": 780}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
SIZES = {"desktop": DESKTOP, "phone": PHONE}
WATCH = """
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
  console.error(`policy: ${violatedDirective} ${blockedURI}`));
"""
ARGUMENTS = [
    "--no-sandbox",  # of the browser's own: root may not use it, and these pages are ours
    "--disable-dev-shm-usage",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]


class Seen(Struct):
    """What went wrong in a page."""

    wrong: list[str] = field(default_factory=list[str])
    hosts: set[str] = field(default_factory=set[str])
    leaving: bool = False
    """Whether the page is being left: what it still read is broken off, as it should be."""


def chromium() -> str:
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    assert found, (
        "no Chromium here: run `make chromium` (as root; it comes from Debian), or say where one is by CHROMIUM"
    )
    return found


@contextmanager
def browsing() -> Generator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visiting(browser: Browser, **how: Any) -> Generator[tuple[Page, Seen]]:
    """A page of somebody who was never here before, and what goes wrong in it."""
    context = browser.new_context(locale="en-GB", **how)
    context.set_default_timeout(8_000)
    context.add_init_script(WATCH)
    seen = Seen()
    page = context.new_page()

    def failed(request: Request) -> None:
        if not seen.leaving:
            seen.wrong.append(f"failed: {request.method} {request.url} {request.failure}")

    page.on("console", lambda said: seen.wrong.append(said.text) if said.type in {"error", "warning"} else None)
    page.on("pageerror", lambda error: seen.wrong.append(f"thrown: {error}"))
    page.on("requestfailed", failed)
    page.on("response", lambda got: seen.wrong.append(f"{got.status} {got.url}") if got.status >= 400 else None)
    page.on("request", lambda sent: seen.hosts.add(urlsplit(sent.url).netloc) if sent.url.startswith("http") else None)
    try:
        yield page, seen
    finally:
        seen.leaving = True
        context.close()


def violations(page: Page) -> list[str]:
    """What axe finds that keeps people from using a page."""
    page.evaluate((packages() / "axe-core" / "axe.min.js").read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{one['id']}: {one['nodes'][0]['html']} {one['nodes'][0]['failureSummary']}"
        for one in found["violations"]
        if one["impact"] in {"serious", "critical"}
    ]


def measured(page: Page) -> tuple[int, float]:
    """The bytes on the wire, all of the page and what it asked; and the milliseconds to the first paint."""
    kinds = "['navigation', 'resource'].flatMap((kind) => performance.getEntriesByType(kind))"
    size: int = page.evaluate(f"{kinds}.reduce((sum, one) => sum + one.transferSize, 0)")
    painted: float = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    print(f"{size} bytes, first paint after {painted:.0f} ms")  # noqa: T201 -- shown with -s
    return size, painted
