"""Alert rules: what is watched, from when on it is an alert, and how rules are read from a setting."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import Any

from apps.core.error_handling import SettingsError
from apps.core.monitoring_table import METRICS, MetricKind

EXAMPLE = (
    '[{"name": "queue_stuck", "metric": "tacit_queue_age_seconds", "kind": "threshold", "above": 600,'
    ' "level": "warning", "message": "Jobs have waited for ten minutes. Start another worker."}]'
)
SUFFIXES = ("_sum", "_count")  # of a histogram's series


class AlertLevel(StrEnum):
    """How much an alert matters: something to know, something to look at, something to mend at once."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


class RuleKind(StrEnum):
    """`threshold`: a gauge is too high or low. `rate`: a counter grew too much. `absence`: it didn't grow at all."""

    THRESHOLD = "threshold"
    RATE = "rate"
    ABSENCE = "absence"


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertRule:
    """When an alert is on. `message` says what it means and what to do.

    `labels` narrows the metric's series; for each combination of the labels in `by` there is an alert of its own.
    A threshold must hold for all of `window_seconds` (0: now is enough). A rate is the growth within the window, or,
    with `per`, that growth as a share of another counter's, once that has grown by `at_least`.
    """

    name: str
    metric: str
    kind: RuleKind
    message: str
    level: AlertLevel = AlertLevel.WARNING
    above: float | None = None
    below: float | None = None
    window_seconds: float = 0
    labels: Mapping[str, str] = field(default_factory=dict)
    by: tuple[str, ...] = ()
    per: str = ""
    per_labels: Mapping[str, str] = field(default_factory=dict)
    at_least: float = 1

    def exceeds(self, value: float) -> bool:
        """Return whether a value is beyond the rule's bounds."""
        return (self.above is not None and value > self.above) or (self.below is not None and value < self.below)


def parse_rules(text: str) -> tuple[AlertRule, ...]:
    """Read rules from JSON: a list of objects with the fields of AlertRule. Raises SettingsError, saying what to do."""
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        raise wrong(f"is no valid JSON (line {error.lineno}, column {error.colno})") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise wrong("is no list of objects")
    rules = tuple(parse_rule(entry) for entry in entries)
    names = [rule.name for rule in rules]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise wrong(f"has two rules named {twice[0]!r}")
    return rules


def parse_rule(entry: Mapping[str, Any]) -> AlertRule:
    known = {one.name for one in fields(AlertRule)}
    if unknown := sorted(set(entry) - known):
        raise wrong(f"has the field {unknown[0]!r}, which no rule has; there are {', '.join(sorted(known))}")
    if missing := [name for name in ("name", "metric", "kind", "message") if not entry.get(name)]:
        raise wrong(f"has a rule without {missing[0]!r}")
    try:
        rule = AlertRule(
            **{
                **entry,
                "kind": RuleKind(entry["kind"]),
                "level": AlertLevel(entry.get("level", AlertLevel.WARNING)),
                "by": tuple(entry.get("by", ())),
            }
        )
    except (ValueError, TypeError):
        raise wrong(
            f"has the rule {entry['name']!r} with a kind or level that there isn't;"
            f" kinds: {', '.join(RuleKind)}; levels: {', '.join(AlertLevel)}"
        ) from None
    check_rule(rule)
    return rule


def check_rule(rule: AlertRule) -> None:
    """Raise SettingsError unless the rule can be on at some time."""
    if complaint := next((words for words, true in complaints(rule).items() if true), None):
        raise wrong(f"has the rule {rule.name!r}, {complaint}")


def complaints(rule: AlertRule) -> dict[str, bool]:
    """Return what could be wrong with a rule, and whether it is."""
    metrics = [name for name in (rule.metric, rule.per) if name]
    unknown = next((name for name in metrics if metric_name(name) not in METRICS), None)
    if unknown:
        return {f"whose metric {unknown!r} there isn't (docs/monitoring.md names them)": True}
    numbers = (rule.above, rule.below, rule.window_seconds, rule.at_least)
    is_gauge = METRICS[metric_name(rule.metric)].kind is MetricKind.GAUGE
    labels = set(METRICS[metric_name(rule.metric)].labels)
    return {
        "with a bound or window that is no number": not all(isinstance(one, int | float | None) for one in numbers),
        "whose metric has no such label": not labels.issuperset({*rule.labels, *rule.by}),
        "whose `labels` are no object of texts": not all(isinstance(one, str) for one in rule.labels.values()),
        "a threshold of something that is no gauge": rule.kind is RuleKind.THRESHOLD and not is_gauge,
        "a rate of a gauge": rule.kind is RuleKind.RATE and is_gauge,
        "without `above` or `below`": rule.kind is not RuleKind.ABSENCE and rule.above is None and rule.below is None,
        "without `window_seconds`": rule.kind is not RuleKind.THRESHOLD and rule.window_seconds <= 0,
    }  # fmt: skip


