"""Which alerts are on: rules against readings of the metrics, over time."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from apps.core.alert_rules import AlertRule, RuleKind

# A series by its name and its labels in order, as it stands in an exposition.
Series: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
Group: TypeAlias = tuple[tuple[str, str], ...]
SLACK = 0.9  # readings don't come to the second: nine tenths of a window are one


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """What the metrics said at one moment."""

    at: datetime
    values: Mapping[Series, float]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What a rule found about one group of series. `is_on` is None when there is too little to tell."""

    rule: AlertRule
    is_on: bool | None
    labels: Group = ()
    value: float | None = None

    @property
    def key(self) -> str:
        """What is one alert, however often it is found."""
        return self.rule.name + "".join(f"|{name}={value}" for name, value in self.labels)


@dataclass(kw_only=True, slots=True)
class History:
    """The readings of a rule's window, oldest first; the first may lie just before it, to tell what grew since."""

    readings: Sequence[Reading]
    covers_window: bool = field(default=True)

    @classmethod
    def of(cls, readings: Sequence[Reading], seconds: float) -> "History":
        latest = readings[-1].at
        begin = latest - timedelta(seconds=seconds)
        within = [one for one in readings if one.at >= begin]
        before = [one for one in readings if one.at < begin][-1:]
        covered = (latest - readings[0].at).total_seconds() >= SLACK * seconds
        return cls(readings=[*before, *within], covers_window=covered)

    def without_gaps(self, seconds: float) -> "History":
        """Return what was seen of the window itself: nobody knows how it was while nobody looked."""
        latest = self.readings[-1].at
        recent = [one for one in self.readings if (latest - one.at).total_seconds() <= 2 * seconds]
        covered = (latest - recent[0].at).total_seconds() >= SLACK * seconds
        return History(readings=recent, covers_window=covered)

    def growth(self, metric: str, labels: Mapping[str, str], group: Group) -> float:
        """Return by how much the matching counters grew; one that fell began anew with its process."""
        grown = 0.0
        for earlier, later in zip(self.readings, self.readings[1:], strict=False):
            for series in matching(later, metric, labels, group):
                change = later.values[series] - earlier.values.get(series, 0.0)
                grown += change if change >= 0 else later.values[series]
        return grown

    def groups(self, rule: AlertRule) -> list[Group]:
        """Return the groups that the rule's alerts are told apart by; a rule that groups nothing has one."""
        if not rule.by:
            return [()]
        found = {
            tuple((name, dict(series[1]).get(name, "")) for name in rule.by)
            for reading in self.readings
            for series in matching(reading, rule.metric, {}, ())
        }
        return sorted(found)


def matching(reading: Reading, metric: str, labels: Mapping[str, str], group: Group) -> list[Series]:
    wanted = {*labels.items(), *group}
    return [series for series in reading.values if series[0] == metric and wanted.issubset(series[1])]


def examine(rules: Iterable[AlertRule], readings: Sequence[Reading]) -> list[Finding]:
    """Return what each rule finds at the time of the latest reading; readings are in order of time."""
    if not readings:
        return []
    histories = ((rule, History.of(readings, rule.window_seconds)) for rule in rules)
    return [finding for rule, history in histories for finding in EXAMINERS[rule.kind](rule, history)]


def examine_threshold(rule: AlertRule, history: History) -> list[Finding]:
    """A gauge must be beyond the bound in every reading of the window; what is not there now, is over."""
    history = history.without_gaps(rule.window_seconds)
    findings = []
    for group in history.groups(rule):
        values = [highest(reading, rule, group) for reading in history.readings]
        now = values[-1]
        is_on: bool | None = now is not None and all(value is not None and rule.exceeds(value) for value in values)
        if is_on and rule.window_seconds and not history.covers_window:
            is_on = None
        findings.append(Finding(rule=rule, labels=group, is_on=is_on, value=now))
    return findings


def highest(reading: Reading, rule: AlertRule, group: Group) -> float | None:
    """Return the worst of the matching values, None when there is none."""
    values = [reading.values[series] for series in matching(reading, rule.metric, rule.labels, group)]
    if not values:
        return None
    return max(values) if rule.above is not None else min(values)


def examine_rate(rule: AlertRule, history: History) -> list[Finding]:
    findings = []
    for group in history.groups(rule):
        value = history.growth(rule.metric, rule.labels, group)
        if rule.per:
            among = history.growth(rule.per, rule.per_labels, group)
            enough = among > 0 and among >= rule.at_least
            value = value / among if enough else 0.0
        else:
            enough = True
        is_on = enough and len(history.readings) > 1 and rule.exceeds(value)
        findings.append(Finding(rule=rule, labels=group, is_on=is_on, value=value))
    return findings


def examine_absence(rule: AlertRule, history: History) -> list[Finding]:
    findings = []
    for group in history.groups(rule):
        grown = history.growth(rule.metric, rule.labels, group)
        is_on = None if not grown and not history.covers_window else grown == 0
        findings.append(Finding(rule=rule, labels=group, is_on=is_on, value=grown))
    return findings


EXAMINERS = {
    RuleKind.THRESHOLD: examine_threshold,
    RuleKind.RATE: examine_rate,
    RuleKind.ABSENCE: examine_absence,
}
