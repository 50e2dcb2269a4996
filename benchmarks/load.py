"""Hundreds of open streams at once: none may be dropped, and words must come as evenly as the model sends them.

`tacit up` on a data folder of its own, a model's server and the visitors are three programs on one machine, and share
its cores. `python -m benchmarks load`.
"""

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil

from benchmarks.environment import DATA_DIR
from benchmarks.footprint import family, free_port
from benchmarks.product import scratch

STREAMS = 500
TOKENS_PER_SECOND = 20
SENTENCES = 45
RAMP_SECONDS = 20.0
LONGEST_RUN = 240
LONGEST_START = 120
QUESTION = "How is the Wren espresso machine looked after? (visitor {number})"
PARTS = (
    "boiler", "group head", "steam wand", "drip tray", "water tank", "grinder", "portafilter", "pump", "gasket",
    "shower screen", "pressure gauge", "power cord", "bean hopper", "milk jug", "cup rail", "valve", "filter basket",
    "tamper", "control panel", "casing",
)  # fmt: skip
CARE = (
    "The {part} of the Wren espresso machine is looked after every {n} weeks with a soft cloth and warm water.",
    "Let the {part} of the Wren cool down for {m} minutes before anybody looks after it.",
    "A worn {part} is replaced after {k} months, and the Wren espresso machine is rinsed twice afterwards.",
    "Whoever looks after the {part} every day has to descale the Wren espresso machine every {m} weeks only.",
    "A spare {part} for the Wren espresso machine costs {k} euros and is looked after in the same way.",
)


def manual() -> str:
    """Return a document with enough different sentences for an answer of a minute."""
    lines = ["# Looking after the Wren espresso machine\n"]
    for number, part in enumerate(PARTS):
        lines.append(f"## Looking after the {part} of the Wren\n")
        lines.append(" ".join(CARE).format(part=part, n=number + 2, m=number + 11, k=number + 7) + "\n")
    return "\n".join(lines)


@dataclass(kw_only=True, slots=True)
class Visit:
    """One visitor's stream: when each sentence came, and how it ended."""

    number: int
    status: int = 0
    came: list[float] = field(default_factory=list)
    began: float = 0.0
    ended: float = 0.0
    last: str = ""

    @property
    def is_whole(self) -> bool:
        return self.status == 200 and self.last == "done"


