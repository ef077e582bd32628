"""Names of providers lead to providers, prices and tokens."""

from decimal import Decimal

import anyio
import pytest

from parlour.domain.app import Model
from parlour.domain.problems import ProviderNotInitialized
from parlour.domain.usage import FREE
from parlour.ports.models import Call, Line, Text
from parlour.providers.openai_compatible import OpenAICompatible
from parlour.providers.prices import Found, GenaiPrices, look_up
from parlour.providers.remote import Remote
from parlour.providers.scripted import Scripted, script_of
from parlour.providers.table import Entry, Table
from parlour.providers.tokens import BpeTokens, encoding
from tests.providers.fake_provider import STOP, Answer, a_call, all_of, outside, serving, texts

pytestmark = pytest.mark.anyio


def saying(word: str) -> Scripted:
    return Scripted(script_of(f'{{"rules": [{{"say": ["{word}"]}}]}}'), context=len(word))


def call_of(provider: str, name: str = "m") -> Call:
    return Call(Model(provider, name), (Line("user", "q"),))


async def test_a_provider_answers_for_its_name_and_the_default_for_all_others() -> None:
    table = Table({"openai": Entry(saying("a")), "default": Entry(saying("bb"))})
    for provider, word in {"openai": "a", "maker/plugin/openai": "a", "anthropic": "bb"}.items():
        table.check(Model(provider, "m"))
        assert (await all_of(table.stream(call_of(provider))))[0] == Text(word)
        assert table.context(Model(provider, "m")) == len(word)


def test_a_name_that_nobody_answers_for_says_what_to_write_where() -> None:
    table = Table({"other": Entry(saying("a"))})
    for attempt in (lambda: table.check(Model("openai", "m")), lambda: table.stream(call_of("openai"))):
        with pytest.raises(ProviderNotInitialized) as caught:
            attempt()
        for words in ("No credentials for provider 'openai'", "[providers.openai]", "[providers.default]"):
            assert words in str(caught.value)


async def test_an_empty_key_is_a_missing_one() -> None:
    async with outside() as client:
        table = Table({"openai": Entry(Remote(OpenAICompatible(), client, "http://x/v1", ""))})
        with pytest.raises(ProviderNotInitialized, match=r"\[providers\.openai\]"):
            table.check(Model("openai", "m"))


async def test_a_renamed_model_is_asked_by_its_other_name() -> None:
    with anyio.fail_after(5):
        async with serving(Answer([*texts("ok"), STOP])) as fake, outside() as client:
            provider = Remote(OpenAICompatible(), client, fake.url, None)
            table = Table({"acme": Entry(provider, {"gpt-4o": "my-model"})})
            await all_of(table.stream(a_call()))
            assert fake.asked[0]["model"] == "my-model"
            assert table.called(Model("acme", "gpt-4o")) == Model("acme", "my-model")
            assert table.called(Model("acme", "other")) == Model("acme", "other")
            assert table.context(Model("acme", "gpt-4o")) is None


def test_what_is_free_is_free_under_any_name() -> None:
    assert Table({"default": Entry(saying("a"), free=True)}).called(Model("openai", "gpt-4o")) is None
    assert Table({}).called(Model("openai", "gpt-4o")) is None


async def test_prices_are_looked_up_in_another_process_and_kept() -> None:
    prices = GenaiPrices()
    with anyio.fail_after(20):
        price = await prices.price(Model("openai", "gpt-4o"))
        assert (price.prompt, price.completion, price.unit) == (Decimal("2.5"), Decimal(10), Decimal("0.000001"))
        assert await prices.price(Model("openai", "gpt-4o")) is price


@pytest.mark.parametrize(
    ("provider", "name", "prompt", "completion"),
    [
        ("anthropic", "claude-sonnet-4-5", "3", "15"),
        ("gemini", "gemini-2.5-pro", "1.25", "10"),
        ("azure_openai", "gpt-4o", "2.5", "10"),
        ("openai", "nobody-knows-it", "0", "0"),
        ("nobody", "gpt-4o", "0", "0"),
    ],
)
def test_a_price_is_that_of_the_first_tier_and_nothing_where_nobody_knows(
    provider: str, name: str, prompt: str, completion: str
) -> None:
    assert look_up(provider, name) == Found(Decimal(prompt), Decimal(completion))


async def test_a_model_that_costs_nothing_is_not_looked_up() -> None:
    assert await GenaiPrices(lambda _: None, python="/nowhere").price(Model("openai", "gpt-4o")) == FREE


@pytest.mark.parametrize("python", ["/nowhere", "/bin/true"])
async def test_where_prices_cannot_be_had_models_are_free_and_it_is_said_once(
    python: str, caplog: pytest.LogCaptureFixture
) -> None:
    prices = GenaiPrices(python=python)
    for name in ("gpt-4o", "gpt-4o-mini"):
        assert await prices.price(Model("openai", name)) == FREE
    assert caplog.text.count("prices are not known") == 1


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("gpt-4o", "o200k_base"),
        ("chatgpt-4o-latest", "o200k_base"),
        ("gpt-4.1-mini", "o200k_base"),
        ("gpt-5", "o200k_base"),
        ("o3", "o200k_base"),
        ("llama", "o200k_base"),
        ("gpt-4", "cl100k_base"),
        ("gpt-4-turbo", "cl100k_base"),
        ("openai/gpt-3.5-turbo", "cl100k_base"),
        ("gpt-35-turbo", "cl100k_base"),
    ],
)
def test_each_model_has_its_tokenizer(name: str, expected: str) -> None:
    assert encoding(name) == expected


async def test_tokens_are_counted_as_the_model_counts_them() -> None:
    tokens = BpeTokens()
    newer, older = Model("openai", "gpt-4o"), Model("openai", "gpt-4")
    with anyio.fail_after(10):
        assert await tokens.count(newer, ["hello world", "hello world"]) == 4
        assert await tokens.count(newer, ["你好世界"]) < await tokens.count(older, ["你好世界"])
        assert await tokens.count(newer, ["hello world " * 100_000]) == 200_001
        assert await tokens.count(newer, ["<|endoftext|>", "\ud800"]) > 2
        assert await tokens.count(newer, []) == 0
