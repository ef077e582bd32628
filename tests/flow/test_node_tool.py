"""The node `tool` (dsl.md 6.11): what a tool is given, what it puts out, and how it fails."""

from collections.abc import Mapping
from typing import Any

import pytest
from msgspec import Struct

from parlour.domain.app import ChatflowApp
from parlour.domain.files import File
from parlour.domain.problems import ToolFailed
from parlour.flow import given
from parlour.flow.given import Given, fitted
from parlour.flow.node import NodeFailed
from parlour.flow.nodes import tool
from parlour.flow.pool import Pool
from parlour.modes.graphs import faults
from parlour.ports.tools import Caller, Made, Outcome
from parlour.tools.shelf import Place, Told
from parlour.tools.tool import Builtin
from parlour.tools.toolbox import Toolbox
from tests.flow.flow_samples import Played, chatflow, graph, node, play, ports_for
from tests.trial_tools import REACH, TRIAL, dot

pytestmark = pytest.mark.anyio

PICTURE = File("image", "remote_url", "a.png", ".png", "image/png", url="http://pictures.test/a.png")
POOL = Pool({"sys": {"query": "hi", "files": [PICTURE]}, "n": {"flag": True, "list": ["a", 1], "file": PICTURE}})


class Kept(Struct):
    """A shelf with one tool, which tells what it was given."""

    told: Told
    given: list[Mapping[str, object]] = []
    outcome: Outcome = Outcome("done")

    async def tools(self) -> Mapping[str, Told]:
        return {"look": self.told}

    async def use(self, name: str, arguments: Mapping[str, object], caller: Caller) -> Outcome:
        assert (name, caller.user) == ("look", "user")
        self.given.append(dict(arguments))
        return self.outcome

    async def aclose(self) -> None: ...


def shelf(*required: str, **properties: object) -> Kept:
    schema: dict[str, object] = {"type": "object", "properties": properties, "required": list(required)}
    return Kept(Told("Looks.", schema))


def using(name: str = "look", provider: str = "shelf", **data: Any) -> ChatflowApp:
    """start → the tool → its text."""
    data = {"provider_name": provider, "provider_type": "builtin", "tool_name": name, **data}
    say = node("say", "answer", answer="{{#t.text#}}")
    return chatflow(graph([node("start", "start"), node("t", "tool", **data), say], "start t", "t say"))


async def played(app: ChatflowApp, kept: Kept | None = None, **more: Any) -> Played:
    places = {"shelf": Place(kept, "a shelf")} if kept else {}
    async with ports_for(tools=Toolbox({"trial": TRIAL}, REACH, places)) as ports:
        return await play(app, ports=ports, **more)


def constant(value: object) -> dict[str, object]:
    return {"type": "constant", "value": value}


