"""Traces to a collector, by OTLP over HTTP: what OpenTelemetry's own library sends, in the background and in groups.

Does not know what a span tells of. Addresses, headers and limits beyond the one of the settings come from the
environment, by the names that the library has for them (`OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_RESOURCE_ATTRIBUTES`, …).
"""

import asyncio
from collections.abc import Sequence

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)
from opentelemetry.trace import Span as Sent

from parlour import __version__
from parlour.domain.trace import Origin, Span
from parlour.ports.traces import Trace

KINDS = {"server": SpanKind.SERVER, "client": SpanKind.CLIENT, "internal": SpanKind.INTERNAL}
SECOND = 1_000_000_000
"""In nanoseconds."""
PATH = "/v1/traces"
SAMPLED = TraceFlags(TraceFlags.SAMPLED)


class Ids(RandomIdGenerator):
    """Its own, but for a run, whose span has an id already, and whose trace may have one and no span to belong to."""

    trace = span = 0

    def generate_span_id(self) -> int:
        return self.span or super().generate_span_id()

    def generate_trace_id(self) -> int:
        return self.trace or super().generate_trace_id()


class Otel:
    """The port `Traces`."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._ids = Ids()
        self._provider = TracerProvider(
            id_generator=self._ids,
            resource=Resource.create({"service.name": "parlour", "service.version": __version__}),
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(BatchSpanProcessor(exporter))
        self._tracer = self._provider.get_tracer("parlour", __version__)

    @classmethod
    def at(cls, endpoint: str) -> "Otel":
        """A collector at this address, such as `http://collector:4318`."""
        address = endpoint.rstrip("/")
        return cls(OTLPSpanExporter(endpoint=address if address.endswith(PATH) else address + PATH))

    def begin(self, origin: Origin, name: str, at: float) -> Trace:
        around = None
        if origin.parent:
            caller = SpanContext(int(origin.trace, 16), int(origin.parent, 16), is_remote=True, trace_flags=SAMPLED)
            around = set_span_in_context(NonRecordingSpan(caller))
        self._ids.trace, self._ids.span = int(origin.trace, 16), int(origin.span, 16)
        try:
            span = self._tracer.start_span(name, around, SpanKind.SERVER, start_time=int(at * SECOND))
        finally:
            self._ids.trace = self._ids.span = 0
        return OtelTrace(self._tracer, span)

    async def aclose(self) -> None:
        """Send what waits."""
        await asyncio.to_thread(self._provider.shutdown)


class OtelTrace:
    def __init__(self, tracer: Tracer, run: Sent) -> None:
        self._tracer = tracer
        self._run = run

    @property
    def traceparent(self) -> str:
        context = self._run.get_span_context()
        return f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"

    def end(self, spans: Sequence[Span]) -> None:
        made: list[Sent] = []
        for span in spans:
            sent = self._run
            if span.parent is not None:
                around = set_span_in_context(made[span.parent])
                began = int(span.began * SECOND)
                sent = self._tracer.start_span(span.name, around, KINDS[span.kind], start_time=began)
            sent.set_attributes(span.attributes)
            if span.error:
                sent.set_status(Status(StatusCode.ERROR, span.error))
            made.append(sent)
        for span, sent in zip(spans, made, strict=True):
            sent.end(int(span.ended * SECOND))
