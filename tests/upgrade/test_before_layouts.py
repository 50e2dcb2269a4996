"""A data folder that was filled before passages kept their layout: it opens, keeps everything, and answers."""

from collections.abc import Callable

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from apps.retrieval.models import CitablePassage
from tests.conftest import Owner

RULES = b"""# Boat house

## Opening

The boat house opens at seven in the morning and closes at dusk.

## Before you row

1. Sign the log book.
2. Check the oars.
3. Put on a life jacket.
"""
BEFORE, AFTER = ("retrieval", "0005_one_index_of_terms"), ("retrieval", "0006_layout")


def migrate(to: tuple[str, str]) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate([to])


def test_an_older_folder_opens_and_its_sources_answer_as_before(alice: Owner, work_off: Callable[[], None]) -> None:
    bot = alice.make_bot()
    alice.upload(bot, ("rules.md", RULES))
    work_off()
    kept = dict(CitablePassage.objects.values_list("pk", "text"))
    assert all(CitablePassage.objects.values_list("layout", flat=True)), "otherwise there would be nothing to lose"
    try:
        migrate(BEFORE)
    finally:
        migrate(AFTER)

    assert dict(CitablePassage.objects.values_list("pk", "text")) == kept
    assert not any(CitablePassage.objects.values_list("layout", flat=True))
    assert "closes at dusk" in alice.ask(bot, "When does the boat house close?")["text"]
    steps = alice.ask(bot, "What do I have to do before I row?")
    assert "1. Sign the log book.\n2. Check the oars.\n3. Put on a life jacket." in steps["text"]
    assert steps["citations"][0]["quote"] in "\n".join(kept.values())