class TestParameters:
    @pytest.mark.parametrize(
        ("written", "found"),
        [
            (Given("mixed", "say {{#sys.query#}}!"), {"p": "say hi!"}),
            (Given("mixed", "{{#n.gone#}}"), {"p": "n.gone"}),
            (Given("constant", "{{#sys.query#}}"), {"p": "hi"}),
            (Given("constant", value=True), {"p": "True"}),
            (Given("constant", {"a": [1, "b"]}), {"p": "{'a': [1, 'b']}"}),
            (Given("constant", 3), {"p": "3"}),
            (Given("variable", ["n", "flag"]), {"p": True}),
            (Given("variable", ["n", "list"]), {"p": ["a", 1]}),
            (Given("variable", ["n", "gone"]), {}),
            (Given("mixed", None), {}),
            (None, {}),
        ],
    )
    def test_a_variable_is_its_value_and_all_else_is_text(self, written: Given | None, found: object) -> None:
        assert given.parameters({"p": written}, POOL) == found

    def test_a_setting_that_is_a_constant_stays_as_it_is(self) -> None:
        text = "{{#sys.query#}}"
        written = {"a": Given("constant", value=True), "b": Given("constant", text), "c": Given("mixed", 1)}
        assert given.settings(written, POOL) == {"a": True, "b": text, "c": "1"}

    @pytest.mark.parametrize(
        ("kind", "value", "found"),
        [
            ("string", True, "True"),
            ("string", {"a": "ü"}, '{"a": "ü"}'),
            ("string", PICTURE, "http://pictures.test/a.png"),
            ("boolean", "True", True),
            ("boolean", "no", False),
            ("boolean", 1, True),
            ("integer", "7", 7),
            ("integer", "7.0", 7),
            ("number", "7.5", 7.5),
            ("number", 7, 7),
            ("array", '["a"]', ["a"]),
            ("object", '{"a": 1}', {"a": 1}),
            ("array", ["a"], ["a"]),
            (["null", "integer"], "7", 7),
            (None, "7", "7"),
            ("file", PICTURE, "http://pictures.test/a.png"),
        ],
    )
    def test_a_value_is_cast_to_the_type_that_the_tool_declares(
        self, kind: object, value: object, found: object
    ) -> None:
        arguments, others = fitted({"p": value}, {"properties": {"p": {"type": kind}}})
        told = arguments["p"]
        assert (told["url"] if isinstance(told, dict) and kind == "file" else told, others) == (found, {})
        assert isinstance(found, bool) == isinstance(told, bool)

    @pytest.mark.parametrize("kind", ["integer", "number", "array", "object"])
    def test_nothing_written_is_nothing_given(self, kind: str) -> None:
        assert fitted({"p": " "}, {"properties": {"p": {"type": kind}}}) == ({}, {})

    @pytest.mark.parametrize(
        ("kind", "value"),
        [("boolean", "perhaps"), ("integer", "many"), ("number", "nan"), ("number", "1e999"), ("array", '{"a": 1}')],
    )
    def test_a_value_that_cannot_be_of_its_type_is_named(self, kind: str, value: str) -> None:
        with pytest.raises(NodeFailed, match=r"p must be .*, and is '") as caught:
            fitted({"p": value}, {"properties": {"p": {"type": kind}}})
        assert caught.value.kind == "ToolParameterError"

    def test_what_the_tool_needs_and_is_not_given_is_named(self) -> None:
        with pytest.raises(NodeFailed, match=r"The tool needs a, b\."):
            fitted({"c": 1}, {"properties": {"c": {}}, "required": ["a", "b", "c"]})


