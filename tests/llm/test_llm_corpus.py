"""Every real chat and completion app becomes a prompt that holds what its author wrote, in order."""

import re
from pathlib import Path

import pytest

from parlour.domain.app import ChatApp, EasyApp
from parlour.domain.template import fill
from parlour.dsl.load import load
from tests.dsl.dsl_samples import easy, easy_files, needs_corpus, plain
from tests.llm.llm_fakes import composed, spoken, turn

pytestmark = pytest.mark.anyio
EASY = easy_files()


@needs_corpus
def test_there_are_files_to_render() -> None:
    assert len(EASY) >= 9
    assert {loaded(path).mode for path in EASY} == {"chat", "completion"}
    assert sum(bool(plain(path)["model_config"]["user_input_form"]) for path in EASY) >= 3


def loaded(path: Path) -> EasyApp:
    return easy(load(path.read_text(), name=path.stem).app)


@pytest.mark.parametrize("path", EASY, ids=lambda path: path.stem[:12])
async def test_a_real_app_is_rendered_with_its_inputs(path: Path) -> None:
    app = loaded(path)
    written: str = plain(path)["model_config"]["pre_prompt"]
    inputs: dict[str, object] = {
        field.variable: field.options[0] if field.options else f"値 {field.variable} <|x|>{{{{y}}}}"
        for field in app.form
    }
    expected = written
    for name, value in inputs.items():
        assert f"{{{{{name}}}}}" in written, "each variable of these files is used"
        expected = expected.replace(f"{{{{{name}}}}}", str(value).replace("<|x|>", "").replace("{{y}}", "{y}"))
    assert not re.search(r"\{\{|<\|", expected)

    is_chat = isinstance(app, ChatApp)
    call = await composed(turn(app, "¿qué?" if is_chat else "", inputs, ("question", "answer")), room=16385)
    if is_chat:
        first, *rest = spoken(call)
        assert first == ("system", expected + "\n")
        assert rest[-1] == ("user", "¿qué?")
        assert rest[:-1] in ([("user", "question"), ("assistant", "answer")], [("assistant", "answer")])
    else:
        assert spoken(call) == [("user", expected + "\n")]
    assert call.model.name == plain(path)["model_config"]["model"]["name"]
    assert fill(app.features.opening_statement, inputs) == plain(path)["model_config"]["opening_statement"]
