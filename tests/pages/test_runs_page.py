"""The operator's page in a real browser, against a real server with real runs behind it."""

import json
from collections.abc import Generator
from pathlib import Path

import pytest
from msgspec import Struct
from playwright.sync_api import Browser, Page, Route, expect

from tests.dsl.dsl_samples import CORPUS, needs_corpus
from tests.pages.browsing import DESKTOP, SIZES, measured, violations, visiting
from tests.pages.building import CACHE
from tests.pages.serving_runs import Place, furnish, serving_runs

pytestmark = [pytest.mark.slow, pytest.mark.browser, pytest.mark.timeout(120), pytest.mark.xdist_group("pages")]

REAL = CORPUS / "svcvit__Awesome-Dify-Workflow" / "translation_workflow.yml"
OVERLOADED = "[openai] the provider is overloaded: too many requests"
SHOTS = CACHE.parent / "screenshots"


class House(Struct):
    place: Place
    failed: str
    """The id of the run that failed."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Generator[House]:
    more = {"real": REAL.read_text()} if REAL.is_file() else {}
    with serving_runs(tmp_path_factory.mktemp("runs"), more) as place:
        yield House(place, furnish(place))


def sign_in(page: Page, house: House, where: str = "") -> None:
    page.goto(f"{house.place.address}/runs{where}")
    page.get_by_label("Operator's key").fill(house.place.admin)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


@pytest.mark.parametrize("size", SIZES)
def test_an_operator_finds_the_run_that_failed_and_sees_where(browser: Browser, house: House, size: str) -> None:
    with visiting(browser, **SIZES[size]) as (page, seen):
        sign_in(page, house)
        rows = page.get_by_role("row")
        expect(rows.nth(12)).to_be_visible()
        page.get_by_label("Status").select_option("failed")
        expect(rows).to_have_count(2)
        expect(rows.nth(1)).to_contain_text(OVERLOADED)
        page.get_by_role("link", name="failed").click()
        box = page.locator("[data-node=better]")
        expect(box).to_contain_text("Improve the translati…llmfailed")
        expect(box).to_have_attribute("aria-description", OVERLOADED)
        expect(box).to_be_in_viewport()
        expect(page.locator("[data-node=kind]")).to_have_class("box idle")
        expect(page.locator("[data-node=strict]")).to_have_class("box succeeded")
        red = box.locator("rect").evaluate("(one) => getComputedStyle(one).stroke")
        assert red == "rgb(163, 38, 38)"
        assert page.locator("path.way.taken").count() == 5
        page.get_by_role("button", name="Where it failed: Improve the translation").click()
        panel = page.get_by_role("region", name="Improve the translation")
        expect(panel).to_contain_text(OVERLOADED)
        expect(panel).to_contain_text("improve by - The tone is stiff.: a letter with a poem")
        assert page.locator(".timeline li").count() == 6
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
        assert not seen.wrong
        assert seen.hosts == {house.place.address.removeprefix("http://")}


def test_a_wrong_key_is_told_and_a_right_one_stays_in_its_tab(browser: Browser, house: House) -> None:
    with visiting(browser, **DESKTOP) as (page, seen):
        page.goto(f"{house.place.address}/runs")
        for wrong in ("admin-nobody", "app-translate-of-a-test"):
            page.get_by_label("Operator's key").fill(wrong)
            page.get_by_role("button", name="Sign in").click()
            expect(page.get_by_role("alert")).to_have_text("This key does not open the runs.")
        assert all("401" in one for one in seen.wrong)
        addresses: list[str] = []
        page.on("request", lambda sent: addresses.append(sent.url))
        page.get_by_label("Operator's key").fill(house.place.admin)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("table")).to_be_visible()
        page.reload()
        expect(page.get_by_role("table")).to_be_visible()
        assert house.place.admin not in "".join([page.url, *addresses])
        assert house.place.admin not in page.evaluate("JSON.stringify({...localStorage}) + document.cookie")
        other = page.context.new_page()
        other.goto(f"{house.place.address}/runs")
        expect(other.get_by_label("Operator's key")).to_be_visible()
        page.get_by_role("button", name="Sign out").click()
        page.reload()
        expect(page.get_by_label("Operator's key")).to_be_visible()


def test_a_run_is_followed_while_it_goes_on(browser: Browser, house: House) -> None:
    with visiting(browser, **DESKTOP) as (page, seen):
        run_id = house.place.begin("translate", text="a letter, slowly")
        sign_in(page, house, f"#/run/{run_id}")
        draft = page.locator("[data-node=draft]")
        expect(page.get_by_text("Live: the run goes on.")).to_be_visible()
        expect(draft).to_have_class("box running")
        expect(page.locator("[data-node=start]")).to_have_class("box succeeded")
        [task] = [one["task_id"] for one in house.place.ask("GET", "/v1/admin/runs?status=running")["data"]]
        stop = f"/v1/workflows/tasks/{task}/stop"
        house.place.ask("POST", stop, {"user": "ann@example.com"}, "app-translate-of-a-test")
        expect(page.get_by_role("heading", level=1)).to_contain_text("stopped")
        expect(page.get_by_text("Live: the run goes on.")).to_have_count(0)
        assert not seen.wrong


def test_rounds_of_an_iteration_are_drawn_in_its_box_and_shown_one_by_one(browser: Browser, house: House) -> None:
    with visiting(browser, **DESKTOP) as (page, _):
        sign_in(page, house)
        page.get_by_role("combobox", name="App").select_option("rounds")
        page.get_by_role("link", name="succeeded").first.click()
        outer, inner = page.locator("[data-node=each]").bounding_box(), page.locator("[data-node=loud]").bounding_box()
        assert outer is not None
        assert inner is not None
        assert outer["x"] < inner["x"]
        assert inner["x"] + inner["width"] < outer["x"] + outer["width"]
        assert outer["y"] < inner["y"]
        assert inner["y"] + inner["height"] < outer["y"] + outer["height"]
        expect(page.locator("[data-node=loud]")).to_contain_text("×3")
        page.locator("[data-node=loud]").focus()
        page.keyboard.press("Enter")
        panel = page.get_by_role("region", name="Louder")
        expect(panel.get_by_text("Round 3")).to_be_visible()
        expect(panel).to_contain_text("three!")
        expect(panel).to_be_focused()
        page.keyboard.press("Escape")
        expect(panel).to_have_count(0)
        expect(page.locator("[data-node=loud]")).to_be_focused()


def test_the_dashboard_tells_what_each_app_did(browser: Browser, house: House) -> None:
    with visiting(browser, **DESKTOP) as (page, seen):
        sign_in(page, house, "#/dashboard?since=hour")
        row = page.get_by_role("region", name="The whole time").get_by_role("row", name="translate")
        expect(row.get_by_role("cell").nth(1)).to_have_text("1")
        expect(page.locator("figure.chart")).to_have_count(7)
        page.get_by_text("As a table").first.click()
        expect(page.locator("figure.chart").first.get_by_role("table")).to_be_visible()
        page.get_by_role("combobox", name="App").select_option("chat")
        expect(page.get_by_role("region", name="The whole time").get_by_role("row")).to_have_count(2)
        assert not seen.wrong


def test_how_long_a_run_took_is_written_in_whole_minutes(browser: Browser, house: House) -> None:
    def slower(route: Route) -> None:
        told = route.fetch().json()
        route.fulfill(json=told | {"data": [told["data"][0] | {"elapsed_time": 119.6}]})

    with visiting(browser, **DESKTOP) as (page, _):
        page.route("**/v1/admin/runs?*", slower)
        sign_in(page, house)
        expect(page.get_by_role("row").nth(1)).to_contain_text("2 min 0 s")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_axe_finds_nothing_serious_on_the_operators_page(
    browser: Browser, house: House, size: str, scheme: str
) -> None:
    with visiting(browser, **SIZES[size], color_scheme=scheme, bypass_csp=True) as (page, _):
        page.goto(f"{house.place.address}/runs")
        expect(page.get_by_label("Operator's key")).to_be_visible()
        assert violations(page) == []
        sign_in(page, house)
        expect(page.get_by_role("table")).to_be_visible()
        assert violations(page) == []
        page.goto(f"{house.place.address}/runs#/run/{house.failed}")
        page.locator("[data-node=better]").click()
        expect(page.locator(".panel")).to_be_visible()
        assert violations(page) == []
        [answer] = house.place.ask("GET", "/v1/admin/runs?app=reckon")["data"]
        page.goto(f"{house.place.address}/runs#/run/{answer['id']}")
        expect(page.get_by_role("region", name="Steps of the agent")).to_be_visible()
        assert violations(page) == []
        page.goto(f"{house.place.address}/runs#/dashboard")
        expect(page.locator("figure.chart").first).to_be_visible()
        assert violations(page) == []


def test_it_is_small_speaks_chinese_and_is_under_a_strict_policy(browser: Browser, house: House) -> None:
    with visiting(browser, **DESKTOP) as (page, _):
        reply = page.goto(f"{house.place.address}/runs")
        assert reply is not None
        policy = reply.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        expect(page.get_by_label("Operator's key")).to_be_visible()
        size, painted = measured(page)
        assert 5_000 < size < 150_000
        assert painted < 1000
        page.get_by_role("button", name="中文").click()
        expect(page.get_by_label("管理员密钥")).to_be_visible()
        assert page.evaluate("document.documentElement.lang") == "zh-Hans"


@pytest.mark.parametrize("size", SIZES)
def test_an_agents_answer_opens_with_its_models_and_tools(browser: Browser, house: House, size: str) -> None:
    with visiting(browser, **SIZES[size]) as (page, seen):
        sign_in(page, house)
        expect(page.get_by_role("row").nth(12)).to_be_visible()
        page.get_by_role("combobox", name="App").select_option("reckon")
        expect(page.get_by_role("row")).to_have_count(2)
        expect(page.get_by_role("row").nth(1)).to_contain_text("Please reckon 17 times 3")
        page.get_by_role("link", name="succeeded").click()
        answer = page.get_by_role("region", name="Answer")
        expect(answer).to_contain_text("Please reckon 17 times 3")
        expect(answer).to_contain_text("Seventeen times three is 51.")
        bars = page.get_by_role("region", name="Models and tools").get_by_role("listitem")
        expect(bars).to_have_count(3)
        expect(bars.nth(0)).to_contain_text("tokens")
        expect(bars.nth(1)).to_contain_text("eval_expression")
        steps = page.get_by_role("region", name="Steps of the agent")
        expect(steps).to_contain_text("I had better reckon that.")
        expect(steps).to_contain_text('"expression": "17 * 3"')
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out"
        assert not seen.wrong


def test_what_an_answer_rests_on_opens(browser: Browser, house: House) -> None:
    with visiting(browser, **DESKTOP) as (page, seen):
        sign_in(page, house, f"#/run/{house.place.talk('chat', 'How much leave?')}")
        page.get_by_text("Handbook.md").click()
        expect(page.get_by_text("Staff get thirty days of leave in a year.")).to_be_visible()
        expect(page.get_by_text("First word", exact=True)).to_be_visible()
        assert not seen.wrong


def test_a_hostile_question_is_text(browser: Browser, house: House) -> None:
    hostile: list[str] = json.loads((Path(__file__).parent / "hostile.json").read_text())
    with visiting(browser, **DESKTOP) as (page, seen):
        sign_in(page, house, f"#/run/{house.place.talk('write', ' '.join(hostile), hostile[1])}")
        expect(page.get_by_role("region", name="Answer")).to_contain_text("<script>window.hit=1</script>")
        page.get_by_role("link", name="All runs").click()
        expect(page.get_by_role("cell", name=hostile[1], exact=True)).to_be_visible()
        assert page.evaluate("window.hit") is None
        assert not seen.wrong
        assert seen.hosts == {house.place.address.removeprefix("http://")}


def test_an_answer_that_failed_says_which_model_did(browser: Browser, house: House) -> None:
    with visiting(browser, **DESKTOP) as (page, seen):
        sign_in(page, house, f"#/run/{house.place.talk('write', 'improve this poem', 'carl')}")
        expect(page.get_by_role("alert")).to_contain_text("Where it failed: gpt-4o-mini")
        expect(page.get_by_role("alert")).to_contain_text(OVERLOADED)
        expect(page.get_by_role("region", name="Answer")).to_contain_text("Half a l")
        assert not seen.wrong


def test_an_answer_is_followed_while_it_is_given(browser: Browser, house: House) -> None:
    with visiting(browser, **DESKTOP) as (page, seen):
        run_id = house.place.speak("chat", "slowly, please")
        sign_in(page, house, f"#/run/{run_id}")
        expect(page.get_by_text("Live: the run goes on.")).to_be_visible()
        expect(page.get_by_role("region", name="Answer")).to_contain_text("drop drop drop")
        [task] = [one["task_id"] for one in house.place.ask("GET", "/v1/admin/runs?status=running")["data"]]
        house.place.ask("POST", f"/v1/chat-messages/{task}/stop", {"user": "bob"}, "app-chat-of-a-test")
        expect(page.get_by_text("Live: the run goes on.")).to_have_count(0)
        expect(page.get_by_role("heading", level=1)).to_contain_text("succeeded")
        expect(page.get_by_role("region", name="Models and tools").get_by_role("listitem")).to_have_count(1)
        assert not seen.wrong


@needs_corpus
def test_a_real_workflow_that_fails_shows_its_node_red_with_the_message(browser: Browser, house: House) -> None:
    given = {"source_text": "poem", "source_lang": "English", "target_lang": "Chinese", "country": "China"}
    run_id = house.place.run("real", **given)
    with visiting(browser, **DESKTOP) as (page, seen):
        sign_in(page, house, f"#/run/{run_id}")
        failed = page.locator("g.box.failed")
        expect(failed).to_have_count(1)
        expect(failed).to_be_in_viewport()
        expect(failed).to_contain_text("✕")
        expect(failed).to_have_attribute("aria-description", OVERLOADED)
        expect(page.get_by_role("alert")).to_contain_text("Where it failed: IMPORVE_TRANSLATE")
        assert not seen.wrong
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / "a-real-workflow-that-failed.png", full_page=True)
