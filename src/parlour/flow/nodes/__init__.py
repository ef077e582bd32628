"""The kinds of nodes: a literal table, one file a kind. Does not know how a graph is walked."""

from parlour.flow.node import Kind
from parlour.flow.nodes import answer, end, if_else, llm, start, template_transform

NODES: dict[str, Kind] = {
    "start": Kind(start.Config, start.run),
    "end": Kind(end.Config, end.run, speaks=end.speaks, gives=True),
    "answer": Kind(answer.Config, answer.run, speaks=answer.speaks),
    "if-else": Kind(if_else.Config, if_else.run, branches=True, check=if_else.check),
    "llm": Kind(llm.Config, llm.run),
    "template-transform": Kind(template_transform.Config, template_transform.run),
}
