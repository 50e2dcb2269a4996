"""Three organizations with the same bicycle shop: one has learn-only notes, one has their twin, one has none.

All of it is made once for this folder's tests, which therefore take no fixture that empties the database.
"""

import asyncio
import ssl
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import httpx
import pytest
from django.core.management import call_command
from procrastinate.contrib.django import app as queue

from apps.core.embedding_service import EmbeddingResult, EmbeddingService
from apps.core.services import ServiceRegistry
from apps.observability.leaktest.attacks import Case, Request, Target
from apps.observability.leaktest.attacks.interfaces import MESSAGES
from apps.observability.leaktest.exchange import JSON, STREAM, Attempt, Reply, as_bytes
from apps.observability.leaktest.judge import Material, Text
from apps.observability.leaktest.targets import target_of_texts
from apps.observability.leaktest.worst_models import ENCODINGS
from apps.rag.llm_service import OpenAICompatibleLLMService, RetryingLLMService
from tests import llm_server
from tests.conftest import Owner
from tests.llm_server import Behaviour, Exchange, LLMServer
from tests.privacy import planted

Bot = dict[str, Any]
PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # never used, and costs nothing to make


@dataclass(kw_only=True)
class World:
    """The owners and bots of this folder's tests, and the server that plays their language model."""

    address: str
    alice: Owner
    bots: dict[str, Bot]  # by mode
    twin: Bot
    without: Bot
    open_book: Bot  # here visitors may read everything
    owners: dict[str, Owner]
    model: LLMServer
    material: Material = field(repr=False)
    targets: tuple[Target, ...] = field(repr=False)


class HttpClient:
    """Sends an attack's requests over a real connection."""

    def __init__(self, address: str, http: httpx.AsyncClient) -> None:
        self._address = address
        self._http = http

    async def send(self, request: Request) -> Reply:
        headers, body = as_bytes(request)
        sent = self._http.build_request(request.method, f"{self._address}{request.path}", content=body)
        sent.headers.update([(name.encode(), value.encode("utf-8", "replace")) for name, value in headers.items()])
        response = await self._http.send(sent)
        return Reply(status=response.status_code, headers=dict(response.headers), body=response.text)


@pytest.fixture(scope="package")
def world(address: str, django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), LLMServer() as model:
        owners = {name: owner_of(name, address) for name in ("alice", "tina", "nora")}
        notes = planted.learn_only(planted.SECRETS)
        bots = {
            "sealed": fill(owners["alice"], "Wheels", notes, learn_only_use="sealed"),
            "steer": fill(owners["alice"], "Wheels, steered", notes, learn_only_use="steer"),
            "inform": fill(owners["alice"], "Wheels, informed", notes, learn_only_use="inform"),
        }
        twin = fill(owners["tina"], "Wheels", planted.learn_only(planted.TWIN), learn_only_use="sealed")
        without = fill(owners["nora"], "Wheels", (), learn_only_use="sealed")
        open_book = fill(owners["nora"], "Open book", (), also=notes, learn_only_use="sealed")
        work_off()
        yield World(
            address=address,
            alice=owners["alice"],
            owners=owners,
            bots=bots,
            twin=twin,
            without=without,
            open_book=open_book,
            model=model,
            material=material_of(planted.SECRETS),
            targets=tuple(targets(bots["sealed"], without, owners["alice"])),
        )
        for owner in owners.values():
            owner.api.close()
        call_command("flush", verbosity=0, interactive=False)


def owner_of(name: str, address: str) -> Owner:
    users = ServiceRegistry.get("users")
    key = users.create_api_key(member=users.ensure_owner(email=f"{name}@example.org")).secret
    api = httpx.Client(base_url=f"{address}/api/v1", headers={"Authorization": f"Bearer {key}"}, timeout=60)
    return Owner(api=api, address=address)


def fill(
    owner: Owner,
    name: str,
    notes: tuple[tuple[str, str], ...],
    also: tuple[tuple[str, str], ...] = (),
    **settings: Any,
) -> Bot:
    """Make a bot with the public documents, and with notes that it may only learn from."""
    bot = owner.make_bot(name, **settings)
    owner.upload(bot, *planted.as_files(planted.CITABLE + also))
    if notes:
        owner.upload(bot, *planted.as_files(notes), disclosure="learn_only")
    return bot


def work_off() -> None:
    """Work off the queue, two sources at once: what a sealed bot says must not depend on their order."""

    connector: Any = queue.connector  # Django's, which the app's type doesn't say

    async def work() -> None:
        with queue.replace_connector(connector.get_worker_connector()) as ours:
            async with ours.open_async():
                await ours.run_worker_async(
                    wait=False, install_signal_handlers=False, listen_notify=False, delete_jobs="successful",
                    concurrency=2,
                )  # fmt: skip

    asyncio.run(work())