async def visit(number: int, port: int, public_id: str) -> Visit:
    """Ask and listen, with as little work on this side as can be."""
    made = Visit(number=number, began=time.monotonic())
    body = json.dumps({"message": QUESTION.format(number=number)}).encode()
    request = (
        f"POST /api/v1/chat/{public_id}/messages HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAccept: text/event-stream\r\n"
        f"Content-Type: application/json\r\nX-Forwarded-For: 10.0.{number // 250}.{number % 250 + 1}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request.encode() + body)
        made.status = int((await reader.readline()).split()[1])
        while line := await reader.readline():
            if line.startswith(b"event: "):
                made.last = line[7:].decode().strip()
                if made.last == "delta":
                    made.came.append(time.monotonic())
        writer.close()
    except OSError as error:
        made.last = type(error).__name__
    made.ended = time.monotonic()
    return made


async def visits(port: int, public_id: str, count: int, ramp: float) -> list[Visit]:
    """Let so many visitors come one after another, and all stay."""

    async def later(number: int) -> Visit:
        await asyncio.sleep(ramp * number / count)
        return await visit(number, port, public_id)

    return await asyncio.gather(*(later(number) for number in range(count)))


class ModelProcess:
    """The model's server, and what it said of when its sentences left."""

    def __init__(self) -> None:
        self.sent: dict[int, list[float]] = {}
        self.left = 0
        arguments = [sys.executable, "-m", "benchmarks.load_model", str(TOKENS_PER_SECOND), str(SENTENCES)]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            told = json.loads(line)
            if "visitor" in told:
                self.sent[told["visitor"]] = told["sent"]
            else:
                self.left += 1


@contextmanager
def product(model_port: int) -> Iterator[tuple[subprocess.Popen[bytes], Path, int, str]]:
    """Run `tacit up` with that model and one chatbot; give the process, its data, its port and the bot's public id."""
    data, port = scratch(), free_port()
    environment = {
        **os.environ,  # noqa: TID251  # handed on, not read
        "TACIT_DATA_DIR": str(data),
        "TACIT_MODELS_DIR": str(DATA_DIR / "models"),
        "TACIT_LLM_BASE_URL": f"http://127.0.0.1:{model_port}/v1",
        "TACIT_LLM_MODEL": "load",
        "TACIT_OPEN_STREAMS": str(2 * STREAMS),
    }
    command = [sys.executable, "-m", "apps.cli.main"]
    process = subprocess.Popen(
        [*command, "up", "--no-demo", "--port", str(port)], env=environment, stdout=subprocess.DEVNULL
    )

    def run(*arguments: str) -> Any:
        done = subprocess.run([*command, *arguments, "--json"], env=environment, capture_output=True, check=True)
        return json.loads(done.stdout)

    try:
        wait_for(port)
        bot = run("bot", "create", "Wren")
        source = data / "manual.md"
        source.write_text(manual(), encoding="utf-8")
        run("ingest", "Wren", str(source))
        yield process, data, port, bot["public_id"]
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + LONGEST_START
    while time.monotonic() < deadline:
        try:
            asyncio.run(asyncio.wait_for(asyncio.open_connection("127.0.0.1", port), 1))
        except (OSError, TimeoutError):
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("tacit up served nothing in time")


def added(visit: Visit, sent: list[float]) -> list[tuple[float, float]]:
    """Return, with when it came, by how much longer each wait for the next sentence was than the model made it."""
    pairs = list(zip(visit.came, sent, strict=False))
    return [
        (came, (came - earlier_came) - (left - earlier_left))
        for (earlier_came, earlier_left), (came, left) in pairwise(pairs)
    ]


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[int(share * (len(values) - 1))] if values else float("nan")


def milliseconds(values: list[float]) -> str:
    marks = [1000 * percentile(values, share) for share in (0.5, 0.95, 1.0)]
    return " | ".join(f"{mark:.0f} ms" for mark in marks)


def table() -> Iterator[str]:
    """Yield the report's lines."""
    model = ModelProcess()
    try:
        with product(model.port) as (process, data, port, public_id):
            asyncio.run(visits(port, public_id, 1, 0))  # what is loaded at the first question
            alone = asyncio.run(visits(port, public_id, 1, 0))
            sent_alone = dict(model.sent)
            processes = family(process, data)
            before = [sum(one.cpu_times()[:2]) for one in processes]
            begun = time.monotonic()
            crowd = asyncio.run(asyncio.wait_for(visits(port, public_id, STREAMS, RAMP_SECONDS), LONGEST_RUN))
            took = time.monotonic() - begun
            used = sum(sum(one.cpu_times()[:2]) for one in processes if one.is_running()) - sum(before)
            time.sleep(1)
            yield from report(crowd, model, alone[0], sent_alone[0], cpu=used / took)
    finally:
        model.process.terminate()


def report(
    crowd: list[Visit], model: ModelProcess, alone: Visit, sent_alone: list[float], *, cpu: float
) -> Iterator[str]:
    done = [one for one in crowd if one.is_whole]
    whole = [one for one in done if one.number in model.sent and len(one.came) >= len(model.sent[one.number])]
    full = max(one.began for one in crowd), min(one.ended for one in crowd)
    waits = [pair for one in crowd for pair in added(one, model.sent.get(one.number, []))]
    at_once = [wait for came, wait in waits if full[0] <= came <= full[1]]
    first = [one.came[0] - one.began for one in crowd if one.came]
    yield f"## {STREAMS} open streams at {TOKENS_PER_SECOND} tokens a second\n"
    yield (
        f"`tacit up` as it is, with one web process; the model's server and the visitors run on the same"
        f" {psutil.cpu_count()} cores. Visitors come within {RAMP_SECONDS:.0f} seconds and stay; an answer has"
        f" {statistics.mean(map(len, model.sent.values())):.0f} sentences. An added gap is by how much longer a visitor"
        " waits for the next sentence than the model takes for it.\n"
    )
    yield "| what | p50 | p95 | worst |"
    yield "|---|---|---|---|"
    yield f"| added gap, one stream alone | {milliseconds([wait for _, wait in added(alone, sent_alone)])} |"
    yield f"| added gap, while all {STREAMS} are open ({max(0.0, full[1] - full[0]):.0f} s) | {milliseconds(at_once)} |"
    yield f"| added gap, over all | {milliseconds([wait for _, wait in waits])} |"
    yield f"| first sentence, from the question | {milliseconds(first)} |\n"
    yield (
        f"{len(whole)} of {STREAMS} streams came as the model wrote them; {len(done) - len(whole)} ended well but were"
        f" written by extraction, in part at least; {len(crowd) - len(done)} were dropped."
    )
    yield f"The product's processes used {100 * cpu:.0f} % of one core on average."


if __name__ == "__main__":
    for line in table():
        print(line, flush=True)
