"""Counting tokens as the best-known tokenizers do. Does not know what a count is for.

The tokenizer's data takes tens of megabytes, so nothing is loaded before the first count. For an unknown model the
count is an estimate by the newest tokenizer here.
"""

import asyncio
import re
from collections.abc import Callable, Sequence
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path

from parlour.domain.app import Model

NEWER = "o200k_base"
OLDER = "cl100k_base"
OLDER_NAMES = re.compile(r"gpt-4(?!o|\.|[\w-]*4o)|gpt-3\.?5|text-embedding|ada-002")
INLINE = 20_000
"""Characters that are counted where they are, in well under a millisecond; more are counted in a thread."""

Count = Callable[[str], int]


def encoding(name: str) -> str:
    """The tokenizer of a model."""
    return OLDER if OLDER_NAMES.match(name.rpartition("/")[2].lower()) else NEWER


def load(name: str) -> Count:
    """Load one tokenizer.

    The library's package also builds large tables for encoding and decoding when it is imported, twice the memory of
    what counting takes; so its compiled part is loaded alone, by its file. It cannot be an import on top of this
    module, which is loaded at every start.

    Raises:
        ImportError: the library is not installed as it should be.
    """
    package = find_spec("bpe_openai")
    folders = package.submodule_search_locations if package else None
    files = [path for folder in folders or () for path in Path(folder).glob("_bindings*.so")]
    spec = spec_from_file_location("_bindings", files[0]) if files else None
    if spec is None or spec.loader is None:
        raise ImportError("The package bpe-openai is missing or damaged: pip install --force-reinstall bpe-openai")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    count: Count = module.tokenizer_for_encoding(name).count
    return count


class BpeTokens:
    """The port `Tokens`."""

    def __init__(self) -> None:
        self._counts: dict[str, Count] = {}
        self._loading = asyncio.Lock()

    async def count(self, model: Model, texts: Sequence[str]) -> int:
        count = await self._count(encoding(model.name))
        if sum(map(len, texts)) <= INLINE:
            return total(count, texts)
        return await asyncio.to_thread(total, count, texts)

    async def _count(self, name: str) -> Count:
        count = self._counts.get(name)
        if count is None:
            async with self._loading:
                count = self._counts.get(name) or await asyncio.to_thread(load, name)
                self._counts[name] = count
        return count


def total(count: Count, texts: Sequence[str]) -> int:
    return sum(count(whole(text)) for text in texts)


def whole(text: str) -> str:
    """Half a surrogate pair, which JSON can carry, is no text to a tokenizer."""
    return text if text.isascii() else text.encode(errors="replace").decode()
