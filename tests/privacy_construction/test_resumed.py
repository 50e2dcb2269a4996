"""A line that breaks loses no answer; and reading on gets nobody what the owner took away meanwhile."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from apps.conversations import running
from apps.conversations.models import Message
from tests import visitor
from tests.conftest import Owner
from tests.llm_server import LLMServer
from tests.privacy_construction.conftest import QUESTION, PausedAnswer
from tests.privacy_construction.test_next_token import TAKEN, delete, events_in, flip

Event = tuple[str, dict[str, Any]]


@pytest.fixture
def paused(model: LLMServer) -> Iterator[PausedAnswer]:
    said = PausedAnswer(
        "The warranty lasts 24 months from the day of purchase [1]. The warranty ",
        "covers the grinder and the pump [1]. Ask again if there is more.",
    )
    model.behave(said.behaviour())
    yield said
    said.go_on.set()


@dataclass(frozen=True, kw_only=True)
class CutOff:
    """A visitor whose line broke in the middle of an answer."""

    root: str
    token: str
    message_id: str
    last_event: str
    heard: str

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def at(self) -> str:
        return f"{self.root}/messages/{self.message_id}"

    def read_on(self, *, from_the_beginning: bool = False) -> list[Event]:
        headers = {**self.bearer, "Accept": "text/event-stream"}
        if not from_the_beginning:
            headers["Last-Event-ID"] = self.last_event
        return events_in(httpx.get(f"{self.at}/stream", headers=headers, timeout=60).text)

    def stop(self) -> dict[str, Any]:
        stopped = httpx.post(f"{self.at}/stop", headers=self.bearer, timeout=60)
        assert stopped.status_code == 200, stopped.text
        return dict(stopped.json())


@pytest.fixture
def cut_off(alice: Owner, bot: dict[str, Any], paused: PausedAnswer) -> CutOff:
    root = f"{alice.address}/api/v1/chat/{bot['public_id']}"
    headers = {"Accept": "text/event-stream"}
    with httpx.stream("POST", f"{root}/messages", json={"message": QUESTION}, headers=headers, timeout=60) as response:
        pieces, heard = response.iter_text(), ""
        while not ("event: citation" in heard and heard.endswith("\n\n")):
            heard += next(pieces)
    start = dict(events_in(heard))["start"]
    return CutOff(
        root=root,
        token=start["conversation_token"],
        message_id=start["message_id"],
        last_event=heard.rsplit("id: ", 1)[1].strip(),
        heard=heard,
    )


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not true() and time.monotonic() < end:
        time.sleep(0.02)
    assert true()


def text_of(events: list[Event]) -> str:
    return "".join(data["text"] for name, data in events if name == "delta")


def test_a_visitor_reads_on_exactly_where_the_line_broke(
    cut_off: CutOff, paused: PausedAnswer, model: LLMServer
) -> None:
    paused.go_on.set()
    rest = cut_off.read_on()

    before = events_in(cut_off.heard)
    assert [name for name, _ in rest][-1] == "done"
    assert "start" not in [name for name, _ in rest]
    done = rest[-1][1]
    assert "24 months" in done["html"]
    assert "grinder" in done["html"]
    assert text_of(before).strip() not in text_of(rest)
    assert len(model.requests) == 1, "the model was asked once more"
    assert not model.hang_ups


def test_after_a_refresh_the_whole_answer_is_told_again(cut_off: CutOff, paused: PausedAnswer) -> None:
    paused.go_on.set()
    events = cut_off.read_on(from_the_beginning=True)

    names = [name for name, _ in events]
    assert names[-1] == "done"
    assert "grinder" in events[-1][1]["html"]
    if names[0] == "start":  # it was running still
        assert "24 months" in text_of(events)


def test_an_answer_that_became_whole_meanwhile_is_told_as_one(cut_off: CutOff, paused: PausedAnswer) -> None:
    paused.go_on.set()
    wait_until(lambda: Message.objects.get(pk=cut_off.message_id).complete)
    wait_until(lambda: not running._running)
    ((name, done),) = cut_off.read_on()
    whole = httpx.get(f"{cut_off.at}/stream", headers=cut_off.bearer).json()

    assert name == "done"
    assert whole == done
    assert "grinder" in done["html"]


def test_an_answer_of_another_process_is_waited_for_and_told_as_one(
    cut_off: CutOff, paused: PausedAnswer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.conversations.answer_views.running", lambda message_id: None)
    monkeypatch.setattr("apps.conversations.answer_views.LOOK_SECONDS", 0.1)
    paused.go_on.set()
    ((name, done),) = cut_off.read_on()

    assert name == "done"
    assert "grinder" in done["html"]


def test_an_answer_whose_process_is_gone_is_not_waited_for_without_an_end(
    cut_off: CutOff, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr("apps.conversations.answer_views.running", lambda message_id: None)
    monkeypatch.setattr("apps.conversations.answer_views.LOOK_SECONDS", 0.1)
    monkeypatch.setattr("apps.conversations.answer_views.SPARE_SECONDS", 0.3)
    settings.ANSWER_GRACE_SECONDS = 0.3
    ((name, problem),) = cut_off.read_on()

    assert (name, problem["code"]) == ("error", "answer_broken_off")


@pytest.mark.parametrize("change", [flip, delete])
def test_reading_on_tells_nothing_that_was_taken_away(
    change: Callable[..., None], alice: Owner, bot: dict[str, Any], cut_off: CutOff, paused: PausedAnswer
) -> None:
    assert "24 months" in cut_off.heard
    change(alice, bot)
    paused.go_on.set()
    for again in (cut_off.read_on(from_the_beginning=True), cut_off.read_on()):
        assert not any(word in str(again) for word in TAKEN)
        assert again[-1][0] == "done"


def test_a_whole_answer_is_not_told_again_once_its_source_is_taken_away(
    alice: Owner, bot: dict[str, Any], cut_off: CutOff, paused: PausedAnswer
) -> None:
    paused.go_on.set()
    wait_until(lambda: Message.objects.get(pk=cut_off.message_id).complete)
    assert "24 months" in str(cut_off.read_on())
    flip(alice, bot)
    again = cut_off.read_on()

    assert not any(word in str(again) for word in TAKEN)
    assert again[-1][1]["citations"] == []


def test_stopping_ends_the_model_s_work_and_keeps_what_was_said(
    cut_off: CutOff, paused: PausedAnswer, model: LLMServer
) -> None:
    stopped = cut_off.stop()

    paused.go_on.set()
    assert model.wait_for_hang_up()
    assert not stopped["complete"]
    assert "24 months" in stopped["html"]
    assert [one["n"] for one in stopped["citations"]] == [1]
    ((name, problem),) = cut_off.read_on()
    assert (name, problem["code"]) == ("error", "answer_broken_off")
    read = httpx.get(f"{cut_off.root}/conversation", headers=cut_off.bearer).json()["messages"][-1]
    assert read == stopped


def test_stopping_tells_nothing_that_was_taken_away(alice: Owner, bot: dict[str, Any], cut_off: CutOff) -> None:
    flip(alice, bot)
    stopped = cut_off.stop()

    assert not any(word in str(stopped) for word in TAKEN)


def test_stopping_twice_and_stopping_what_is_whole_changes_nothing(cut_off: CutOff, paused: PausedAnswer) -> None:
    paused.go_on.set()
    wait_until(lambda: Message.objects.get(pk=cut_off.message_id).complete)
    first, second = cut_off.stop(), cut_off.stop()

    assert first == second
    assert first["complete"]


def test_mallory_reads_and_stops_no_answer_of_somebody_else_s(
    alice: Owner, bot: dict[str, Any], cut_off: CutOff, model: LLMServer
) -> None:
    hers = visitor.ask(alice.address, bot["public_id"], "Hello")
    nobodys = "00000000-0000-4000-8000-000000000000"
    for method, path in (("GET", "stream"), ("POST", "stop")):
        bearer = {"Authorization": f"Bearer {hers.token}"}
        other = httpx.request(method, f"{cut_off.at}/{path}", headers=bearer)
        never = httpx.request(method, f"{cut_off.root}/messages/{nobodys}/{path}", headers=bearer)
        assert (other.status_code, other.content) == (404, never.content)
        assert httpx.request(method, f"{cut_off.at}/{path}").status_code == 401
    assert not model.hang_ups


def test_a_visitor_who_does_not_come_back_keeps_no_model_busy(
    alice: Owner, cut_off: CutOff, model: LLMServer, settings: Any
) -> None:
    assert not model.wait_for_hang_up(0.3)
    settings.ANSWER_GRACE_SECONDS = 0.3
    with httpx.stream(
        "GET", f"{cut_off.at}/stream", headers={**cut_off.bearer, "Accept": "text/event-stream"}
    ) as response:
        next(response.iter_text())

    wait_until(lambda: "broken_off" in Message.objects.get(pk=cut_off.message_id).trace)
