"""A model as a file names it (dsl.md 7): its provider, its name, what it is asked with. Knows no app."""

from parlour.domain.app import Model
from parlour.dsl.part import Part

MAX_STOPS = 4


def named_model(said: Part) -> Model:
    """The model that is written there; without a provider or a name, where it names none."""
    parameters = said.part("completion_params")
    return Model(
        provider=said.text("provider"),
        name=said.text("name"),
        mode="completion" if said.choice("mode", ("chat", "completion")) == "completion" else "chat",
        parameters={key: value for key, value in parameters.value.items() if key != "stop" and value is not None},
        stop=_stops(parameters),
    )


def _stops(parameters: Part) -> tuple[str, ...]:
    """Stop words go apart; a single one may stand without a list."""
    single = parameters.value.get("stop")
    stops = (single,) if isinstance(single, str) else parameters.texts("stop")
    if len(stops) > MAX_STOPS:
        parameters.approximated("stop", f"the first {MAX_STOPS} stop words count, as in Dify", "stop")
    return tuple(stop for stop in stops if stop)[:MAX_STOPS]
