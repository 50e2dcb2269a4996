"""Goes into every process of an installation under test: lets its clock be wrong, and lets it die where a test says.

Python loads a module of this name by itself, where PYTHONPATH leads to it.
"""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

import time_machine

FLOW = "apps.knowledge.ingest"
ORDERS = Path(os.environ["TACIT_TEST_ORDERS"])  # a folder: the files `clock` and `die-at` in it are orders
STAGES = os.environ.get("TACIT_TEST_STAGES", "").split()  # functions of the flow's module, or of modules it calls
SECONDS_BETWEEN_LOOKS = 0.05


def dies(stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
    """Return the work of a stage, at whose beginning the process dies if it is told to, once."""

    def work_or_die(*given: Any, **named: Any) -> Any:
        order = ORDERS / "die-at"
        if order.exists() and order.read_text() == stage:
            order.unlink()
            os.kill(os.getpid(), signal.SIGKILL)
        return work(*given, **named)

    return work_or_die


class IngestFlow(MetaPathFinder):
    """Finds the ingest flow, and makes its stages mortal as soon as it is loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname == FLOW else None
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module

            def exec_module(module: ModuleType) -> None:
                load(module)
                for stage in STAGES:
                    called, _, name = stage.rpartition(".")
                    holder = getattr(module, called) if called else module
                    setattr(holder, name, dies(stage, getattr(holder, name)))

            spec.loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec


def keep_the_clock_wrong() -> None:
    """Shift this process's clock by as many seconds as the file `clock` says, whenever that changes."""
    shifted = 0.0
    traveller = time_machine.travel(datetime.now(UTC), tick=True).start()
    while True:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        wanted = float((ORDERS / "clock").read_text() or 0)
        if wanted != shifted:
            traveller.shift(timedelta(seconds=wanted - shifted))
            shifted = wanted


if STAGES:
    sys.meta_path.insert(0, IngestFlow())
if (ORDERS / "clock").exists():
    threading.Thread(target=keep_the_clock_wrong, daemon=True).start()
