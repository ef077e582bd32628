"""How many tokens well-known models take, prompt and answer together.

Knows only names; the configuration may say more.
"""

import re
from functools import lru_cache

KNOWN: tuple[tuple[str, int], ...] = (
    (r"gpt-4\.1", 1_047_576),
    (r"gpt-4o|chatgpt-4o|gpt-4-turbo|gpt-4-1106|gpt-4-0125|gpt-4\.5", 128_000),
    (r"gpt-4-32k", 32_768),
    (r"gpt-4", 8_192),
    (r"gpt-5", 400_000),
    (r"o1-mini|o1-preview", 128_000),
    (r"o\d", 200_000),
    (r"gpt-3\.5-turbo-instruct", 4_096),
    (r"gpt-3\.5|gpt-35", 16_385),
    (r"claude-2\.0|claude-instant", 100_000),
    (r"claude", 200_000),
    (r"gemini-1\.5-pro", 2_097_152),
    (r"gemini-(1\.5|2|3)", 1_048_576),
    (r"deepseek-(chat|reasoner|v3|r1)", 65_536),
    (r"mistral-(large|small|medium)", 128_000),
    (r"llama-?3\.[123]", 128_000),
    (r"qwen-(max|turbo)", 32_768),
    (r"qwen-plus", 131_072),
)
"""The first pattern that begins the name wins. Where makers gave more later, the smaller number is safe."""


@lru_cache(256)  # asked in each chat for the same few names
def known_context(name: str) -> int | None:
    """The window of a model, or None for one that is not known. A maker before a slash is not looked at."""
    short = name.rpartition("/")[2].lower()
    return next((size for pattern, size in KNOWN if re.match(pattern, short)), None)
