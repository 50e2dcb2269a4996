"""The self-test at start: a learn-only canary is planted, and the visitor login must not get to see it.

The canary is a committed row like any other, since the visitor login is another session; it hangs on a chatbot and an
organization of its own, which have no member, are not published and have ids that nobody else has. A process that dies
between planting and removing leaves them behind for the next test to remove, which one lock keeps apart from a test
that is running.
"""

import secrets
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from django.conf import settings
from django.db import connection, transaction
from pgvector import HalfVector, SparseVector
from psycopg import sql

from apps.accounts.models import Organization
from apps.chatbots.models import Chatbot
from apps.core.database.requirements import check_learn_only_unreadable, connect
from apps.core.database.visitor_rights import check_rights_of_visitor
from apps.core.error_handling import DatabaseError
from apps.retrieval.models import TERM_SPACE, EmbeddingSpace, LearnOnlyPassage

NAME = "Tacit's self-test"
SELF_TEST = uuid.UUID("7ac17ac1-7ac1-4ac1-8ac1-7ac17ac17ac1")  # of the organization and of the chatbot
CANARY_LOCK = 7264_003
TERM = 1

READABLE = """
SELECT c.relname, array_agg(a.attname::text)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'v', 'm', 'p', 'f')
      AND has_column_privilege(c.oid, a.attnum, 'SELECT')
GROUP BY c.relname
"""


def prove_unreadable() -> None:
    """Raise DatabaseError if the visitor login can see learn-only text, by its rights or in fact."""
    check_learn_only_unreadable(settings.VISITOR_DATABASE)
    with connect(settings.VISITOR_DATABASE, "TACIT_VISITOR_DATABASE_URL") as visitor:
        check_rights_of_visitor(visitor)
        with planted() as canary:
            visitor.execute("SELECT set_config('tacit.chatbot_id', %s, false)", [str(SELF_TEST)])
            seen = [way for way, statement in ways(visitor, canary).items() if sees(visitor, statement, canary)]
    if seen:
        raise DatabaseError(
            f"Refusing to serve: the login for visitors can see learn-only text ({', '.join(seen)}). Run"
            " `REVOKE ALL ON learn_only_passage FROM PUBLIC` and from that login, and look for functions and views"
            " that run with another's rights."
        )


@contextmanager
def planted() -> Iterator[LearnOnlyPassage]:
    """Give a learn-only passage that really is there, and take it away again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [CANARY_LOCK])
        try:
            remove()
            canary = plant()
            if not LearnOnlyPassage.objects.filter(pk=canary.pk, text=canary.text).exists():
                raise DatabaseError("The canary of the self-test could not be planted. Run `tacit doctor`.")
            yield canary
        finally:
            remove()
            cursor.execute("SELECT pg_advisory_unlock(%s)", [CANARY_LOCK])


@transaction.atomic
def plant() -> LearnOnlyPassage:
    organization = Organization.objects.create(pk=SELF_TEST, name=NAME)
    chatbot = Chatbot.objects.create(pk=SELF_TEST, organization=organization, name=NAME, is_published=False)
    space = EmbeddingSpace.objects.create(name=NAME, spec="", dimensions=1)
    word = f"canary{secrets.token_hex(16)}"
    return LearnOnlyPassage.objects.create(
        chatbot=chatbot, space=space, source_id=SELF_TEST, document_id=SELF_TEST, position=0, external_id=word,
        title=word, url=word, heading_path=[word], start=0, end=len(word), text=word, token_count=1,
        embedding=HalfVector([1]), terms=SparseVector({TERM - 1: 1.0}, TERM_SPACE), term_ids=[TERM],
    )  # fmt: skip


@transaction.atomic
def remove() -> None:
    """Take away the canary and all it hangs on, of this test or of one that was cut off."""
    LearnOnlyPassage.objects.filter(chatbot_id=SELF_TEST).delete()
    Organization.objects.filter(pk=SELF_TEST).delete()
    EmbeddingSpace.objects.filter(name=NAME).delete()


def ways(visitor: psycopg.Connection, canary: LearnOnlyPassage) -> dict[str, sql.Composable]:
    """Return statements that would show the canary, each under a name: straight ones, and one for all that is open."""
    by_id = sql.Literal(str(canary.pk))
    straight = {
        "a plain SELECT": sql.SQL("SELECT text FROM learn_only_passage"),
        "a SELECT by id": sql.SQL("SELECT text FROM learn_only_passage WHERE id = {}").format(by_id),
        "its existence": sql.SQL("SELECT id FROM learn_only_passage WHERE id = {}").format(by_id),
        "its chatbot": sql.SQL("SELECT external_id FROM learn_only_passage WHERE chatbot_id = {}").format(
            sql.Literal(str(SELF_TEST))
        ),
        "COPY of the table": sql.SQL("COPY learn_only_passage TO STDOUT"),
        "COPY of a query": sql.SQL("COPY (SELECT text FROM learn_only_passage) TO STDOUT"),
        "the function lexical_candidates": sql.SQL(
            "SELECT lexical_candidates({}, {}::sparsevec, ARRAY[{}], 10)::text"
        ).format(canary.space_id, f"{{{TERM}:1}}/{TERM_SPACE}", TERM),
    }
    opened = {
        f"the table {table}": sql.SQL("SELECT row({}) FROM {}").format(
            sql.SQL(", ").join(map(sql.Identifier, columns)), sql.Identifier(table)
        )
        for table, columns in visitor.execute(READABLE).fetchall()
    }
    return straight | {way: searching(statement, canary) for way, statement in opened.items()}


def searching(statement: sql.Composable, canary: LearnOnlyPassage) -> sql.Composable:
    """Return a statement that gives only the rows in which the canary's word or id stands."""
    query = "SELECT seen::text FROM ({}) AS opened (seen) WHERE seen::text LIKE {} OR seen::text LIKE {}"
    return sql.SQL(query).format(statement, sql.Literal(f"%{canary.text}%"), sql.Literal(f"%{canary.pk}%"))


def sees(visitor: psycopg.Connection, statement: sql.Composable, canary: LearnOnlyPassage) -> bool:
    """Return whether a statement shows the canary. Raises DatabaseError when more than a right is wanting."""
    text = statement.as_bytes(visitor)
    try:
        with visitor.cursor() as cursor:
            if text.startswith(b"COPY"):
                with cursor.copy(text) as copy:
                    found = b"".join(bytes(piece) for piece in copy).decode(errors="replace")
            else:
                found = repr(cursor.execute(text).fetchall())
    except psycopg.errors.InsufficientPrivilege:
        return False
    except psycopg.Error as error:
        raise DatabaseError(f"The self-test could not be made ({type(error).__name__}). Run `tacit doctor`.") from None
    return canary.text in found or str(canary.pk) in found