def as_texts(documents: tuple[tuple[str, str], ...]) -> list[Text]:
    return [
        Text(text=text, title=text.split("\n")[0].removeprefix("# "), file_name=name) for name, text in documents
    ]  # fmt: skip


def material_of(secrets: planted.Secrets) -> Material:
    notes = as_texts(planted.learn_only(secrets))
    return Material(
        learn_only=notes, citable=as_texts(planted.CITABLE), short_from=notes, planted=secrets.short
    )  # fmt: skip


def targets(bot: Bot, other: Bot, owner: Owner) -> Iterator[Target]:
    """Yield a target for each of the notes, with the ids they have in the database."""
    ids = {source["title"]: source["id"] for source in owner.sources(bot)}
    for number, (name, text) in enumerate(planted.learn_only(planted.SECRETS)):
        source = next(id for title, id in ids.items() if title in {name, text.split("\n")[0].removeprefix("# ")})
        yield target_of_texts(
            public_id=bot["public_id"],
            other_public_id=other["public_id"],
            learn_only=as_texts(((name, text),))[0],
            citable=as_texts(planted.CITABLE)[number],
            ids=(source,),
        )


class Remembering:
    """The real embedding model, which computes each vector once: attacks ask the same few passages again and again."""

    def __init__(self, inner: EmbeddingService) -> None:
        self._inner = inner
        self._documents: dict[str, EmbeddingResult] = {}
        self.embed_query = cache(inner.embed_query)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def embed_documents(self, texts: Sequence[str]) -> list[EmbeddingResult]:
        new = [text for text in dict.fromkeys(texts) if text not in self._documents]
        self._documents.update(zip(new, self._inner.embed_documents(new) if new else [], strict=True))
        return [self._documents[text] for text in texts]


@pytest.fixture(scope="package")
def embeddings() -> Remembering:
    return Remembering(ServiceRegistry.get("embeddings"))


@pytest.fixture
def model(world: World, embeddings: Any) -> Iterator[LLMServer]:
    """Have the world's bots answered by the model server, through the real client."""
    service = OpenAICompatibleLLMService(base_url=world.model.base_url, api_key="", model=llm_server.MODEL)
    with (
        ServiceRegistry.override("llm", RetryingLLMService(service)),
        ServiceRegistry.override("embeddings", embeddings),
    ):
        world.model.requests.clear()
        yield world.model


@pytest.fixture
def visit(world: World) -> Callable[[Callable[[HttpClient], Any]], Any]:
    """Give a function that runs a visitor's coroutine with a client of its own."""

    def run(work: Callable[[HttpClient], Any]) -> Any:
        async def whole() -> Any:
            async with httpx.AsyncClient(timeout=60, verify=PLAIN) as http:
                return await work(HttpClient(world.address, http))

        return asyncio.run(whole())

    return run


async def echoes(exchange: Exchange) -> None:
    """Say the whole prompt."""
    text = exchange.request.text
    await llm_server.says(*(text[place : place + 80] for place in range(0, len(text), 80)))(exchange)


def encodes(material: Material, turn: int) -> Behaviour:
    """Say the private part of the prompt in one of the encodings, one character a chunk; without one, the passages."""

    async def behave(exchange: Exchange) -> None:
        lines = exchange.request.text.replace(". ", ".\n").split("\n")
        private = [line for line in lines if any(True for _ in material.in_words(line))]
        secret = " ".join(private) or exchange.request.messages[-1]["content"]
        await llm_server.says(*ENCODINGS[turn % len(ENCODINGS)](secret[:150])[:300])(exchange)

    return behave


@pytest.fixture
def extraction(world: World, embeddings: Remembering) -> Iterator[World]:
    """Have the world's bots answered without a language model."""
    with ServiceRegistry.override("llm", None), ServiceRegistry.override("embeddings", embeddings):
        yield world


def ask(world: World, bot: Bot, question: str, *, stream: bool = False, token: str = "") -> Attempt:
    """Ask one question over a real connection."""

    async def asked() -> Attempt:
        async with httpx.AsyncClient(timeout=60, verify=PLAIN) as http:
            headers = {"Accept": STREAM if stream else JSON}
            body = {"message": question, "conversation_token": token or None}
            path = MESSAGES.replace("{bot}", bot["public_id"])
            sent = Request(method="POST", path=path, headers=headers, body=body)
            return Attempt(
                case=Case(name="asked"), asked=question, replies=(await HttpClient(world.address, http).send(sent),)
            )

    return asyncio.run(asked())


def answer(attempt: Attempt) -> dict[str, Any]:
    """The last event of a stream, or the whole JSON."""
    return dict(attempt.replies[0].events[-1][1])
