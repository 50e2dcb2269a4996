"""Fetches from the loopback server the way a test wants it: quickly, and with made-up names."""

from collections.abc import Sequence

from apps.core.outbound import Fetched, FetchLimits, fetch
from apps.core.tests.loopback_server import LoopbackServer

QUICK = FetchLimits(connect_seconds=5, read_seconds=5, total_seconds=10, max_bytes=100_000)
HASTY = FetchLimits(connect_seconds=1, read_seconds=1, total_seconds=1.5, max_bytes=100_000)  # for what never comes
PUBLIC = "93.184.216.34"


class FakeNames:
    """A resolver that gives each name's answers one after the other, the last one for ever."""

    def __init__(self, **names: Sequence[Sequence[str]]) -> None:
        self._answers = {name.replace("_", "."): list(answers) for name, answers in names.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        answers = self._answers.get(host, [[host]])
        return answers.pop(0) if len(answers) > 1 else answers[0]


def fetch_allowed(server: LoopbackServer, path: str = "/", limits: FetchLimits = QUICK) -> Fetched:
    return fetch(server.url(path), limits=limits, allowed_hosts=[server.host])
