"""Processes die at any time, and nobody lends a hand: every source ends, none lost, none doubled, and bots answer."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from django.conf import settings

from apps.core.error_handling import DamagedDocumentError
from tests.faults.installation import Installation, Running, free_port, wait_until
from tests.flows import documents

RECOVERY_SECONDS = 60  # measured: 8 to 20, most of it for the reading of what is left
LINES = 250
TOWNS = [
    "Ashford",
    "Brill",
    "Corfe",
    "Dunster",
    "Eyam",
    "Frome",
    "Goring",
    "Hythe",
    "Ilam",
    "Kelso",
    "Ludlow",
    "Malton",
]


def bulk() -> bytes:
    """A bulk file of several batches, so that a kill finds it half written."""
    texts = (f"Ticket {n}: box {n * 7} is late." for n in range(LINES))
    return documents.json_lines(
        [{"_id": f"t-{n}", "title": f"Ticket {n}", "text": text} for n, text in enumerate(texts)]
    )


def depot(n: int, town: str) -> bytes:
    rules = (f"\n## Rule {k}\n\n{f'Rule {k} of {town}: keep aisle {k * n} clear. ' * 3}\n" for k in range(5))
    return f"# The depot of {town}\n\nThe depot of {town} has {n + 3} gates.\n{''.join(rules)}".encode()


FILES = [
    ("tickets.jsonl", bulk()),
    *((f"{town}.md", depot(n, town)) for n, town in enumerate(TOWNS)),
    *(
        (f"{town}.docx", documents.docx(f"Guide to {town}", [f"{town} is {n} miles off."]))
        for n, town in enumerate(TOWNS)
    ),
    *(
        (f"{town}.pdf", documents.pdf([[f"Map of {town}", f"{town} is on sheet {n}."]]))
        for n, town in enumerate(TOWNS[:4])
    ),
    ("torn.pdf", b"%PDF-1.7 torn"),
]
# What there is of each source, taken from the tables themselves: its end, its documents and its passages.
CONTENT = """
SELECT s.file_name, s.status, s.error_code,
       (SELECT count(*) FROM knowledge_document d WHERE d.source_id = s.id),
       (SELECT array_agg(md5(p.title || p.text) ORDER BY md5(p.title || p.text)) FROM citable_passage p
        WHERE p.source_id = s.id AND EXISTS (SELECT FROM knowledge_document d WHERE d.id = p.document_id))
FROM knowledge_source s WHERE s.chatbot_id = %s ORDER BY s.file_name
"""
STATISTICS = """
SELECT i.passages, i.tokens, (SELECT count(*) FROM citable_passage p WHERE p.chatbot_id = i.chatbot_id),
       (SELECT count(*) FROM term_statistic t WHERE t.chatbot_id = i.chatbot_id AND t.document_frequency > 0),
       (SELECT sum(document_frequency) FROM term_statistic t WHERE t.chatbot_id = i.chatbot_id)
FROM index_statistics i WHERE i.chatbot_id = %s
"""


@dataclass(kw_only=True)
class Site:
    """Alice's server, and her key for it."""

    installation: Installation
    running: Running
    key: str

    def make_bot(self, name: str) -> dict[str, Any]:
        return dict(self.request("POST", "/chatbots", json={"name": name}).json())

    def upload(self, bot: dict[str, Any], files: list[tuple[str, bytes]]) -> None:
        """Send files; when there is no answer they are sent again, as people do."""
        form = {"files": [("files", file) for file in files], "data": {"disclosure": "citable"}}
        wait_until(lambda: self.is_taken(bot, form), RECOVERY_SECONDS)

    def is_taken(self, bot: dict[str, Any], form: dict[str, Any]) -> bool:
        try:
            return self.request("POST", f"/chatbots/{bot['id']}/sources", **form).status_code == 202
        except httpx.HTTPError:
            return False

    def request(self, method: str, path: str, **content: Any) -> httpx.Response:
        authorization = {"Authorization": f"Bearer {self.key}"}
        return httpx.request(
            method, f"{self.running.address}/api/v1{path}", headers=authorization, timeout=30, **content
        )

    def content(self, bot: dict[str, Any]) -> tuple[Any, Any]:
        return self.installation.query(CONTENT, bot["id"]), self.installation.query(STATISTICS, bot["id"])

    def has_ended(self, bot: dict[str, Any]) -> bool:
        """Whether each source is ready or failed; asked of the API, which may be away."""
        try:
            sources = self.request("GET", f"/chatbots/{bot['id']}/sources").json()
        except (httpx.HTTPError, ValueError):
            return False
        return len(sources) == len(FILES) and all(source["status"] in {"ready", "failed"} for source in sources)

    def is_half_written(self, bot: dict[str, Any]) -> bool:
        """Whether some, and not all, of the bulk file is in the index."""
        count = "SELECT count(*) FROM citable_passage WHERE chatbot_id = %s AND external_id <> ''"
        try:
            return 0 < self.installation.query(count, bot["id"])[0][0] < LINES
        except psycopg.OperationalError:  # the server is still coming up
            return False

    def answers(self, bot: dict[str, Any]) -> bool:
        """Whether the page is there and a question is answered with its proof."""
        try:
            page = httpx.get(f"{self.running.address}/c/{bot['public_id']}", timeout=10)
            asked = httpx.post(
                f"{self.running.address}/api/v1/chat/{bot['public_id']}/messages",
                json={"message": "How many gates has the depot of Corfe?"},
                timeout=10,
            )
        except httpx.HTTPError:
            return False
        return page.status_code == 200 and asked.status_code == 200 and "5 gates" in asked.json()["text"]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    installation = Installation(data_dir=tmp_path_factory.mktemp("faults") / "data", models_dir=settings.MODELS_DIR)
    running = Running.start(installation, free_port())
    try:
        running.wait_until_it_serves()
        key = installation.json("key", "create", "--email", "alice@example.org")["key"]
        yield (site := Site(installation=installation, running=running, key=key))
        site.running.stop()
        assert installation.processes() == []
    finally:
        installation.clear()
        running.process.wait()


