"""A shop's bot, one source that nobody may hear of, and a language model that speaks when it is told to."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.conf import settings as django_settings

from apps.core.database.requirements import connection_string
from apps.core.language_model import LanguageModelSettings
from apps.core.services import ServiceRegistry
from tests import llm_server
from tests.conftest import Owner
from tests.llm_server import Behaviour, Exchange, LLMServer

WARRANTY = (
    "warranty.md",
    b"# Warranty\n\nThe warranty lasts 24 months from the day of purchase."
    b" The warranty covers the grinder and the pump.\n",
)
CARE = ("care.md", b"# Descaling\n\nDescale the machine every two months with citric acid. Rinse it twice.\n")
SECRET = ("floor.md", b"# Claims beyond the warranty\n\nGwendolyn Marsh settles warranty claims for 17 percent.\n")
QUESTION = "How long is the warranty?"
SECRET_WORDS = ("gwendolyn", "marsh", "17 percent", "floor.md")


@pytest.fixture
def model(settings: Any) -> Iterator[LLMServer]:
    """A language model's server, which the product is set to use."""
    with LLMServer() as server:
        settings.LANGUAGE_MODEL = LanguageModelSettings(
            base_url=server.base_url, api_key="key of the tests", model=llm_server.MODEL
        )
        ServiceRegistry.reset()
        yield server


@pytest.fixture
def bot(alice: Owner, work_off: Callable[[], None]) -> dict[str, Any]:
    made = alice.make_bot()
    alice.upload(made, WARRANTY, CARE)
    alice.upload(made, SECRET, disclosure="learn_only")
    work_off()
    return made


@pytest.fixture
def mallory(transactional_db: None) -> Iterator[psycopg.Connection]:
    """Mallory, who got hold of the visitors' login: whatever SQL she likes, outside of all that our code arranges."""
    with psycopg.connect(connection_string(django_settings.VISITOR_DATABASE), autocommit=True) as connection:
        yield connection


def source_named(owner: Owner, bot: dict[str, Any], name: str) -> dict[str, Any]:
    return next(source for source in owner.sources(bot) if source["file_name"] == name)


class PausedAnswer:
    """A model's answer that stops after its first part until the test lets it go on."""

    def __init__(self, first: str, rest: str) -> None:
        self.first, self.rest = first, rest
        self.go_on = threading.Event()

    def behaviour(self) -> Behaviour:
        async def behave(exchange: Exchange) -> None:
            await exchange.start()
            await exchange.send(self.first)
            while not self.go_on.is_set():
                await asyncio.sleep(0.01)
            for word in self.rest.split(" "):
                await exchange.send(f"{word} ")
                await asyncio.sleep(0.01)
            await exchange.finish()

        return behave
