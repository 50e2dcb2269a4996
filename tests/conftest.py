"""Whole-product fixtures: the real server on loopback, an owner with a key, and a worker that works off the queue."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import uvicorn
from django.core.signals import request_finished
from django.db import connections
from procrastinate.contrib.django import app as queue

from apps.conversations import running
from apps.core.services import ServiceRegistry
from config.asgi import application

READY_WITHIN = 20


@pytest.fixture(scope="session")
def address(django_db_setup: None) -> Iterator[str]:
    """Serve the product as `tacit web` does, in a thread, and give its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(application, lifespan="off", log_level="warning", access_log=False, server_header=False)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    deadline = time.monotonic() + READY_WITHIN
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


@dataclass(frozen=True, kw_only=True)
class Owner:
    """Alice, who owns a bot: her API client, and short words for what she does most."""

    api: httpx.Client
    address: str

    @property
    def users(self) -> Any:
        """The service that makes links and keys, as the command line uses it."""
        return ServiceRegistry.get("users")

    def make_bot(self, name: str = "Handbook", **settings: Any) -> dict[str, Any]:
        made = self.api.post("/chatbots", json={"name": name, **settings})
        assert made.status_code == 201, made.text
        return dict(made.json())

    def upload(
        self, bot: dict[str, Any], *files: tuple[str, bytes], disclosure: str = "citable"
    ) -> list[dict[str, Any]]:
        sent = self.api.post(
            f"/chatbots/{bot['id']}/sources",
            files=[("files", (name, content)) for name, content in files],
            data={"disclosure": disclosure},
        )
        assert sent.status_code == 202, sent.text
        return list(sent.json())

    def sources(self, bot: dict[str, Any]) -> list[dict[str, Any]]:
        return list(self.api.get(f"/chatbots/{bot['id']}/sources").json())

    def ask(self, bot: dict[str, Any], question: str, token: str | None = None) -> dict[str, Any]:
        """Ask as a visitor would, by JSON."""
        asked = httpx.post(
            f"{self.address}/api/v1/chat/{bot['public_id']}/messages",
            json={"message": question, "conversation_token": token},
            timeout=60,
        )
        assert asked.status_code == 200, asked.text
        return dict(asked.json())


@pytest.fixture
def alice(transactional_db: None, address: str) -> Iterator[Owner]:
    """Alice owns an organization and has a key."""
    users = ServiceRegistry.get("users")
    key = users.create_api_key(member=users.ensure_owner(email="alice@example.org")).secret
    with httpx.Client(base_url=f"{address}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=60) as api:
        yield Owner(api=api, address=address)
    stop_answers()


def stop_answers() -> None:
    """Stop what visitors of a test have left, before the test's rows are gone under it."""
    for answer in list(running._running.values()):
        if answer._task is not None:
            asyncio.run_coroutine_threadsafe(answer.stop(), answer._task.get_loop()).result(10)


@pytest.fixture
def work_off(transactional_db: None) -> Callable[[], None]:
    """Give a function that runs the worker until nothing is left to do."""

    connector: Any = queue.connector  # Django's, which the app's type doesn't say

    async def work() -> None:
        with queue.replace_connector(connector.get_worker_connector()) as ours:
            async with ours.open_async():
                await ours.run_worker_async(
                    wait=False,
                    install_signal_handlers=False,
                    listen_notify=False,
                    delete_jobs="successful",
                    concurrency=2,
                )

    def run() -> None:
        asyncio.run(work())

    return run


@pytest.fixture(autouse=True)
def no_connection_left() -> Iterator[None]:
    """Close what a test's own thread opened, so that the tests' database can be dropped."""
    yield
    request_finished.send(sender=None)
    connections.close_all()