@pytest.fixture(scope="module")
def undisturbed(site: Site) -> tuple[Any, Any]:
    """What a run without any fault leaves in the tables."""
    bot = site.make_bot("Undisturbed")
    site.upload(bot, FILES)
    wait_until(lambda: site.has_ended(bot), 120)
    content, statistics = site.content(bot)
    assert [row[0] for row in content if row[1] != "ready"] == ["torn.pdf"]
    assert sum(row[3] for row in content) == len(FILES) - 2 + LINES
    assert site.answers(bot)
    return content, statistics


@pytest.mark.parametrize("victim", ["worker", "web", "postgres", "supervisor"])
def test_after_a_kill_every_source_is_there_once(site: Site, undisturbed: tuple[Any, Any], victim: str) -> None:
    bot = site.make_bot(f"Without {victim}")
    site.upload(bot, FILES[:20])
    wait_until(lambda: site.is_half_written(bot), 60)

    site.running.kill(victim)
    begun = time.monotonic()
    if victim == "supervisor":
        wait_until(lambda: not site.installation.processes(), 20)  # nothing goes on without it
        site.running = Running.start(site.installation, site.running.port)
    site.upload(bot, FILES[20:])
    wait_until(lambda: site.has_ended(bot), RECOVERY_SECONDS)

    print(f"{victim}: all is well after {time.monotonic() - begun:.1f} s")
    assert site.content(bot) == undisturbed
    wait_until(lambda: site.answers(bot), 10)
    assert site.running.process.poll() is None
    for words in ("is late", "keep aisle", "How many gates"):
        assert words not in site.running.said, "no log may hold what documents and visitors say"


def test_a_terminal_that_is_closed_leaves_nothing_that_the_next_command_does_not_mend(
    site: Site, undisturbed: tuple[Any, Any], tmp_path: Path
) -> None:
    site.running.stop()
    for name, content in FILES:
        (tmp_path / name).write_bytes(content)
    installation = site.installation
    bot = installation.json("bot", "create", "From the terminal")
    with installation.start("ingest", bot["name"], str(tmp_path)) as command:
        wait_until(lambda: installation.postgres() is not None, 20)
        wait_until(lambda: site.is_half_written(bot), 60)
        command.kill()
    wait_until(lambda: not installation.processes(), 20)
    again = installation.run("ingest", bot["name"], str(tmp_path))

    assert again.returncode == 1
    assert [line for line in again.stdout.splitlines() if not line.startswith("ready ")] == [
        f"failed  torn.pdf: {DamagedDocumentError.default_message()}"
    ]
    site.running = Running.start(installation, site.running.port)
    site.running.wait_until_it_serves()
    assert site.content(bot) == undisturbed


def test_two_servers_on_one_data_folder_share_it(tmp_path: Path) -> None:
    installation = Installation(data_dir=tmp_path / "data", models_dir=settings.MODELS_DIR)
    first, second = (Running.start(installation, free_port()) for _ in range(2))  # at once, and for the first time
    try:
        first.wait_until_it_serves()
        second.wait_until_it_serves()
        key = installation.json("key", "create", "--email", "alice@example.org")["key"]
        here, there = (Site(installation=installation, running=running, key=key) for running in (first, second))
        bot = here.make_bot("Shared")
        here.upload(bot, FILES[:10])
        there.upload(bot, FILES[10:])
        wait_until(lambda: there.has_ended(bot), 60)
        assert there.content(bot) == here.content(bot)
        assert here.answers(bot)

        first.stop()

        assert there.answers(bot), "the one that goes must not take the database along"
        second.stop()
        assert installation.processes() == []
    finally:
        installation.clear()
        first.process.wait()
        second.process.wait()
