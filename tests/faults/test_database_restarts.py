"""PostgreSQL is restarted while visitors ask and a source is read: nobody waits for ever, and nothing goes missing."""

import signal
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from django.conf import settings

from tests.faults.depots import FILES, RECOVERY_SECONDS, Site
from tests.faults.installation import Installation, wait_until

VISITORS = 6
RESTARTS = 3
LONGEST_WAIT = 20  # seconds, for an answer or a word of regret
QUESTION = "How many gates has the depot of Corfe?"
COMPLETE = """
SELECT count(*) FROM conversations_message m JOIN conversations_conversation c ON c.id = m.conversation_id
WHERE c.chatbot_id = %s AND m.author = 'bot' AND m.id::text = ANY(%s) AND m.complete AND m.text LIKE '%%5 gates%%'
"""


def keep_asking(site: Site, bot: dict[str, Any], over: threading.Event) -> list[tuple[str, str]]:
    """Ask until it is over; return what came back: `right` with the answer's id, or the code of the regret."""
    address = f"{site.running.address}/api/v1/chat/{bot['public_id']}/messages"
    heard = []
    with httpx.Client(timeout=LONGEST_WAIT) as client:
        while not over.is_set():
            reply = client.post(address, json={"message": QUESTION})
            told = reply.json()
            right = reply.status_code == 200 and "5 gates" in told["text"] and bool(told["citations"])
            heard.append(("right", told["message_id"]) if right else (f"{reply.status_code} {told.get('code')}", ""))
            if reply.status_code != 200:
                assert told["detail"]
                time.sleep(0.2)
    return heard


def test_a_restart_under_load_costs_nobody_more_than_a_moment(site: Site, undisturbed: tuple[Any, Any]) -> None:
    asked, read = site.make_bot("Asked meanwhile"), site.make_bot("Read meanwhile")
    site.upload(asked, FILES)
    wait_until(lambda: site.has_ended(asked), 60)
    over = threading.Event()
    with ThreadPoolExecutor(VISITORS) as visitors:
        asking = [visitors.submit(keep_asking, site, asked, over) for _ in range(VISITORS)]
        try:
            site.upload(read, FILES)
            for _ in range(RESTARTS):
                time.sleep(3)
                restart(site)
            wait_until(lambda: site.has_ended(read), RECOVERY_SECONDS)
        finally:
            over.set()
        heard = [one for answers in asking for one in answers.result(2 * LONGEST_WAIT)]

    counted = Counter(outcome for outcome, _ in heard)
    print(f"{RESTARTS} restarts, {VISITORS} visitors: {dict(counted)}")
    assert counted["right"] > 20
    assert set(counted) <= {"right", "503 database_unusable"}
    ids = [message_id for outcome, message_id in heard if outcome == "right"]
    assert site.installation.query(COMPLETE, asked["id"], ids) == [(len(ids),)], "what was answered is kept, once"
    assert site.content(read) == undisturbed
    assert site.answers(read)


def test_while_the_database_cannot_start_up_says_why_and_ends_when_asked(tmp_path: Path) -> None:
    installation = Installation(data_dir=tmp_path / "data", models_dir=settings.MODELS_DIR)
    with installation.up() as running:
        created = installation.json("bot", "create", "Kept")
        shut = installation.data_dir / "postgres" / "global"
        shut.rename(shut.with_name("elsewhere"))
        running.kill("postgres")
        wait_until(lambda: "did not start" in running.said, 60)
        begun = time.monotonic()
        running.process.send_signal(signal.SIGTERM)
        running.process.wait(25)
        print(f"ended within {time.monotonic() - begun:.1f} s")
        assert installation.processes() == []
        assert running.said.count("did not start") < 10

    shut.with_name("elsewhere").rename(shut)
    with installation.up():
        assert [bot["public_id"] for bot in installation.json("bot", "list")] == [created["public_id"]]


def restart(site: Site) -> None:
    """Stop PostgreSQL as an administrator does who can't wait; the supervisor starts it again."""
    server = site.installation.postgres()
    assert server is not None
    server.send_signal(signal.SIGINT)
    wait_until(lambda: (now := site.installation.postgres()) is not None and now.pid != server.pid, 30)
