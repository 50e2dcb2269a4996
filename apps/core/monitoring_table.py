"""Every metric there is, in one table: its name, kind, unit, labels and what it tells."""

from dataclasses import dataclass
from enum import StrEnum

OTHER = "other"  # what a label says that has too many values, or one that nobody foresaw


class MetricKind(StrEnum):
    """How a metric's values add up: a counter only grows, a gauge is as it is now, a histogram sorts durations."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, kw_only=True, slots=True)
class Label:
    """What a label may say: only what matches `pattern`, and no more than `most` different things.

    So nothing that somebody wrote can become a label, and no label makes the numbers grow without end.
    """

    pattern: str
    most: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """A metric under the name by which it is tracked and exposed."""

    name: str
    kind: MetricKind
    unit: str
    labels: tuple[str, ...]
    help: str


WORD = r"[a-z][a-z0-9_.-]{0,59}"
LABELS = {
    "bot": Label(pattern=r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|none", most=200),  # a chatbot's id
    "breaker": Label(pattern=WORD, most=40),
    "cache": Label(pattern=WORD, most=20),
    "code": Label(pattern=WORD, most=100),  # an error's code
    "flow": Label(pattern="answer|ingest|api|job", most=4),
    "limit": Label(pattern=WORD, most=10),  # that a visitor's request met
    "outcome": Label(pattern=WORD, most=10),
    "process": Label(pattern="web|worker|command", most=3),
    "provider": Label(pattern=WORD, most=10),
    "queue": Label(pattern=WORD, most=20),
    "result": Label(pattern="hit|miss", most=2),
    "rule": Label(pattern=WORD, most=40),  # by which the privacy filter held a sentence back
    "stage": Label(pattern=WORD, most=40),
    "status": Label(pattern=WORD, most=20),
    "task": Label(pattern=WORD, most=40),
    "to": Label(pattern="closed|half_open|open", most=3),
    "type": Label(pattern="input|output", most=2),
    "value": Label(pattern="up|down", most=2),
}
# Seconds: from a stage that takes a millisecond to a document that takes minutes.
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0)


def counter(name: str, help_text: str, *labels: str, unit: str = "") -> Metric:
    return Metric(name=name, kind=MetricKind.COUNTER, unit=unit, labels=labels, help=help_text)


def gauge(name: str, help_text: str, *labels: str, unit: str = "") -> Metric:
    return Metric(name=name, kind=MetricKind.GAUGE, unit=unit, labels=labels, help=help_text)


def seconds(name: str, help_text: str, *labels: str) -> Metric:
    return Metric(name=name, kind=MetricKind.HISTOGRAM, unit="seconds", labels=labels, help=help_text)


KNOWN = (
    # the answer flow
    counter(
        "tacit_answers_total",
        "Answers given, and whether they told something or refused.",
        "bot",
        "outcome",
        "provider",
    ),
    counter("tacit_answers_broken_off_total", "Answers that their visitor didn't wait for.", "bot"),
    seconds("tacit_answer_stage_seconds", "How long each stage of an answer took.", "stage"),
    counter("tacit_sentences_held_back_total", "Sentences that the privacy filter held back.", "rule"),
    counter("tacit_privacy_alarms_total", "Answers that were stopped because they came near learn-only text.", "bot"),
    counter("tacit_feedback_total", "What visitors thought of answers.", "bot", "value"),
    counter("tacit_turned_away_total", "Requests of visitors that a limit refused.", "bot", "limit"),
    # the language model
    counter("tacit_llm_calls_total", "Calls of the language model.", "provider", "outcome"),
    seconds("tacit_llm_call_seconds", "How long the language model took, from the call to its last token.", "outcome"),
    seconds("tacit_llm_first_token_seconds", "How long the language model took to its first token."),
    counter(
        "tacit_llm_tokens_total", "Tokens that the language model says it read and wrote.", "bot", "type", unit="tokens"
    ),
    counter("tacit_llm_cost_total", "What these tokens cost, by the prices in the settings.", "bot", unit="currency"),
    # the ingest flow
    counter("tacit_ingest_sources_total", "Runs of the ingest flow, and what became of them.", "outcome"),
    seconds("tacit_ingest_stage_seconds", "How long each stage of the ingest flow took.", "stage"),
    counter(
        "tacit_cache_requests_total", "Things looked for in a cache, and whether they were there.", "cache", "result"
    ),
    # jobs
    counter("tacit_jobs_total", "Jobs that the workers ran, and what became of them.", "task", "outcome"),
    seconds("tacit_job_seconds", "How long a job took.", "task"),
    # failures
    counter("tacit_failures_total", "Failures by the code of the error.", "flow", "code"),
    gauge("tacit_breaker_state", "Circuit breakers: 0 closed, 1 half-open, 2 open.", "breaker"),
    counter("tacit_breaker_changes_total", "Changes of a circuit breaker's state.", "breaker", "to"),
    # requests
    counter("tacit_http_requests_total", "Requests, by the class of their status.", "status"),
    # of the installation as a whole, read from the database when they are asked for
    gauge("tacit_database_up", "Whether the database answers."),
    gauge("tacit_sources", "Sources by status.", "status"),
    gauge("tacit_queue_depth", "Jobs that wait or run.", "queue", "status"),
    gauge("tacit_queue_age_seconds", "How long the oldest job that is due has waited.", "queue", unit="seconds"),
    gauge("tacit_budget_share", "How much of a chatbot's budget of this month is used up; 1 is all of it.", "bot"),
    gauge("tacit_workers", "Workers that gave a sign of life in the last half minute."),
    gauge("tacit_alerts", "Alerts that are on."),
    gauge("tacit_disk_free_bytes", "Free disk space where the data folder lies.", unit="bytes"),
    # of each process
    gauge(
        "tacit_process_memory_bytes", "Resident memory, of the largest process of its kind.", "process", unit="bytes"
    ),
)
METRICS = {metric.name: metric for metric in KNOWN}
