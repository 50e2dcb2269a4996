"""What a collector of traces gets: an answer with its stages and the model's calls, in the field's names, no words."""

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from apps.core.monitoring import metrics_collector, track_metric
from apps.observability import metered_chat, telemetry
from apps.observability.metered_llm import Answering, Call
from apps.rag.llm_service.protocol import Usage
from apps.rag.trace import Trace

BOT = "0f8fad5b-d9cb-469f-a165-70867728950e"
SECRET = "the discount floor"
TIMINGS = {"condense": 1.0, "search": 20.0, "context": 2.0, "generate": 500.0, "first_token": 40.0, "total": 530.0}


class Collector:
    """Keeps what would be sent."""

    def __init__(self) -> None:
        self.spans, self.reader = InMemorySpanExporter(), InMemoryMetricReader()

    def by_name(self) -> dict[str, ReadableSpan]:
        return {span.name: span for span in self.spans.get_finished_spans()}

    def measured(self) -> dict[str, Any]:
        data = self.reader.get_metrics_data()
        assert data is not None
        return {
            metric.name: metric.data.data_points
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    made = Collector()
    monkeypatch.setattr(metered_chat, "observers", [])
    monkeypatch.setattr(metrics_collector, "_listeners", [])
    telemetry.watch("web", SimpleSpanProcessor(made.spans), made.reader)
    yield made
    made.reader.shutdown()


def an_answer(**changed: Any) -> Answering:
    call = Call(
        provider="openai-compatible", model="small-model", begun=1000.03, seconds=0.45, seconds_to_first_token=0.1,
        usage=Usage(prompt_tokens=321, completion_tokens=21), outcome="done",
    )  # fmt: skip
    trace = Trace(provider="openai-compatible", model="small-model", query=SECRET, timings_ms=TIMINGS)
    return Answering(**{"bot": BOT, "begun": 1000.0, "calls": [call], "trace": trace, **changed})


def tell(answer: Answering) -> None:
    for observer in metered_chat.observers:
        observer(answer)


def test_an_answer_is_a_trace_of_its_stages_and_the_models_calls(collector: Collector) -> None:
    tell(an_answer())
    spans = collector.by_name()
    assert set(spans) == {"invoke_agent", "condense", "search", "context", "generate", "chat small-model"}
    root = spans["invoke_agent"]
    assert dict(root.attributes or {}) == {
        "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.id": BOT, "gen_ai.provider.name": "openai",
    }  # fmt: skip
    assert all(span.parent == root.context for span in spans.values() if span is not root)
    search = spans["search"]
    assert (search.end_time or 0) - (search.start_time or 0) == pytest.approx(20_000_000, abs=10_000)
    assert (root.end_time or 0) - (root.start_time or 0) == pytest.approx(530_000_000, abs=10_000)


def test_a_call_has_the_attributes_and_measures_of_the_conventions(collector: Collector) -> None:
    tell(an_answer())
    assert dict(collector.by_name()["chat small-model"].attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "small-model",
        "gen_ai.request.stream": True,
        "gen_ai.usage.input_tokens": 321,
        "gen_ai.usage.output_tokens": 21,
    }
    measured = collector.measured()
    assert measured["gen_ai.client.operation.duration"][0].sum == pytest.approx(0.45)
    assert measured["gen_ai.client.operation.time_to_first_chunk"][0].count == 1
    tokens = {point.attributes["gen_ai.token.type"]: point.sum for point in measured["gen_ai.client.token.usage"]}
    assert tokens == {"input": 321, "output": 21}


def test_a_call_that_failed_says_so_by_its_code(collector: Collector) -> None:
    call = Call(provider="openai-compatible", model="small-model", begun=1000.0, code="provider_failed")
    tell(an_answer(calls=[call], trace=None, code="internal_error"))
    spans = collector.by_name()
    assert spans["chat small-model"].status.status_code is StatusCode.ERROR
    assert (spans["chat small-model"].attributes or {})["error.type"] == "provider_failed"
    assert (spans["invoke_agent"].attributes or {})["error.type"] == "internal_error"


def test_what_is_counted_is_measured_under_opentelemetrys_names(collector: Collector) -> None:
    track_metric("tacit_jobs_total", 2, {"task": "ingest", "outcome": "done"})
    track_metric("tacit_job_seconds", 0.5, {"task": "ingest"})
    track_metric("tacit_breaker_state", 2, {"breaker": "llm"})
    measured = collector.measured()
    assert measured["tacit.jobs"][0].value == 2
    assert dict(measured["tacit.jobs"][0].attributes) == {"task": "ingest", "outcome": "done"}
    assert measured["tacit.job"][0].sum == 0.5
    assert measured["tacit.breaker_state"][0].value == 2


def test_no_word_of_a_question_is_sent(collector: Collector) -> None:
    tell(an_answer())
    sent = "".join(span.to_json() for span in collector.spans.get_finished_spans())
    assert "invoke_agent" in sent
    assert SECRET not in sent
