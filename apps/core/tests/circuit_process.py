"""A process of its own that does with a shared circuit what it reads from its standard input, a word a line."""

import sys
import time

import django
from django.conf import settings

settings.DATABASES["default"]["NAME"] = sys.argv[1]
django.setup()

from apps.core.circuit_breaker import CircuitBreaker  # noqa: E402  # after Django knows of the tests' database
from apps.core.error_handling import CircuitOpenError  # noqa: E402

PAUSE = 2.0


def main(name: str) -> None:
    breaker = CircuitBreaker(3, PAUSE, TimeoutError, name=name, shared=True)

    def work(word: str) -> str:
        if word == "fail":
            raise TimeoutError
        time.sleep(0.3 if word == "slowly" else 0)
        return "done"

    print("ready", flush=True)
    for line in sys.stdin:
        try:
            print(breaker.call(work, line.strip()), flush=True)
        except TimeoutError:
            print("failed", flush=True)
        except CircuitOpenError:
            print("refused", flush=True)


if __name__ == "__main__":
    main(sys.argv[2])
