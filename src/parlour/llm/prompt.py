"""From a turn to the call of a model: what an easy app's prompt becomes. Knows no provider and no store.

Rendering is pure; only weighing a prompt that might not fit asks anything of a port (dsl.md 8.1 and 8.2; the wording
of the blocks is ours, their order and conditions are the contract's).
"""

from collections.abc import Sequence
from math import inf

from msgspec import Struct
from msgspec.structs import replace

from parlour.domain.app import ChatApp, ChatPrompt, CompletionApp, CompletionPrompt, EasyApp, Model, SimplePrompt
from parlour.domain.problems import InvalidParam
from parlour.domain.template import fill
from parlour.domain.turn import Turn
from parlour.llm.window import UNKNOWN_ROOM, Scale, as_text, at_most, fitting, fitting_turns, past
from parlour.ports.models import Call, Image, Line, Models, Tokens

LEAST_ANSWER = 16
"""An answer is never lowered below this many tokens."""
LIMITS = ("max_tokens", "max_completion_tokens", "max_output_tokens", "max_tokens_to_sample", "num_predict")
"""What providers call the most tokens that an answer may have."""


class Wording(Struct, frozen=True):
    """The fixed texts around a simple prompt."""

    context: str
    histories: str
    question: str
    user: str
    assistant: str
    stop: tuple[str, ...]


ENGLISH = Wording(
    context=(
        "What stands between the <context></context> tags below is what you have learned and know.\n\n"
        "<context>\n{{#context#}}\n</context>\n\n"
        "When you answer:\n"
        "- If you do not know the answer, say so.\n"
        "- If you are not sure, ask for what would make it clear.\n"
        "- Do not mention where your knowledge comes from.\n"
        "- Answer in the language of the question.\n\n"
    ),
    histories=(
        "This is the conversation so far, between the <histories></histories> tags.\n\n"
        "<histories>\n{{#histories#}}\n</histories>\n\n"
    ),
    question="\n\nHuman: {{#query#}}\n\nAssistant: ",
    user="Human",
    assistant="Assistant",
    stop=("\nHuman:", "</histories>"),
)
CHINESE = Wording(
    context=(
        "下面 <context></context> 标签中的内容是你已经掌握的知识。\n\n"
        "<context>\n{{#context#}}\n</context>\n\n"
        "回答时:\n"
        "- 如果你不知道, 就直接说不知道。\n"
        "- 如果你不确定, 请提问以便澄清。\n"
        "- 不要提及知识的来源。\n"
        "- 使用与问题相同的语言回答。\n\n"
    ),
    histories=(
        "下面 <histories></histories> 标签中是到目前为止的对话。\n\n<histories>\n{{#histories#}}\n</histories>\n\n"
    ),
    question="\n\n用户: {{#query#}}\n\n助手: ",
    user="用户",
    assistant="助手",
    stop=("\n用户:", "</histories>"),
)


class Draft(Struct, frozen=True):
    """A prompt but for the conversation's past, which goes between its two parts."""

    before: tuple[Line, ...]
    after: tuple[Line, ...]


async def compose(
    turn: Turn[EasyApp],
    *,
    images: tuple[Image, ...],
    models: Models,
    tokens: Tokens,
    context: str = "",
    turns: Sequence[tuple[Line, ...]] | None = None,
) -> Call:
    """The question that an easy app puts to its model in this turn.

    `turns`: the past, for one whose turns are more than a question and an answer: each is kept whole.

    Raises:
        InvalidParam: the prompt alone is longer than what the model can hold.
    """
    model, scale = turn.app.model, Scale(turn.app.model, tokens)
    room = models.context(model)
    drafted = draft(turn, images, context)
    prompt = (*drafted.before, *drafted.after)
    await _check_fits(prompt, room, scale)
    history = past(turn.history, detail=turn.app.features.files.image_detail) if isinstance(turn.app, ChatApp) else ()
    if turns is not None:
        history = tuple(line for lines in turns for line in lines)
    if history:
        budget = await _budget(prompt, history, room, scale)
        kept = await (fitting(history, budget, scale) if turns is None else fitting_turns(turns, budget, scale))
        prompt = spliced(turn, drafted, images, context, kept)
    lowered, stop = await _lowered(model, prompt, room, scale), stops(turn)
    return Call(model=lowered if stop == lowered.stop else replace(lowered, stop=stop), lines=prompt)


def draft(turn: Turn[EasyApp], images: tuple[Image, ...], context: str) -> Draft:
    """The prompt without the past."""
    match turn.app.prompt:
        case ChatPrompt() as prompt:
            return _messages(prompt, turn, images, context)
        case CompletionPrompt():
            return Draft((), (Line("user", text_prompt(turn, context, ""), images),))
        case SimplePrompt() as prompt if turn.app.model.mode == "chat":
            return _simple(prompt, turn, images, context)
        case SimplePrompt():
            return Draft((), (Line("user", simple_text(turn, context, ""), images),))


