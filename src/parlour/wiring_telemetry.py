"""Where it is chosen what the operator is told, as `wiring.py` chooses the other parts."""

import time
from collections.abc import Mapping
from contextlib import AsyncExitStack

from parlour.modes.features.traced import traced
from parlour.runs.lines import RunLines
from parlour.runs.metering import Metering
from parlour.runs.start import Mode, Runs
from parlour.settings import BadSettings, Telemetry
from parlour.storage import Storage


def open_metering(said: Telemetry, storage: Storage, runs: Runs) -> Metering | None:
    """Who counts; nobody where nobody is to read it. Whoever writes lines of runs is told of them, too."""
    if said.runs:
        runs.observers.append(RunLines(time.monotonic))
    if said.metrics == "off":
        return None
    metering = Metering(storage.queued)
    runs.observers.append(metering)
    return metering


def traced_modes(modes: Mapping[str, Mode], said: Telemetry, stack: AsyncExitStack) -> Mapping[str, Mode]:
    """With traces of their runs, where somebody is to be told.

    Raises:
        BadSettings: the extra is missing that it needs.
    """
    if not said.traces:
        return modes
    try:
        from parlour.providers.otel import Otel
    except ModuleNotFoundError as error:
        raise BadSettings(f"telemetry.traces needs the package {error.name}: pip install 'parlour[otel]'") from error
    traces = Otel.at(said.traces)
    stack.push_async_callback(traces.aclose)
    return {name: traced(mode, traces, texts=said.texts) for name, mode in modes.items()}
