"""What an app says before anybody asks. Does not know where it is kept (dsl.md 5)."""

from parlour.domain.app import App
from parlour.domain.template import fill


def introduction(app: App, inputs: dict[str, object]) -> str:
    """The opening statement as this caller sees it. It is never sent to a model."""
    return fill(app.features.opening_statement, inputs)
