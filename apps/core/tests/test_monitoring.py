"""Numbers that can be trusted: only declared ones, with labels that say nothing about anybody, added up right."""

import ast
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from apps.core import monitoring
from apps.core.monitoring import MetricsCollector, breaker_changed, metrics_collector, timed, timing, track_metric
from apps.core.monitoring_table import BUCKETS, KNOWN, LABELS, METRICS, MetricKind

ROOT = Path(__file__).parents[3]
CHATBOT = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.fixture
def collector() -> MetricsCollector:
    return MetricsCollector()


@pytest.mark.parametrize(
    "name",
    ["MetricsCollector", "AlertManager", "AlertLevel", "metrics_collector", "alert_manager", "track_metric"],
)
def test_the_promised_names_are_exported(name: str) -> None:
    """Holds two errors of the old log: `track_metric` was missing, and `metrics_collector` was not exported."""
    assert name in monitoring.__all__
    assert getattr(monitoring, name) is not None


def test_the_level_of_an_alert_has_one_name() -> None:
    """Holds an error of the old log: one side called it AlertSeverity, the other AlertLevel."""
    assert [level.value for level in monitoring.AlertLevel] == ["info", "warning", "critical"]
    classes = {
        node.name: path.name
        for path in (ROOT / "apps").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef)
    }
    assert classes["AlertLevel"] == "alert_rules.py"
    assert "AlertSeverity" not in classes


def test_track_metric_takes_a_name_a_value_and_tags() -> None:
    """Holds an error of the old log: callers imported `track_metric`, and there was none."""
    before = metrics_collector.samples().get(("tacit_jobs_total", (("outcome", "done"), ("task", "ingest"))), 0)
    track_metric("tacit_jobs_total", 2, {"task": "ingest", "outcome": "done"})
    assert metrics_collector.samples()["tacit_jobs_total", (("outcome", "done"), ("task", "ingest"))] == before + 2


def test_a_metric_that_nobody_declared_is_an_error_in_tests(collector: MetricsCollector) -> None:
    with pytest.raises(KeyError, match=r"no metric 'tacit_jbos_total'.*monitoring_table"):
        collector.track("tacit_jbos_total", 1)
    with pytest.raises(KeyError, match="with these labels"):
        collector.track("tacit_jobs_total", 1, {"task": "ingest"})


def test_outside_of_tests_no_answer_fails_because_of_its_numbers(
    collector: MetricsCollector, settings: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture
) -> None:
    settings.STRICT_METRICS = False  # type: ignore[attr-defined]
    for _ in range(3):
        collector.track("tacit_jbos_total", 1)
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert collector.samples() == {}


def test_counters_add_up_gauges_are_set_and_durations_are_sorted(collector: MetricsCollector) -> None:
    for value in (1, 2):
        collector.track("tacit_answers_broken_off_total", value, {"bot": CHATBOT})
        collector.track("tacit_sources", value, {"status": "ready"})
        collector.track("tacit_job_seconds", value, {"task": "ingest"})

    samples = collector.samples()
    assert samples["tacit_answers_broken_off_total", (("bot", CHATBOT),)] == 3
    assert samples["tacit_sources", (("status", "ready"),)] == 2
    assert samples["tacit_job_seconds_sum", (("task", "ingest"),)] == 3
    assert samples["tacit_job_seconds_bucket", (("le", "1.0"), ("task", "ingest"))] == 1
    assert samples["tacit_job_seconds_bucket", (("le", "2.5"), ("task", "ingest"))] == 2
    assert not [name for name, _ in samples if name.endswith("_created")]


@pytest.mark.parametrize(
    "said",
    ["What is the discount floor?", "alice@example.org", "Alice", "", "x" * 61, "a\nb", 'a"} 1\nfake{b="'],
)
def test_a_label_never_says_what_somebody_wrote(collector: MetricsCollector, said: str) -> None:
    collector.track("tacit_failures_total", 1, {"flow": "api", "code": said})
    collector.track("tacit_answers_broken_off_total", 1, {"bot": said})
    labels = {value for _, labels in collector.samples() for _, value in labels}
    assert labels == {"api", "other"}


def test_a_label_has_a_bounded_number_of_values(collector: MetricsCollector) -> None:
    for number in range(1000):
        collector.track("tacit_failures_total", 1, {"flow": "api", "code": f"code_{number}"})
    samples = collector.samples()
    assert len(samples) == LABELS["code"].most + 1
    assert samples["tacit_failures_total", (("code", "other"), ("flow", "api"))] == 1000 - LABELS["code"].most
    assert sum(samples.values()) == 1000


