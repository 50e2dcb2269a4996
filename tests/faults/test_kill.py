"""Any process dies at any time, and nobody lends a hand: every source ends, none lost, none doubled, and bots answer."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from django.conf import settings

from tests.faults.installation import Installation, Running, free_port, wait_until
from tests.flows import documents

RECOVERY_SECONDS = 40
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
FILES = [
    (
        "tickets.jsonl",
        documents.json_lines(
            [{"_id": f"t-{n}", "title": f"Ticket {n}", "text": f"Ticket {n}: box {n * 7} is late."} for n in range(400)]
        ),
    ),
    *(
        (
            f"{town}.md",
            f"# The depot of {town}\n\nThe depot of {town} has {n + 3} gates and {n * 11 + 40} shelves.\n".encode()
            + b"".join(b"\n## Rule %d\n\nRule %d of %s: keep aisle %d clear.\n" % (k, k, town.encode(), k * n) * 3 for k in range(9)),
        )
        for n, town in enumerate(TOWNS)
    ),
    *((f"{town}.docx", documents.docx(f"Guide to {town}", [f"{town} lies {n} miles off."])) for n, town in enumerate(TOWNS)),
    *((f"{town}.pdf", documents.pdf([[f"Map of {town}", f"{town} is on sheet {n + 70}."]])) for n, town in enumerate(TOWNS[:4])),
    ("torn.pdf", b"%PDF-1.7 torn"),
]  # fmt: skip
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
        return 0 < self.installation.query(count, bot["id"])[0][0] < 400

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
    finally:
        site.running.stop()
    assert installation.processes() == []


@pytest.fixture(scope="module")
def undisturbed(site: Site) -> tuple[Any, Any]:
    """What a run without any fault leaves in the tables."""
    bot = site.make_bot("Undisturbed")
    site.upload(bot, FILES)
    wait_until(lambda: site.has_ended(bot), 120)
    content, statistics = site.content(bot)
    assert [row[0] for row in content if row[1] != "ready"] == ["torn.pdf"]
    assert sum(row[3] for row in content) == len(FILES) - 2 + 400
    assert site.answers(bot)
    return content, statistics


@pytest.mark.parametrize("victim", ["worker", "web", "postgres", "supervisor"])
def test_after_a_kill_every_source_is_there_once(
    site: Site,
    undisturbed: tuple[Any, Any],
    victim: str,
) -> None:
    bot = site.make_bot(f"Without {victim}")
    site.upload(bot, FILES[:20])
    wait_until(lambda: site.is_half_written(bot), 60)

    site.running.kill(victim)
    begun = time.monotonic()
    assert not site.has_ended(bot)
    if victim == "supervisor":
        time.sleep(6)
        print([(p.pid, p.name(), p.status(), p.cmdline(), p.ppid()) for p in site.installation.processes()])
        wait_until(lambda: {process.name() for process in site.installation.processes()} == {"postgres"}, 20)
        site.running = Running.start(site.installation, site.running.port)
    site.upload(bot, FILES[20:])
    back = wait_until(lambda: site.has_ended(bot), RECOVERY_SECONDS + 20)

    print(f"{victim}: over after {time.monotonic() - begun:.1f} s")
    assert time.monotonic() - begun < RECOVERY_SECONDS + 20
    assert site.content(bot) == undisturbed
    wait_until(lambda: site.answers(bot), 10)
    assert site.running.process.poll() is None
    assert "Traceback" not in site.running.said
