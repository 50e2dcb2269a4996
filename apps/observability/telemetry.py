"""Sends traces and metrics by OpenTelemetry (OTLP over HTTP); loaded only where an address for them is configured.

Names follow OpenTelemetry's conventions for generative AI. Prompts, questions and answers are never sent.
"""

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import TypeAlias

from django.conf import settings
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import Meter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import MetricReader, PeriodicExportingMetricReader
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer, set_span_in_context

from apps.core.monitoring import metrics_collector
from apps.core.monitoring_table import KNOWN, Metric, MetricKind
from apps.observability import metered_chat
from apps.observability.metered_llm import Answering, Call

Measure: TypeAlias = Callable[[float, Mapping[str, str]], None]

# What a trace is made of, in the order in which it happens; the rest of the timings are no stages.
STAGES = ("condense", "search", "read", "context", "inform", "generate")
NANOSECONDS = 1_000_000_000
# As the conventions advise for durations and for tokens.
DURATIONS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
TOKENS = (1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576)
PROVIDERS = {"openai-compatible": "openai"}  # by the name of the protocol, which is all that is known


def start(kind: str) -> None:
    """Send what happens in this process from now on; `kind` is web or worker."""
    base = settings.OTLP_ENDPOINT.rstrip("/")
    watch(
        kind,
        BatchSpanProcessor(OTLPSpanExporter(endpoint=f"{base}/v1/traces")),
        PeriodicExportingMetricReader(OTLPMetricExporter(endpoint=f"{base}/v1/metrics")),
    )


def watch(kind: str, spans: SpanProcessor, reader: MetricReader) -> "Telemetry":
    """Hand all that is traced and counted to these two."""
    resource = Resource.create({"service.name": "tacit", "service.namespace": f"tacit-{kind}"})
    tracing = TracerProvider(resource=resource)
    tracing.add_span_processor(spans)
    telemetry = Telemetry(
        tracing.get_tracer("tacit"), MeterProvider(metric_readers=[reader], resource=resource).get_meter("tacit")
    )
    metrics_collector.listen(telemetry.counted)
    metered_chat.observers.append(telemetry.answered)
    return telemetry


class Telemetry:
    """Makes spans and measurements of what the meters tell."""

    def __init__(self, tracer: Tracer, meter: Meter) -> None:
        self._tracer = tracer
        self._instruments = {metric.name: INSTRUMENTS[metric.kind](meter, metric) for metric in KNOWN}
        self._durations = meter.create_histogram(
            "gen_ai.client.operation.duration", unit="s", explicit_bucket_boundaries_advisory=DURATIONS
        )
        self._first_chunks = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk", unit="s", explicit_bucket_boundaries_advisory=DURATIONS
        )
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage", unit="{token}", explicit_bucket_boundaries_advisory=TOKENS
        )

    def counted(self, metric: Metric, value: float, labels: Mapping[str, str]) -> None:
        self._instruments[metric.name](value, labels)

    def answered(self, this: Answering) -> None:
        """Make the spans of an answer that is over: itself, its stages, and the calls of the model."""
        trace = this.trace
        timings = trace.timings_ms if trace else {}
        ended = this.begun + timings.get("total", 0) / 1000
        ended = max([ended, *(call.begun + call.seconds for call in this.calls)])
        span = self._tracer.start_span(
            "invoke_agent",
            attributes=named({
                "gen_ai.operation.name": "invoke_agent",
                "gen_ai.agent.id": this.bot,
                "gen_ai.provider.name": provider_of(trace.provider) if trace else "",
                "error.type": this.code or (trace.fallback if trace else "") or "",
            }),
            start_time=nanoseconds(this.begun),
        )  # fmt: skip
        within = set_span_in_context(span)
        took = [timings.get(stage, 0.0) / 1000 for stage in STAGES]
        begins = [this.begun + sum(took[:number]) for number in range(len(STAGES) + 1)]
        for stage, (begin, end) in zip(STAGES, pairwise(begins), strict=True):
            if stage in timings:
                self._tracer.start_span(stage, context=within, start_time=nanoseconds(begin)).end(nanoseconds(end))
        for call in this.calls:
            self._called(call, within)
        if this.code:
            span.set_status(Status(StatusCode.ERROR))
        span.end(nanoseconds(ended))

    def _called(self, call: Call, within: Context) -> None:
        common = named({
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": provider_of(call.provider),
            "gen_ai.request.model": call.model,
            "error.type": call.code,
        })  # fmt: skip
        usage = {} if call.usage is None else {
            "gen_ai.usage.input_tokens": call.usage.prompt_tokens,
            "gen_ai.usage.output_tokens": call.usage.completion_tokens,
        }  # fmt: skip
        span = self._tracer.start_span(
            f"chat {call.model}", context=within, kind=SpanKind.CLIENT, start_time=nanoseconds(call.begun),
            attributes={**common, **usage, "gen_ai.request.stream": True},
        )  # fmt: skip
        if call.code:
            span.set_status(Status(StatusCode.ERROR))
        span.end(nanoseconds(call.begun + call.seconds))
        self._durations.record(call.seconds, common)
        if call.seconds_to_first_token:
            self._first_chunks.record(call.seconds_to_first_token, common)
        if call.usage is not None:
            self._tokens.record(call.usage.prompt_tokens, {**common, "gen_ai.token.type": "input"})
            self._tokens.record(call.usage.completion_tokens, {**common, "gen_ai.token.type": "output"})


def counter(meter: Meter, metric: Metric) -> Measure:
    made = meter.create_counter(name_of(metric), unit=metric.unit, description=metric.help)
    return made.add


def histogram(meter: Meter, metric: Metric) -> Measure:
    made = meter.create_histogram(name_of(metric), unit="s", description=metric.help)
    return made.record


def gauge(meter: Meter, metric: Metric) -> Measure:
    made = meter.create_gauge(name_of(metric), unit=metric.unit, description=metric.help)
    return made.set


INSTRUMENTS = {MetricKind.COUNTER: counter, MetricKind.HISTOGRAM: histogram, MetricKind.GAUGE: gauge}


def name_of(metric: Metric) -> str:
    """Return a metric's name as OpenTelemetry writes it: without the endings that Prometheus wants."""
    return metric.name.removesuffix("_total").removesuffix("_seconds").replace("tacit_", "tacit.", 1)


def provider_of(name: str) -> str:
    return PROVIDERS.get(name, f"tacit.{name}")


def named(attributes: Mapping[str, str]) -> dict[str, str]:
    """Leave out what there is nothing to say of."""
    return {name: value for name, value in attributes.items() if value}


def nanoseconds(seconds: float) -> int:
    return int(seconds * NANOSECONDS)
