"""Who decides what is let through, over HTTP: what is sent, and what of the answers is understood."""

import json

import pytest

from parlour.domain.app import Moderation
from parlour.domain.problems import ModerationFailed, ProviderNotInitialized
from parlour.ports.moderation import Ruling
from parlour.providers.moderation import ModerationServices, Service
from tests.contract.requirements import requirement
from tests.providers.fake_provider import Answer, outside, serving

pytestmark = pytest.mark.anyio


def answer(body: object, status: int = 200) -> Answer:
    return Answer([json.dumps(body).encode() if not isinstance(body, bytes) else body], status, "application/json")


@requirement("moderation:model")
@pytest.mark.parametrize("name", ["openai", "default"])
async def test_a_model_is_sent_the_text_and_says_whether_it_is_harmful(name: str) -> None:
    harmful, harmless = (answer({"results": [{"flagged": flagged, "categories": None}]}) for flagged in (True, False))
    async with serving(harmful, harmless) as there, outside() as session:
        services = ModerationServices(session, {name: Service(there.url, "sk-1", "own")}, {})
        services.check(Moderation("openai_moderation"))
        assert await services.harmful("a knife")
        assert not await services.harmful("a spoon")
        assert there.asked == [{"model": "own", "input": "a knife"}, {"model": "own", "input": "a spoon"}]
        assert (there.paths[0], there.headers[0]["Authorization"]) == ("/v1/moderations", "Bearer sk-1")


@requirement("moderation:extension")
async def test_an_extension_is_sent_the_point_and_its_params() -> None:
    told = {"flagged": True, "action": "overridden", "inputs": {"a": 1}, "query": "q", "more": None}
    async with serving(answer(told)) as there, outside() as session:
        services = ModerationServices(session, {}, {"e1": Service(f"{there.url}/chat/completions", "key")})
        services.check(Moderation("api", extension="e1"))
        found = await services.ruling("e1", "app.moderation.input", {"query": "x"})
        assert found == Ruling(flagged=True, action="overridden", inputs={"a": 1}, query="q")
        assert there.asked == [{"point": "app.moderation.input", "params": {"query": "x"}}]
        assert there.headers[0]["Authorization"] == "Bearer key"


@requirement("moderation:failure")
@pytest.mark.parametrize(
    ("given", "says"),
    [
        (answer({"error": {"message": "no such key sk-12345678"}}, 401), "refuses: no such key ***"),
        (answer(b"<html>", 502), "refuses: The provider answered 502"),
        (answer(b"<html>"), "cannot be read"),
        (answer({"flagged": "maybe"}), "cannot be read"),
        (answer({"flagged": True, "action": "explode"}), "cannot be read"),
        (answer(b" " * (1024 * 1024 + 1)), "more than 1048576 bytes"),
        (Answer([b'{"fla'], kind="application/json", break_off=True), "cannot be reached"),
        (Answer([], 307, headers={"Location": "http://127.0.0.1:1/"}), "refuses"),
    ],
)
async def test_an_extension_that_does_not_decide_is_a_failure_that_says_why(given: Answer, says: str) -> None:
    async with serving(given) as there, outside() as session:
        services = ModerationServices(session, {}, {"default": Service(f"{there.url}/chat/completions")})
        with pytest.raises(ModerationFailed, match=says.replace("*", r"\*")):
            await services.ruling("any", "app.moderation.output", {"text": "x"})


@requirement("moderation:failure")
async def test_who_is_not_there_or_was_never_named_is_told_apart() -> None:
    async with outside() as session:
        services = ModerationServices(session, {"openai": Service("http://127.0.0.1:1/v1")}, {})
        with pytest.raises(ModerationFailed, match="cannot be reached"):
            await services.harmful("x")
        with pytest.raises(ProviderNotInitialized, match=r'\[extensions\."e1"\]'):
            services.check(Moderation("api", extension="e1"))
        services.check(Moderation("keywords"))
        with pytest.raises(ProviderNotInitialized, match=r"\[providers\.openai\]"):
            ModerationServices(session, {}, {}).check(Moderation("openai_moderation"))
