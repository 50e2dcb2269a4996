"""Errors and alerts in words for owners."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.defaultfilters import filesizeformat
from django.utils.timesince import timesince

from apps.core.alert_rules import AlertRule, metric_name
from apps.core.error_reports import ReportKind
from apps.core.monitoring_table import METRICS
from apps.incidents.services import SeenError

KINDS: Mapping[str, str] = {
    ReportKind.SOURCE: "A source could not be read",
    ReportKind.BREAKER: "Something Tacit needs did not answer",
    ReportKind.UNHANDLED: "Something failed that nobody foresaw",
}
LEVELS: Mapping[str, tuple[str, str]] = {
    "critical": ("Mend at once", "bad"),
    "warning": ("Look at it", "warn"),
    "info": ("Good to know", ""),
}
TITLES: Mapping[str, str] = {
    "no_worker": "Nothing is being read",
    "breaker_open": "A server that Tacit needs does not answer",
    "queue_stuck": "Work is waiting",
    "disk_nearly_full": "The disk is nearly full",
    "sources_failing": "Many sources could not be read",
    "model_failing": "The language model fails",
    "unexpected_errors": "Something failed that nobody foresaw",
    "slow_first_word": "Answers are slow to begin",
    "many_refusals": "Most questions get no answer",
    "bad_feedback": "Visitors find the answers unhelpful",
    "privacy_alarm": "A model came near learn-only text",
}
# What a circuit breaker stands before.
SUBJECTS: Mapping[str, str] = {
    "llm": "the language model",
    "embeddings": "the embedding model",
    "reader": "the reading model",
    "site": "a web site",
}
# Where an owner sees more of it: the page of a chatbot and what is asked of it, or a page of the organization.
BOT_PAGES: Mapping[str, tuple[str, str, str]] = {
    "many_refusals": ("bot-conversations", "show=unanswered", "See the unanswered questions"),
    "bad_feedback": ("bot-conversations", "show=down", "See what visitors did not like"),
    "privacy_alarm": ("bot-privacy", "", "See the alarms"),
}
PAGES: Mapping[str, tuple[str, str]] = {
    "sources_failing": ("errors", "See which sources failed"),
    "unexpected_errors": ("errors", "See what failed"),
    "model_failing": ("errors", "See what failed"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertLine:
    """An alert in words. `bot` is the name of the chatbot it is about, `page` where more of it is seen."""

    alert: Any
    title: str
    message: list[str]
    level: str
    tone: str
    value: str
    about: str
    lasted: str
    bot: str
    bot_id: str
    page: tuple[str, str, str] | None


def urgency(alert: Any) -> int:
    """Return the place of an alert among others: what must be mended at once comes first."""
    return list(LEVELS).index(alert.level) if alert.level in LEVELS else len(LEVELS)


def pieces(text: str) -> list[str]:
    """Return a sentence cut at its backticks: every second piece is something to type."""
    return text.split("`")


def about(label: str, value: str) -> str:
    return SUBJECTS.get(value, value) if label == "breaker" else f"{label} {value}"


def kind_of(error: SeenError) -> str:
    return KINDS.get(error.kind, "Something went wrong")


def alert_line(alert: Any, names: Mapping[str, str]) -> AlertLine:
    level, tone = LEVELS.get(alert.level, (alert.level, ""))
    bot_id = alert.labels.get("bot", "") if alert.labels.get("bot", "") in names else ""
    return AlertLine(
        alert=alert,
        title=TITLES.get(alert.rule, alert.rule.replace("_", " ").capitalize()),
        message=pieces(alert.message),
        level=level,
        tone=tone,
        value=value_of(alert),
        about=", ".join(about(name, value) for name, value in sorted(alert.labels.items()) if name != "bot"),
        lasted=timesince(alert.first_seen_at, alert.cleared_at) if alert.cleared_at else "",
        bot=names.get(bot_id, ""),
        bot_id=bot_id,
        page=page_of(alert.rule, bot_id),
    )


def page_of(rule: str, bot_id: str) -> tuple[str, str, str] | None:
    """Return the address' name, what is asked of it, and the words of the link."""
    if bot_id and rule in BOT_PAGES:
        return BOT_PAGES[rule]
    if not bot_id and rule in PAGES:
        name, words = PAGES[rule]
        return name, "", words
    return None


def value_of(alert: Any) -> str:
    """Return the value that was found last, in the unit of its metric; nothing where a number alone says nothing."""
    rule = next((one for one in settings.ALERT_RULES if one.name == alert.rule), None)
    if rule is None or alert.value is None:
        return ""
    return told(rule, alert.value)


def told(rule: AlertRule, value: float) -> str:
    unit = METRICS[metric_name(rule.metric)].unit
    if rule.per and metric_name(rule.metric) == metric_name(rule.per) and not rule.metric.endswith("_sum"):
        return f"{100 * value:.0f} %"
    if unit == "bytes":
        return f"{filesizeformat(value)} free" if "free" in rule.metric else filesizeformat(value)
    if unit == "seconds":
        return f"{value:.1f} s" if value < 120 else f"{value / 60:.0f} minutes"
    return ""
