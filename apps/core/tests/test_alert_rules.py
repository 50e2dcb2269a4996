"""When an alert is on: thresholds, rates and absences over time; and what is said of a rule that can't be used."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from apps.core.alert_evaluation import Finding, Reading, Series
from apps.core.alert_rules import DEFAULT_RULES, AlertLevel, AlertRule, RuleKind, check_rule, parse_rules
from apps.core.error_handling import SettingsError
from apps.core.monitoring import AlertManager

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
ALICES, BOBS = "0f8fad5b-d9cb-469f-a165-70867728950e", "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def series(name: str, **labels: str) -> Series:
    return name, tuple(sorted(labels.items()))


def read(*values: Mapping[Series, float], every: float = 60) -> list[Reading]:
    """Readings that end at noon."""
    begin = NOON - timedelta(seconds=every * (len(values) - 1))
    return [Reading(at=begin + timedelta(seconds=every * number), values=one) for number, one in enumerate(values)]


def found(rule: AlertRule, readings: list[Reading]) -> list[Finding]:
    return AlertManager([rule]).evaluate(readings)


def rule(kind: RuleKind, metric: str, **rest: Any) -> AlertRule:
    return AlertRule(name="a_rule", metric=metric, kind=kind, message="Look.", **rest)


AGE = series("tacit_queue_age_seconds", queue="ingest")
OTHER_AGE = series("tacit_queue_age_seconds", queue="alerts")
FAILED = series("tacit_failures_total", flow="answer", code="provider_failed")
BUSY = series("tacit_failures_total", flow="answer", code="provider_busy")


def test_a_threshold_is_on_while_the_value_is_beyond_it() -> None:
    late = rule(RuleKind.THRESHOLD, "tacit_queue_age_seconds", above=600)
    assert [one.is_on for one in found(late, read({AGE: 601}))] == [True]
    assert [one.is_on for one in found(late, read({AGE: 700}, {AGE: 600}))] == [False]
    assert [one.is_on for one in found(late, read({AGE: 700}, {}))] == [False], "nothing waits any more"


def test_a_threshold_with_a_window_must_hold_all_the_time() -> None:
    none = rule(RuleKind.THRESHOLD, "tacit_workers", below=1, window_seconds=120)
    workers = series("tacit_workers")
    assert found(none, read({workers: 0}))[0].is_on is None, "too little was seen to tell"
    assert found(none, read(*[{workers: 0}] * 3))[0].is_on is True
    assert found(none, read({workers: 0}, {workers: 1}, {workers: 0}))[0].is_on is False


def test_after_a_night_switched_off_yesterday_is_no_evidence() -> None:
    none = rule(RuleKind.THRESHOLD, "tacit_workers", below=1, window_seconds=120)
    workers = series("tacit_workers")
    yesterday = Reading(at=NOON - timedelta(hours=20), values={workers: 0})
    assert found(none, [yesterday, *read({workers: 0})])[0].is_on is None
    assert found(none, [yesterday, *read(*[{workers: 0}] * 3)])[0].is_on is True


def test_each_group_has_an_alert_of_its_own() -> None:
    late = rule(RuleKind.THRESHOLD, "tacit_queue_age_seconds", above=600, by=("queue",))
    findings = found(late, read({AGE: 700, OTHER_AGE: 10}))
    assert {one.key: one.is_on for one in findings} == {"a_rule|queue=ingest": True, "a_rule|queue=alerts": False}


def test_a_rate_is_the_growth_of_all_matching_counters_within_the_window() -> None:
    failing = rule(RuleKind.RATE, "tacit_failures_total", labels={"flow": "answer"}, above=4, window_seconds=180)
    api = series("tacit_failures_total", flow="api", code="not_found")
    few = read({FAILED: 100, api: 0}, {FAILED: 102, BUSY: 1, api: 50}, {FAILED: 103, BUSY: 1, api: 99})
    assert [(one.is_on, one.value) for one in found(failing, few)] == [(False, 4)]
    many = read({FAILED: 100}, {FAILED: 102, BUSY: 2}, {FAILED: 103, BUSY: 2})
    assert [(one.is_on, one.value) for one in found(failing, many)] == [(True, 5)]
    long_ago = read({FAILED: 0}, *[{FAILED: 50}] * 5)
    assert [(one.is_on, one.value) for one in found(failing, long_ago)] == [(False, 0)]


def test_a_counter_that_began_anew_has_not_shrunk() -> None:
    failing = rule(RuleKind.RATE, "tacit_failures_total", above=5, window_seconds=300)
    restarted = read({FAILED: 1000}, {FAILED: 3}, {FAILED: 4})
    assert found(failing, restarted)[0].value == 4


def test_the_first_reading_alone_is_no_growth() -> None:
    failing = rule(RuleKind.RATE, "tacit_failures_total", above=0, window_seconds=300)
    assert found(failing, read({FAILED: 1000}))[0].is_on is False


def test_a_share_counts_only_when_there_is_enough_to_share() -> None:
    refusing = rule(
        RuleKind.RATE, "tacit_answers_total", labels={"outcome": "refused"}, by=("bot",), per="tacit_answers_total",
        above=0.5, window_seconds=300, at_least=10,
    )  # fmt: skip

    def answers(bot: str, answered: float, refused: float) -> dict[Series, float]:
        common = {"bot": bot, "provider": "extractive"}
        return {
            series("tacit_answers_total", outcome="answered", **common): answered,
            series("tacit_answers_total", outcome="refused", **common): refused,
        }

    before = answers(ALICES, 0, 0) | answers(BOBS, 0, 0)
    now = answers(ALICES, 4, 6) | answers(BOBS, 0, 9)
    assert {one.key.partition("=")[2]: one.is_on for one in found(refusing, read(before, now))} == {
        ALICES: True,
        BOBS: False,
    }


def test_the_mean_of_a_duration_can_be_watched() -> None:
    slow = next(one for one in DEFAULT_RULES if one.name == "slow_first_word")
    total = series("tacit_answer_stage_seconds_sum", stage="first_token")
    number = series("tacit_answer_stage_seconds_count", stage="first_token")
    assert found(slow, read({total: 0, number: 0}, {total: 120, number: 20}))[0].value == 6
    assert found(slow, read({total: 0, number: 0}, {total: 120, number: 20}))[0].is_on is True
    assert found(slow, read({total: 0, number: 0}, {total: 4, number: 20}))[0].is_on is False


def test_an_absence_is_on_when_nothing_grew_for_as_long_as_the_window() -> None:
    silent = rule(RuleKind.ABSENCE, "tacit_failures_total", labels={"flow": "answer"}, window_seconds=240)
    assert found(silent, read({FAILED: 5}, {FAILED: 5}))[0].is_on is None, "it hasn't been watched for long enough"
    assert found(silent, read(*[{FAILED: 5}] * 5))[0].is_on is True
    assert found(silent, read({FAILED: 5}, {FAILED: 5}, {FAILED: 6}, {FAILED: 6}, {FAILED: 6}))[0].is_on is False
    assert found(silent, read(*[{}] * 5))[0].is_on is True, "what was never counted is absent too"


def test_nothing_read_finds_nothing() -> None:
    assert AlertManager().evaluate([]) == []


@pytest.mark.parametrize("one", DEFAULT_RULES, ids=lambda one: one.name)
def test_the_usual_rules_can_be_used_and_say_what_to_do(one: AlertRule) -> None:
    check_rule(one)
    assert one.message.count(".") >= 2, "what it means, and what to do"


GOOD = {"name": "a", "metric": "tacit_sources", "kind": "threshold", "above": 1, "message": "Look."}


def test_rules_come_from_a_setting() -> None:
    (made,) = parse_rules(json.dumps([{**GOOD, "level": "critical", "by": ["status"], "labels": {"status": "failed"}}]))
    assert (made.level, made.kind, made.by) == (AlertLevel.CRITICAL, RuleKind.THRESHOLD, ("status",))
    assert AlertManager([made]).watches(series("tacit_sources", status="ready"))
    assert not AlertManager([made]).watches(series("tacit_workers"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("not json", "no valid JSON"),
        ('{"name": "a"}', "no list"),
        (json.dumps([GOOD, GOOD]), "two rules named 'a'"),
        (json.dumps([{**GOOD, "colour": "red"}]), "'colour', which no rule has"),
        (json.dumps([{**GOOD, "metric": "tacit_nothing"}]), "'tacit_nothing' there isn't"),
        (json.dumps([{**GOOD, "kind": "guess"}]), "kinds: threshold, rate, absence"),
        (json.dumps([{**GOOD, "level": "panic"}]), "levels: info, warning, critical"),
        (json.dumps([{**GOOD, "labels": {"bot": "x"}}]), "no such label"),
        (json.dumps([{**GOOD, "above": "many"}]), "no number"),
        (json.dumps([{**GOOD, "above": None}]), "without `above` or `below`"),
        (json.dumps([{**GOOD, "message": ""}]), "without 'message'"),
        (json.dumps([{**GOOD, "kind": "rate", "window_seconds": 60}]), "a rate of a gauge"),
        (json.dumps([{**GOOD, "metric": "tacit_failures_total"}]), "no gauge"),
        (json.dumps([{**GOOD, "metric": "tacit_failures_total", "kind": "rate"}]), "without `window_seconds`"),
    ],
)
def test_a_rule_that_can_not_be_used_is_told_at_start_with_the_mend(text: str, said: str) -> None:
    with pytest.raises(SettingsError) as told:
        parse_rules(text)
    assert said in str(told.value)
    assert str(told.value).startswith("TACIT_ALERT_RULES ")
    assert "for example" in str(told.value)