def spliced(
    turn: Turn[EasyApp], drafted: Draft, images: tuple[Image, ...], context: str, kept: tuple[Line, ...]
) -> tuple[Line, ...]:
    """The prompt with the past in its place: as messages, or as a text within the text."""
    match turn.app.prompt:
        case CompletionPrompt() as prompt:
            histories = as_text(kept, prompt.user_prefix, prompt.assistant_prefix)
            return (Line("user", text_prompt(turn, context, histories), images),)
        case SimplePrompt() if turn.app.model.mode == "completion":
            words = wording(turn.app.model)
            histories = as_text(kept, words.user, words.assistant)
            return (Line("user", simple_text(turn, context, histories), images),)
        case _:
            return (*drafted.before, *kept, *drafted.after)


def wording(model: Model) -> Wording:
    return CHINESE if "baichuan" in model.name.lower() else ENGLISH


def stops(turn: Turn[EasyApp]) -> tuple[str, ...]:
    """A completion model would go on and write the user's next question too: it is stopped there."""
    app = turn.app
    if not isinstance(app, CompletionApp) and isinstance(app.prompt, SimplePrompt) and app.model.mode == "completion":
        return wording(app.model).stop
    return app.model.stop


def simple_text(turn: Turn[EasyApp], context: str, histories: str) -> str:
    """A simple prompt for a completion model, whole: one text that ends in the question."""
    app, words = turn.app, wording(turn.app.model)
    question = "{{#query#}}" if isinstance(app, CompletionApp) else words.question
    pieces = (_instruction(app.prompt, words, context), words.histories if histories else "", question)
    return fill("".join(pieces), _values(turn, context, histories=histories, query=turn.ask.query))


def text_prompt(turn: Turn[EasyApp], context: str, histories: str) -> str:
    """An advanced prompt for a completion model."""
    prompt = turn.app.prompt
    text = prompt.text if isinstance(prompt, CompletionPrompt) else ""
    return fill(text, _values(turn, context, histories=histories, query=turn.ask.query))


def _simple(prompt: SimplePrompt, turn: Turn[EasyApp], images: tuple[Image, ...], context: str) -> Draft:
    """A simple prompt for a chat model: instruction, past, question. Without a question it is the question itself."""
    text = fill(_instruction(prompt, wording(turn.app.model), context), _values(turn, context))
    query = turn.ask.query
    if not query:
        return Draft((), (Line("user", text, images),))
    return Draft((Line("system", text),) if text.strip() else (), (Line("user", query, images),))


def _instruction(prompt: object, words: Wording, context: str) -> str:
    written = prompt.text if isinstance(prompt, SimplePrompt) else ""
    return (words.context if context else "") + (f"{written}\n" if written else "")


def _messages(prompt: ChatPrompt, turn: Turn[EasyApp], images: tuple[Image, ...], context: str) -> Draft:
    """An advanced prompt for a chat model. An empty system message is left out, others stay as they are."""
    values = _values(turn, context)
    rendered = [Line(said.role, fill(said.text, values)) for said in prompt.said]
    before = tuple(line for line in rendered if line.text or line.role != "system")
    if turn.ask.query:
        return Draft(before, (Line("user", turn.ask.query, images),))
    if not images:
        return Draft(before, ())
    if before and before[-1].role == "user":
        return Draft(before[:-1], (replace(before[-1], images=images),))
    return Draft(before, (Line("user", "", images),))


def _values(turn: Turn[EasyApp], context: str, **special: str) -> dict[str, object]:
    """What fills the places: the inputs, the context, and where the prompt is one text, question and past."""
    return {**turn.ask.inputs, "#context#": context, **{f"#{name}#": text for name, text in special.items()}}


def answer_limit(model: Model) -> tuple[str, int] | None:
    """The parameter that says how many tokens an answer may have, if the app sets one."""
    found = ((name, model.parameters.get(name)) for name in LIMITS)
    return next(
        ((name, int(value)) for name, value in found if isinstance(value, int | float) and 1 <= value < inf), None
    )


async def _check_fits(prompt: tuple[Line, ...], room: int | None, scale: Scale) -> None:
    if room is None or at_most(prompt) <= room:
        return
    weight = await scale.weigh(prompt)
    if weight > room:
        raise InvalidParam(
            f"The question and the app's prompt together have {weight} tokens, more than the {room} that the model "
            f"{scale.model.name} can hold: shorten the query or the inputs, or choose a model with a larger context.",
            params="query",
        )


async def _budget(prompt: tuple[Line, ...], history: tuple[Line, ...], room: int | None, scale: Scale) -> int:
    """How many tokens the past may have."""
    if room is None:
        return UNKNOWN_ROOM
    limit = answer_limit(scale.model)
    left = room - (limit[1] if limit else 0)
    sure = left - at_most(prompt)
    return sure if at_most(history) <= sure else max(left - await scale.weigh(prompt), 0)


async def _lowered(model: Model, prompt: tuple[Line, ...], room: int | None, scale: Scale) -> Model:
    """The model, with an answer no longer than what the prompt leaves."""
    limit = answer_limit(model)
    if room is None or limit is None or at_most(prompt) + limit[1] <= room:
        return model
    name, most = limit
    left = max(room - await scale.weigh(prompt), LEAST_ANSWER)
    return replace(model, parameters={**model.parameters, name: left}) if left < most else model
