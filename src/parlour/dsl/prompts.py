"""The prompts of an easy app, as its author wrote them. Does not know how they are rendered (dsl.md 7, 8)."""

from parlour.domain.app import AnyPrompt, ChatPrompt, CompletionPrompt, Role, Said, SimplePrompt
from parlour.dsl.part import Part

ROLES: dict[str, Role] = {"system": "system", "user": "user", "assistant": "assistant"}


def prompt(config: Part, model_mode: str) -> AnyPrompt:
    """The simple prompt, or the advanced one of the model's kind."""
    if config.choice("prompt_type", ("simple", "advanced")) == "simple":
        config.supported("prompt (simple)", "pre_prompt")
        return SimplePrompt(config.text("pre_prompt"))
    return _completion(config) if model_mode == "completion" else _chat(config)


def _chat(config: Part) -> ChatPrompt:
    key = "chat_prompt_config"
    prompt = config.part(key)
    said = tuple(_said(item) for item in prompt.parts("prompt"))
    if not said:
        prompt.refused(f"{key}.prompt", "is missing: an advanced prompt lists its messages (role, text) there")
        return ChatPrompt()
    config.supported(f"prompt (advanced, {len(said)} messages)", key)
    return ChatPrompt(said)


def _said(item: Part) -> Said:
    return Said(ROLES[item.choice("role", ("user", "system", "assistant"))], item.text("text"))


def _completion(config: Part) -> CompletionPrompt:
    key = "completion_prompt_config"
    prompt = config.part(key)
    text = prompt.part("prompt").text("text")
    if not text:
        prompt.refused(f"{key}.prompt.text", "is missing: an advanced prompt of a completion model stands there")
    else:
        config.supported("prompt (advanced, one text)", key)
    names = prompt.part("conversation_histories_role")
    return CompletionPrompt(text, names.text("user_prefix") or "Human", names.text("assistant_prefix") or "Assistant")
