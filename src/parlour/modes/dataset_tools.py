"""The datasets of an agent as tools that it may use, one each, beside its others. Knows no model and no store.

Source: dsl.md 8.4: the name, the description and the one argument.
"""

import re
from collections.abc import Mapping, Sequence

from msgspec import structs

from parlour.domain.app import Lookup, ToolUse
from parlour.domain.dataset import Dataset
from parlour.domain.passages import Hit
from parlour.domain.problems import Problem, ToolFailed
from parlour.llm.citing import context
from parlour.ports.knowledge import Knowledge
from parlour.ports.models import Tool
from parlour.ports.tools import Caller, Offer, Outcome, Tools

KIND = "dataset-retrieval"
NOTHING = "Nothing was found."
UNFIT = re.compile("[^A-Za-z0-9_]")
"""What names of tools cannot have: the ids of knowledge elsewhere are whatever a file says."""


class DatasetTools:
    """The port `Tools`, with a tool for each dataset; remembers what was found."""

    def __init__(self, tools: Tools, knowledge: Knowledge, wanted: Lookup) -> None:
        self._tools = tools
        self._knowledge = knowledge
        self._wanted = wanted
        self._datasets: dict[str, Dataset] = {}
        self.hits: dict[str, Hit] = {}
        """By passage, in the order of finding."""

    def serves(self, use: ToolUse, /) -> str:
        return self._tools.serves(use)

    async def offers(self, uses: Sequence[ToolUse]) -> tuple[Offer, ...]:
        found = await self._knowledge.named.find(self._wanted.datasets)
        self._datasets = {name_of(dataset): dataset for dataset in found}
        own = (offer(name, dataset) for name, dataset in self._datasets.items())
        return (*await self._tools.offers(uses), *own)

    async def run(self, offer: Offer, arguments: Mapping[str, object], caller: Caller) -> Outcome:
        dataset = self._datasets.get(offer.tool.name) if offer.use.kind == KIND else None
        if dataset is None:
            return await self._tools.run(offer, arguments, caller)
        settings = structs.replace(dataset.retrieval, filter=self._wanted.conditions)
        try:
            hits = await self._knowledge.retrieval.search(dataset, str(arguments.get("query") or ""), settings)
        except Problem as problem:
            raise ToolFailed(problem.message) from None
        self.hits |= {hit.segment.id: hit for hit in hits}
        return Outcome(context(hits) or NOTHING)


def name_of(dataset: Dataset) -> str:
    return f"dataset_{UNFIT.sub('_', dataset.id)}"[:64]


def offer(name: str, dataset: Dataset) -> Offer:
    about = dataset.description or f"useful for when you want to answer queries about the {dataset.name}"
    query = {"type": "string", "description": "What to look up: the question, complete in itself."}
    parameters: dict[str, object] = {"type": "object", "properties": {"query": query}, "required": ["query"]}
    use = ToolUse(dataset.id, name, KIND, dataset.name)
    return Offer(use, Tool(name, about, parameters), {"en_US": dataset.name, "zh_Hans": dataset.name})
