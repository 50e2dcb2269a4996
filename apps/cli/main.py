"""The `tacit` command: gets Django ready, then runs the command that was asked for, and says errors in one sentence."""

import logging
import os
import signal
import sys
import warnings
from importlib import import_module
from types import TracebackType

import django

from apps.core.error_handling import TacitError


def main() -> None:
    """Run `tacit`. Exit codes: 0 done, 1 failed (the reason is on standard error), 2 wrong usage."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends in good order: the embedded database is let go
    warnings.filterwarnings("ignore", category=RuntimeWarning, module="platformdirs")
    try:
        django.setup()
        import_module("apps.incidents.recording").start()
        sys.excepthook = last_words  # before typer looks what it was
        import_module("apps.cli.commands").app()
    except TacitError as error:
        print(f"tacit: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


def last_words(kind: type[BaseException], error: BaseException, place: TracebackType | None) -> None:
    """Say an error that nobody expected in one line, and record it; in DEBUG with its traceback, which may quote."""
    print(import_module("apps.core.problems").terminal_line(error), file=sys.stderr)
    import_module("apps.incidents.recording").recorder.flush()
    if logging.getLogger().isEnabledFor(logging.DEBUG):
        sys.__excepthook__(kind, error, place)


if __name__ == "__main__":
    main()
