"""All that the visitors' login may read is dumped and searched: no text, no vector, no derived data (62, 63, 66)."""

import asyncio
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from apps.core.database.requirements import connection_string
from apps.observability.leaktest.attacks.workings import STATEMENTS
from apps.observability.leaktest.judge import Judge
from apps.observability.leaktest.visiting import rows_seen
from tests.privacy.conftest import World

pytestmark = pytest.mark.django_db
READABLE = """
    SELECT c.relname, string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p')
    AND has_column_privilege(c.oid, a.attnum, 'SELECT') AND a.atttypid NOT IN ('timestamptz'::regtype, 'uuid'::regtype)
    GROUP BY c.relname ORDER BY c.relname
"""


def dump(chatbot_id: str) -> dict[str, str]:
    """Return all that the visitors' login can read, bound to a chatbot, table by table; but for ids and times."""
    tables: dict[str, str] = {}
    with psycopg.connect(connection_string(settings.VISITOR_DATABASE), autocommit=True) as visitor:
        visitor.execute("SELECT set_config('tacit.chatbot_id', %s, false)", [chatbot_id])
        for table, columns in visitor.execute(READABLE).fetchall():
            rows = visitor.execute(f"SELECT {columns} FROM {table}".encode()).fetchall()  # noqa: S608  # from the catalogue
            tables[table] = "\n".join(" ".join(map(str, row)) for row in rows)
    return tables


@pytest.mark.parametrize("mode", ["sealed", "steer", "inform"])
def test_nothing_that_visitors_may_read_holds_learn_only_text(mode: str, world: World) -> None:
    judge = Judge(world.material)

    tables = dump(world.bots[mode]["id"])

    assert "150 euros" in tables["citable_passage"], "or nothing was dumped"
    for table, content in tables.items():
        assert judge.plain_hits(content) == [], table


def test_a_dump_of_what_the_owner_may_read_does_hold_it(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM learn_only_passage WHERE chatbot_id = %s", [world.bots["sealed"]["id"]])
        content = "\n".join(row[0] for row in cursor.fetchall())
    assert Judge(world.material).plain_hits(content), "or the test above proves nothing"


def test_what_a_sealed_bot_lets_visitors_read_is_the_same_without_the_notes(world: World) -> None:
    """Counts and statistics of words too; only ids, times and vectors' owners differ."""
    with_notes, without = (
        {table: len(content.splitlines()) for table, content in dump(bot["id"]).items()}
        for bot in (world.bots["sealed"], world.without)
    )
    assert with_notes == without


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_visitors_login_is_refused(statement: str, world: World) -> None:
    assert asyncio.run(rows_seen(STATEMENTS[statement], UUID(world.bots["sealed"]["id"]))) == 0


def test_the_visitors_login_is_not_refused_everything(world: World) -> None:
    assert asyncio.run(rows_seen("SELECT text FROM citable_passage LIMIT 1", UUID(world.bots["sealed"]["id"]))) == 1
    assert asyncio.run(rows_seen("SELECT text FROM citable_passage", UUID(int=7))) == 0, "and sees one bot at a time"


@pytest.mark.parametrize("mode", ["sealed", "steer", "inform"])
def test_no_vector_of_a_learn_only_passage_leaves_over_the_api(mode: str, world: World) -> None:
    found = world.alice.api.post(f"/chatbots/{world.bots[mode]['id']}/search", json={"query": "discount", "k": 100})
    for hit in found.json()["hits"]:
        assert not any(isinstance(value, list) for value in hit.values())
        assert Judge(world.material).plain_hits(hit["text"]) == []
