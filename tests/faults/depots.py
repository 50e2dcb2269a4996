"""What the fault tests put into a bot, what there is of it in the tables, and Alice, who does it through the API."""

from dataclasses import dataclass
from typing import Any

import httpx
import psycopg

from tests.faults.installation import Installation, Running, wait_until
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
