"""What a message's run has asked somebody, for the history of a conversation (contract 5.3). Knows no store."""

from collections.abc import Iterable
from typing import Annotated, Literal

from msgspec import Meta, Struct

from parlour.domain import forms
from parlour.domain.workflow_run import Form


class FormDefinition(Struct):
    """What is asked."""

    form_id: str
    node_id: str
    node_title: str
    form_content: str
    inputs: tuple[dict[str, object], ...]
    actions: tuple[dict[str, object], ...]
    display_in_ui: bool
    form_token: Annotated[str | None, Meta(description="With it the form is sent; null if it cannot be.")]
    resolved_default_values: dict[str, str]
    expiration_time: Annotated[int, Meta(description="Seconds since 1970.")]


class FormSubmissionData(Struct):
    """What was answered."""

    node_id: str
    node_title: str
    rendered_content: Annotated[str, Meta(description="The form's text with what was sent.")]
    action_id: str
    action_text: str


class ExtraContent(Struct):
    """One form, as it stands now."""

    type: Literal["human_input"]
    workflow_run_id: str
    submitted: bool
    form_definition: Annotated[FormDefinition | None, Meta(description="Until it is submitted.")]
    form_submission_data: Annotated[FormSubmissionData | None, Meta(description="Once it is.")]


def extra_contents(asked: Iterable[Form]) -> tuple[ExtraContent, ...]:
    return tuple(map(_content, asked))


def _content(form: Form) -> ExtraContent:
    """A form whose time was over was not submitted."""
    asked, sent = form.asked, form.submission
    if sent is None or not sent.action:
        definition = FormDefinition(
            form_id=asked.form_id,
            node_id=asked.node_id,
            node_title=asked.node_title,
            form_content=asked.form_content,
            inputs=asked.inputs,
            actions=asked.actions,
            display_in_ui=asked.display_in_ui,
            form_token=asked.form_token,
            resolved_default_values=asked.resolved_default_values,
            expiration_time=asked.expiration_time,
        )
        return ExtraContent("human_input", form.run_id, False, definition, None)
    said = FormSubmissionData(
        node_id=asked.node_id,
        node_title=asked.node_title,
        rendered_content=forms.filled(asked, forms.given(asked, sent)),
        action_id=sent.action,
        action_text=forms.title(asked, sent.action),
    )
    return ExtraContent("human_input", form.run_id, True, None, said)
