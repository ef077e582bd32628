"""Where it is chosen what the operator is told, as `wiring.py` chooses the other parts."""

import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from functools import partial

from parlour.llm.suggest import suggest
from parlour.llm.title import title
from parlour.modes.features.traced import traced
from parlour.modes.features.traced_asides import traced_ports
from parlour.ports import Ports
from parlour.ports.traces import Traces
from parlour.runs.asides import Asides
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


def open_telling(
    ports: Ports, modes: Mapping[str, Mode], said: Telemetry, stack: AsyncExitStack
) -> tuple[Asides, Mapping[str, Mode]]:
    """What is asked beside runs, and the modes of these; told to a collector, where there is one.

    Raises:
        BadSettings: the extra is missing that it needs.
    """
    if not said.traces:
        return Asides(ports, title, suggest), modes
    try:
        from parlour.providers.otel import Otel
    except ModuleNotFoundError as error:
        raise BadSettings(f"telemetry.traces needs the package {error.name}: pip install 'parlour[otel]'") from error
    traces = Otel.at(said.traces)
    stack.push_async_callback(traces.aclose)
    return told(ports, modes, traces, texts=said.texts)


def told(ports: Ports, modes: Mapping[str, Mode], traces: Traces, *, texts: bool) -> tuple[Asides, Mapping[str, Mode]]:
    asides = Asides(ports, title, suggest, traced=partial(traced_ports, ports, traces, texts=texts))
    return asides, {name: traced(mode, traces, texts=texts) for name, mode in modes.items()}
