"""The kinds of nodes: a literal table, one file a kind. Does not know how a graph is walked."""

from parlour.flow.node import Kind
from parlour.flow.nodes import (
    answer,
    assigner,
    code,
    container_edges,
    document_extractor,
    end,
    http_request,
    human_input,
    if_else,
    iteration,
    list_operator,
    llm,
    loop,
    parameter_extractor,
    question_classifier,
    start,
    template_transform,
    tool,
    variable_aggregator,
)

NODES: dict[str, Kind] = {
    "start": Kind(start.Config, start.run),
    "end": Kind(end.Config, end.run, speaks=end.speaks, gives=True),
    "answer": Kind(answer.Config, answer.run, speaks=answer.speaks),
    "if-else": Kind(if_else.Config, if_else.run, branches=True, check=if_else.check),
    "human-input": Kind(human_input.Config, human_input.run, branches=True, check=human_input.check),
    "llm": Kind(llm.Config, llm.run),
    "question-classifier": Kind(question_classifier.Config, question_classifier.run, branches=True),
    "parameter-extractor": Kind(parameter_extractor.Config, parameter_extractor.run, check=parameter_extractor.check),
    "variable-aggregator": Kind(variable_aggregator.Config, variable_aggregator.run),
    "variable-assigner": Kind(variable_aggregator.Config, variable_aggregator.run),  # its name of old
    "assigner": Kind(assigner.Config, assigner.run, writes=assigner.writes, check=assigner.check),
    "iteration": Kind(iteration.Config, iteration.run, container=True),
    "iteration-start": Kind(container_edges.Config, container_edges.run, hidden=True),
    "loop": Kind(loop.Config, loop.run, container=True),
    "loop-start": Kind(container_edges.Config, container_edges.run, hidden=True),
    "loop-end": Kind(container_edges.Config, container_edges.run),
    "list-operator": Kind(list_operator.Config, list_operator.run),
    "http-request": Kind(http_request.Config, http_request.run, check=http_request.check),
    "tool": Kind(tool.Config, tool.run, uses=tool.uses, check=tool.check),
    "document-extractor": Kind(document_extractor.Config, document_extractor.run),
    "code": Kind(code.Config, code.run, check=code.check),
    "template-transform": Kind(template_transform.Config, template_transform.run),
}
