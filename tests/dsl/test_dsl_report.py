"""The report of a flow: a line for each of its nodes, with what it uses and what is wrong with it."""

from parlour.http.reading import report
from tests.dsl.dsl_samples import line_of
from tests.dsl.graph_samples import Written, chain, graph_file, node


def test_each_node_is_told_of_with_the_model_or_tool_that_it_uses() -> None:
    model: Written = {"provider": "langgenius/openai/openai", "name": "gpt-4o", "mode": "chat", "completion_params": {}}
    inner = [node("each_start", "iteration-start", iteration_id="each")]
    nodes: list[Written] = [
        node("start", "start"),
        node("ask", "llm", model=model, prompt_template=[]),
        node("look", "tool", provider_name="tavily", tool_name="search"),
        node("each", "iteration", iterator_selector=["ask", "text"], output_selector=["each", "item"]),
        *inner,
        node("end", "end") | {"data": {"type": "end", "title": " ", "outputs": []}},
    ]
    source = graph_file("workflow", nodes, chain("start", "ask", "look", "each", "end"))
    told = {finding.what: finding for finding in report(source, "sample")}
    names = [
        "start `Start`",
        "llm `Ask` (openai/gpt-4o)",
        "tool `Look` (tavily/search): tool tavily/search",
        "iteration `Each`",
        "end `end`",
    ]
    assert list(told)[-5:] == names
    assert [told[name].level for name in names] == ["supported", "supported", "refused", "supported", "supported"]
    assert told[names[1]].line == line_of(source, "id: ask")
    assert told[names[2]].line == line_of(source, "tool_name: search")


def test_a_fault_within_a_node_is_told_with_its_own_line() -> None:
    nodes = [node("start", "start"), node("say", "answer", answer="{{#gone.text#}}")]
    source = graph_file("advanced-chat", nodes, chain("start", "say"))
    [said] = [finding for finding in report(source, "sample") if finding.level == "approximated"]
    assert said.line == line_of(source, "answer: ")
    assert (said.what, said.advice) == ("answer `Say`: `gone.text`", "is never there: no node has the id `gone`")
    assert not said.partial


def test_what_concerns_the_whole_graph_stands_at_its_line() -> None:
    source = graph_file("advanced-chat", [node("say", "answer", answer="x")], [])
    [said] = [finding for finding in report(source, "sample") if finding.level == "refused"]
    assert (said.line, said.what, said.partial) == (line_of(source, "graph:"), "the graph", True)