def metric_name(series: str) -> str:
    """Return the metric that a series belongs to: a histogram's has two that can be watched."""
    for suffix in SUFFIXES:
        if series.endswith(suffix) and series.removesuffix(suffix) in METRICS:
            return series.removesuffix(suffix)
    return series


def wrong(what: str) -> SettingsError:
    return SettingsError(f"TACIT_ALERT_RULES {what}. Correct it, for example: {EXAMPLE}")


def rate(name: str, metric: str, message: str, **rest: Any) -> AlertRule:
    return AlertRule(name=name, metric=metric, kind=RuleKind.RATE, message=message, **rest)


def threshold(name: str, metric: str, message: str, **rest: Any) -> AlertRule:
    return AlertRule(name=name, metric=metric, kind=RuleKind.THRESHOLD, message=message, **rest)


DEFAULT_RULES = (
    threshold(
        "no_worker", "tacit_workers", "No worker gives a sign of life, so nothing is read. Start `tacit worker`.",
        level=AlertLevel.CRITICAL, below=1, window_seconds=90,
    ),
    threshold(
        "breaker_open", "tacit_breaker_state",
        "A server that Tacit needs has failed several times and is left alone for a while. See that it runs.",
        above=1, by=("breaker",),
    ),
    threshold(
        "queue_stuck", "tacit_queue_age_seconds",
        "Jobs have been due for a quarter of an hour. Start another worker, or see what the one there is busy with.",
        above=900, by=("queue",),
    ),
    threshold(
        "disk_nearly_full", "tacit_disk_free_bytes",
        "The disk of the data folder is nearly full. Make room before PostgreSQL stops.",
        level=AlertLevel.CRITICAL, below=500 * 1024**2,
    ),
    rate(
        "sources_failing", "tacit_ingest_sources_total",
        "Many sources could not be read. Their rows on the owner's page say why.",
        labels={"outcome": "failed"}, above=9, window_seconds=600,
    ),
    rate(
        "model_failing", "tacit_failures_total",
        "The language model fails, and answers come by extraction. Check its server, key and account.",
        labels={"flow": "answer"}, above=4, window_seconds=600,
    ),
    rate(
        "unexpected_errors", "tacit_failures_total",
        "Something failed that nobody foresaw. The log names the place; `tacit errors` knows what was seen before.",
        labels={"code": "internal_error"}, above=0, window_seconds=600,
    ),
    rate(
        "slow_first_word", "tacit_answer_stage_seconds_sum",
        "Visitors wait long for the first word of an answer. Look at the stages in /metrics.",
        labels={"stage": "first_token"}, per="tacit_answer_stage_seconds_count", per_labels={"stage": "first_token"},
        above=5, window_seconds=900, at_least=10,
    ),
    rate(
        "many_refusals", "tacit_answers_total",
        "Most questions to this chatbot get no answer. Its conversations show what its sources are missing.",
        level=AlertLevel.INFO, labels={"outcome": "refused"}, by=("bot",), per="tacit_answers_total",
        above=0.6, window_seconds=3600, at_least=20,
    ),
    rate(
        "bad_feedback", "tacit_feedback_total",
        "Visitors find this chatbot's answers unhelpful. Its conversations show which.",
        level=AlertLevel.INFO, labels={"value": "down"}, by=("bot",), per="tacit_feedback_total",
        above=0.5, window_seconds=86_400, at_least=10,
    ),
    rate(
        "privacy_alarm", "tacit_privacy_alarms_total",
        "A model came near learn-only text and was stopped. Consider another mode than `inform` for this chatbot.",
        by=("bot",), above=0, window_seconds=3600,
    ),
    threshold(
        "budget_nearly_used", "tacit_budget_share",
        "This chatbot has used four fifths of its budget of this month. After all of it, answers come by extraction.",
        level=AlertLevel.INFO, above=0.799, by=("bot",),
    ),
    threshold(
        "budget_used_up", "tacit_budget_share",
        "This chatbot has used up its budget of this month, so answers come by extraction until the next one. Raise"
        " the budget in its settings if that is too early.",
        above=0.999, by=("bot",),
    ),
    rate(
        "visitors_turned_away", "tacit_turned_away_total",
        "This chatbot has got as many messages today as it takes in a day, and turns visitors away. Raise its limit if"
        " these are people.",
        labels={"limit": "bot_day"}, by=("bot",), above=0, window_seconds=3600,
    ),
)  # fmt: skip