def test_what_is_exposed_is_what_prometheus_reads(collector: MetricsCollector) -> None:
    collector.track("tacit_answers_broken_off_total", 4, {"bot": CHATBOT})
    collector.track("tacit_sources", 7, {"status": "ready"})
    for stage in ("search", "generate"):
        collector.track("tacit_answer_stage_seconds", 0.02, {"stage": stage})

    families = {
        family.name: family for family in text_string_to_metric_families(collector.exposition(collector.samples()))
    }

    assert families["tacit_answers_broken_off"].type == "counter"
    assert families["tacit_answers_broken_off"].samples[0].value == 4
    assert families["tacit_sources"].samples[0].labels == {"status": "ready"}
    search = [one for one in families["tacit_answer_stage_seconds"].samples if one.labels["stage"] == "search"]
    bounds = [float(one.labels["le"]) for one in search if "le" in one.labels]
    assert bounds == [*BUCKETS, float("inf")]
    assert [one.value for one in search if one.name.endswith("_count")] == [1]


def test_a_block_and_a_function_are_timed_also_when_they_fail() -> None:
    @timed("tacit_ingest_stage_seconds", stage="a_test")
    def fail() -> None:
        time.sleep(0.002)
        raise ValueError

    for _ in range(2):
        with pytest.raises(ValueError, match=r"^$"):
            fail()
    with timing("tacit_ingest_stage_seconds", stage="a_test"):
        pass

    samples = metrics_collector.samples()
    assert samples["tacit_ingest_stage_seconds_count", (("stage", "a_test"),)] == 3
    assert 0.004 <= samples["tacit_ingest_stage_seconds_sum", (("stage", "a_test"),)] < 10


def test_a_breaker_tells_its_state_and_each_change() -> None:
    for state in ("open", "half_open", "open"):
        breaker_changed("a_test", state)
    samples = metrics_collector.samples()
    assert samples["tacit_breaker_state", (("breaker", "a_test"),)] == 2
    assert samples["tacit_breaker_changes_total", (("breaker", "a_test"), ("to", "open"))] == 2


def test_who_listens_hears_of_everything(collector: MetricsCollector) -> None:
    heard: list[tuple[str, float, dict[str, str]]] = []
    collector.listen(lambda metric, value, labels: heard.append((metric.name, value, dict(labels))))
    collector.track("tacit_sources", 2, {"status": "Alice's"})
    assert heard == [("tacit_sources", 2, {"status": "other"})]


def test_counting_costs_next_to_nothing(collector: MetricsCollector) -> None:
    collector.track("tacit_job_seconds", 0.1, {"task": "ingest"})
    begun = time.perf_counter()
    for _ in range(1000):
        collector.track("tacit_job_seconds", 0.1, {"task": "ingest"})
    assert time.perf_counter() - begun < 2, "2 ms each would be felt"


@pytest.mark.parametrize("metric", KNOWN, ids=lambda metric: metric.name)
def test_every_metric_is_named_as_prometheus_wants_and_explained(metric: object) -> None:
    assert isinstance(metric, type(KNOWN[0]))
    assert re.fullmatch(r"tacit_[a-z_]+", metric.name)
    assert metric.name.endswith("_total") == (metric.kind is MetricKind.COUNTER)
    if metric.kind is MetricKind.HISTOGRAM:
        assert metric.name.endswith("_seconds")
    assert metric.help.endswith(".")
    assert set(metric.labels) <= set(LABELS)


def tracked() -> Iterator[tuple[str, str, set[str] | None]]:
    """Yield each metric's name and labels as they stand in the code."""
    for path in [*(ROOT / "apps").rglob("*.py"), *(ROOT / "config").rglob("*.py")]:
        if "tests" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args):
                continue
            name = node.args[0]
            if node.func.id not in {"track_metric", "timed", "timing"} or not isinstance(name, ast.Constant):
                continue
            labels: set[str] | None = {str(one.arg) for one in node.keywords}
            if node.func.id == "track_metric":
                tags = node.args[2] if len(node.args) > 2 else None
                labels = {one.value for one in tags.keys} if isinstance(tags, ast.Dict) else set()  # type: ignore[union-attr]
            yield str(path.relative_to(ROOT)), str(name.value), labels


def test_every_metric_in_the_code_is_declared_with_its_labels() -> None:
    found = list(tracked())
    assert len(found) > 20, "the search finds what is there"
    wrong = [one for one in found if one[1] not in METRICS or set(METRICS[one[1]].labels) != one[2]]
    assert wrong == []


def test_the_guide_names_every_metric_as_it_is() -> None:
    guide = (ROOT / "docs" / "monitoring.md").read_text(encoding="utf-8")
    told = guide.partition("<!-- begin metrics")[2].partition("<!-- end metrics")[0]
    wanted = [
        f"| `{metric.name}` | {metric.kind} | {', '.join(metric.labels) or '–'} | {metric.help} |" for metric in KNOWN
    ]
    assert told.strip().splitlines()[3:] == wanted