class TestUsing:
    async def test_it_is_given_its_parameters_and_settings_as_far_as_it_declares_them(self) -> None:
        kept = shelf("query", query={"type": "string"}, most={"type": "integer"})
        app = using(
            tool_parameters={
                "query": {"type": "mixed", "value": "{{#sys.query#}}?"},
                "unknown": constant("x"),
                "none": None,
            },
            tool_configurations={"most": constant("5"), "depth": constant(2)},
        )
        run = await played(app, kept)
        assert kept.given == [{"query": "hi?", "most": 5}]
        assert run.outcomes["t"].inputs == {"query": "hi?", "unknown": "x"}
        assert run.text == "done"

    async def test_a_tool_that_takes_more_than_it_declares_is_given_all_of_its_settings(self) -> None:
        kept = shelf()
        kept.told = Told("Looks.", kept.told.parameters, open=True)
        await played(using(tool_configurations={"depth": constant(2)}), kept)
        assert kept.given == [{"depth": 2}]

    async def test_its_text_json_files_and_variables_are_outputs(self) -> None:
        kept = shelf()
        kept.outcome = Outcome("Here.", (Made("a.png", "image/png", dot()),), ({"a": 1}, [2]), {"city": "Bonn"})
        run = await played(using(), kept)
        outputs = run.outcomes["t"].outputs or {}
        [file] = run.outcomes["t"].files
        assert (file.type, file.transfer_method, file.name, file.size) == ("image", "tool_file", "a.png", len(dot()))
        assert outputs == {"city": "Bonn", "text": "Here.", "files": [file], "json": [{"a": 1}, [2]]}

    async def test_a_tool_without_values_has_an_empty_one(self) -> None:
        run = await played(using("say", "trial", tool_parameters={"word": constant("ho")}))
        assert run.outcomes["t"].outputs == {"text": "ho .", "files": [], "json": [{"data": []}]}
        assert run.text == "ho ."

    async def test_the_event_says_which_tool_it_was(self) -> None:
        app = using("say", "a/b/trial", provider_id="0d9a", tool_parameters={"word": constant("ho")})
        told = (await played(app)).outcomes["t"].execution_metadata or {}
        info = {"provider_type": "builtin", "provider_id": "0d9a", "plugin_unique_identifier": ""}
        assert told == {"tool_info": info}

    async def test_a_tool_of_no_name_here_is_found_by_the_id_of_its_provider(self) -> None:
        kept = shelf()
        async with ports_for(tools=Toolbox({}, REACH, {"0d9a": Place(kept, "a shelf")})) as ports:
            run = await play(using(provider="My API", provider_id="0d9a", provider_type="api"), ports=ports)
        assert run.text == "done"

    @pytest.mark.parametrize(
        ("app", "message", "kind"),
        [
            (using("fail", "trial"), r"T: no luck today", "ToolInvokeError"),
            (using("never", "trial"), r"T: The tool took longer than 0\.05 seconds", "ToolInvokeError"),
            (using("big", "trial"), r"T: The text of the tool is longer than 1 MB", "ToolInvokeError"),
            (using("gone", "trial"), r"T: The tool trial/gone is not here", "ToolNotServed"),
            (using("say", "trial"), r"T: The tool needs word", "ToolParameterError"),
        ],
    )
    async def test_it_fails_with_its_name_and_the_reason(self, app: ChatflowApp, message: str, kind: str) -> None:
        with pytest.raises(NodeFailed, match=message) as caught:
            await played(app)
        assert caught.value.kind == kind

    async def test_who_serves_it_and_does_not_answer_is_a_failure_too(self) -> None:
        class Away(Kept):
            async def tools(self) -> Mapping[str, Told]:
                raise ToolFailed("nobody is at home")

        with pytest.raises(NodeFailed, match="T: nobody is at home"):
            await played(using(), Away(Told("", {})))

    async def test_more_files_than_are_kept_are_a_failure(self) -> None:
        kept = shelf()
        kept.outcome = Outcome("", tuple(Made(f"{n}.png", "image/png", dot()) for n in range(9)))
        with pytest.raises(NodeFailed, match="at most 8 files") as caught:
            await played(using(), kept)
        assert caught.value.kind == "ToolFileError"


class TestFailing:
    async def test_a_default_stands_in_its_place(self) -> None:
        default = [{"key": "text", "type": "string", "value": "nothing"}]
        run = await played(using("fail", "trial", error_strategy="default-value", default_value=default))
        assert run.text == "nothing"
        assert run.outcomes["t"].status == "exception"

    async def test_it_is_tried_again_with_what_it_is_given_then(self) -> None:
        times: list[str] = []

        async def second(got: Any) -> Outcome:
            times.append(got.text("word"))
            if len(times) < 2:
                raise ToolFailed("not yet")
            return Outcome("now")

        box = Toolbox({"trial": [Builtin("again", "A", "", second, {"word": {"type": "string"}})]}, REACH)
        retry = {"retry_enabled": True, "max_retries": 1, "retry_interval": 0}
        async with ports_for(tools=box) as ports:
            app = using("again", "trial", retry_config=retry, tool_parameters={"word": constant("ho")})
            run = await play(app, ports=ports)
        assert (run.text, times) == ("now", ["ho", "ho"])

    def test_a_node_that_names_no_tool_is_refused(self) -> None:
        [fault] = [one for one in faults(using(name="")) if one.level == "refused"]
        assert fault.advice.startswith("names no tool")

    def test_it_tells_which_tool_it_uses(self) -> None:
        [used] = tool.uses(tool.Config(provider_name="a/b/shelf", tool_name="look"))
        assert (used.use.title, used.keys, used.needed) == ("shelf/look", ("tool_name",), True)
