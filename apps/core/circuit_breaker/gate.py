"""Lets calls through a circuit or turns them away, and notes how each one went."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from apps.core.circuit_breaker.circuit import Circuit, CircuitState, Rules
from apps.core.circuit_breaker.memory import Memory
from apps.core.circuit_breaker.watching import CircuitChange, tell
from apps.core.error_handling import CircuitOpenError, SiteCircuitOpenError, TacitError

OpenError = CircuitOpenError | SiteCircuitOpenError
Passage = tuple[Circuit, Circuit]  # the circuit before and after
PROBE_SECONDS = 5.0  # after which it is worth asking again whether the probe under way did well


@dataclass(frozen=True, kw_only=True, slots=True)
class Gate:
    """Stands before one outside service. A call that is let in gets the circuit's era, and gives it back at its end."""

    name: str
    rules: Rules
    memory: Memory
    counts: Callable[[BaseException], bool]
    open_error: type[OpenError]
    is_shared: bool = False

    def enter(self) -> int:
        """Let a call in. Raises the open circuit's error."""
        return self._told(self.memory.run(self._admit))

    async def enter_async(self) -> int:
        return self._told(await self.memory.run_async(self._admit))

    def leave(self, era: int, error: BaseException | None) -> None:
        """Note how a call went: well without an error."""
        if self._is_worth_noting(era, error):
            self._told(self.memory.run(lambda: self._note(era, error)))

    async def leave_async(self, era: int, error: BaseException | None) -> None:
        if self._is_worth_noting(era, error):
            self._told(await self.memory.run_async(lambda: self._note(era, error)))

    def check(self) -> None:
        """Raise the open circuit's error if a call would be turned away now."""
        circuit, now = self.memory.run(self.memory.look)
        if circuit.refuses(now):
            raise self._refusal(circuit, now)

    def _admit(self) -> Passage:
        """Let a call in, as the probe if the pause is over."""
        circuit, now = self.memory.look()
        if circuit.state is CircuitState.CLOSED:
            return circuit, circuit
        if circuit.refuses(now):
            raise self._refusal(circuit, now)
        before, after = self.memory.change(self._probed)
        if after is before and after.state is not CircuitState.CLOSED:  # another call was faster
            raise self._refusal(after, now)
        return before, after

    def _probed(self, circuit: Circuit, now: float) -> Circuit:
        may_probe = circuit.state is not CircuitState.CLOSED and not circuit.refuses(now)
        return circuit.probed(now, self.rules) if may_probe else circuit

    def _note(self, era: int, error: BaseException | None) -> Passage:
        """Note the end of a call; one that began before the circuit changed tells nothing any more."""

        def changed(circuit: Circuit, now: float) -> Circuit:
            if circuit.era != era:
                return circuit
            if error is None:
                return circuit.succeeded(self.rules)
            if not self.counts(error):
                return circuit.released()
            reason = str(error) if isinstance(error, TacitError) else ""  # another's words may hold content
            return circuit.failed(now, self.rules, reason=reason, pause=getattr(error, "retry_after", None))

        return self.memory.change(changed)

    def _is_worth_noting(self, era: int, error: BaseException | None) -> bool:
        """Return whether the end of a call can change anything; nearly always it can't."""
        latest = self.memory.latest
        if latest.state is not CircuitState.CLOSED:
            return latest.era <= era
        return self.counts(error) if error is not None else latest.failures > 0

    def _told(self, passage: Passage) -> int:
        """Tell who watches of a change, and return the era that it began."""
        before, after = passage
        if before.state is not after.state:
            tell(
                CircuitChange(
                    name=self.name, before=before.state, after=after.state, failures=after.failures,
                    reason=after.reason, error_code=self.open_error.code, is_shared=self.is_shared,
                )
            )  # fmt: skip
        return after.era

    def _refusal(self, circuit: Circuit, now: float) -> OpenError:
        left = circuit.refuses_until - now
        seconds = max(1, math.ceil(min(left, PROBE_SECONDS) if circuit.state is CircuitState.HALF_OPEN else left))
        said = circuit.reason or self.open_error.default_message()
        return self.open_error(f"{said} The next try is in {seconds} s.", retry_after=seconds)
