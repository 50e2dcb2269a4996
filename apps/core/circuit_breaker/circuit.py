"""The states of a circuit and what leads from one to the next.

Closed, opened, half-opened and the counting of failures are purgatory's. Added here: time by whichever clock is given,
one probe at a time, a pause that the server itself asks for, and results that come too late to count.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from purgatory.domain.model import Context, OpenedState
from purgatory.typing import StateName

LONGEST_PAUSE = 900.0  # seconds; a server that asks for more, by mistake perhaps, is tried again after this


class CircuitState(StrEnum):
    """Closed lets every call through, open none, half-open one."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


_PURGATORYS: dict[CircuitState, StateName] = {
    CircuitState.CLOSED: "closed",
    CircuitState.OPEN: "opened",
    CircuitState.HALF_OPEN: "half-opened",
}
_OURS = {name: state for state, name in _PURGATORYS.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """How many failures in a row open a circuit, and how many seconds it stays open."""

    failure_threshold: int
    recovery_timeout: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Circuit:
    """What is known of an outside service.

    `refuses_until`, on the clock of whoever keeps this, is when the next call may try: the end of the pause, or when a
    probe under way is given up for lost. `era` counts the changes; what was begun in an earlier one no longer matters.
    """

    state: CircuitState = CircuitState.CLOSED
    failures: int = 0
    refuses_until: float = 0.0
    era: int = 0
    reason: str = ""

    def refuses(self, now: float) -> bool:
        """Return whether a call is turned away."""
        return self.state is not CircuitState.CLOSED and now < self.refuses_until

    def probed(self, now: float, rules: Rules) -> "Circuit":
        """Let one call try whether the service is back."""
        return replace(
            self,
            state=CircuitState.HALF_OPEN,
            refuses_until=now + rules.recovery_timeout,
            era=self.era + 1,
        )

    def failed(self, now: float, rules: Rules, *, reason: str, pause: float | None = None) -> "Circuit":
        """Count a failure. `pause`, the seconds for which a server wants to be let alone, opens the circuit at once."""
        context = self._context(rules)
        context.handle_exception(RuntimeError())  # which one it is tells purgatory nothing
        if pause is not None and context.state == "closed":
            context.set_state(OpenedState(""))
        if context.state == "closed":
            return replace(self, failures=context.failure_count or 0, reason=reason)
        rest = min(rules.recovery_timeout if pause is None else pause, LONGEST_PAUSE)
        return replace(
            self,
            state=_OURS[context.state],
            failures=self.failures + 1,
            refuses_until=now + rest,
            era=self.era + 1,
            reason=reason,
        )

    def succeeded(self, rules: Rules) -> "Circuit":
        """Forget the failures; a probe that did well closes the circuit."""
        context = self._context(rules)
        context.handle_end_request()
        state = _OURS[context.state]
        if state is self.state and not self.failures:
            return self
        return Circuit(state=state, era=self.era + (state is not self.state))

    def released(self) -> "Circuit":
        """Let the next call be the probe, since this one told nothing."""
        return replace(self, refuses_until=0.0, era=self.era + 1) if self.state is CircuitState.HALF_OPEN else self

    def _context(self, rules: Rules) -> Context:
        return Context(
            "",
            rules.failure_threshold,
            rules.recovery_timeout,
            state=_PURGATORYS[self.state],
            failure_count=self.failures,
        )
