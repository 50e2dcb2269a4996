"""Mallory has the visitors' database login and writes her own SQL; she reads one bot's citable passages and no more.

What she can't do, the superuser can in the same words: it is her rights that stop her.
"""

from collections.abc import Iterator
from functools import partial
from uuid import UUID

import psycopg
import pytest
from django.conf import settings
from psycopg import sql
from psycopg.errors import Diagnostic

from apps.core.database.requirements import OPEN_COLUMNS, OPEN_TO_VISITORS, connection_string
from apps.retrieval.models import TERM_SPACE, CitablePassage
from apps.retrieval.tests.shelf import Shelf
from apps.retrieval.tests.two_bots import ALICES, BOBS, HIDDEN, Connection, World

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("world")]


@pytest.fixture
def mallory() -> Iterator[Connection]:
    with psycopg.connect(connection_string(settings.VISITOR_DATABASE), autocommit=True) as opened:
        yield opened


def visit(opened: Connection, chatbot_id: object) -> None:
    opened.execute("SELECT set_config('tacit.chatbot_id', %s, false)", [str(chatbot_id)])


def texts(opened: Connection) -> set[str]:
    return {text for (text,) in opened.execute("SELECT text FROM citable_passage")}


# What a visitor may read.


def test_a_visitor_reads_the_citable_passages_of_the_bot_she_talks_to(world: World, mallory: Connection) -> None:
    visit(mallory, world.alice.chatbot.pk)
    assert texts(mallory) == {ALICES}
    visit(mallory, world.bob.chatbot.pk)
    assert texts(mallory) == {BOBS}


def test_without_a_bot_or_with_one_that_is_none_she_reads_nothing(world: World, mallory: Connection) -> None:
    assert texts(mallory) == set()
    visit(mallory, "")
    assert texts(mallory) == set()
    visit(mallory, UUID(int=0))
    assert texts(mallory) == set()
    visit(mallory, "no id")
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        texts(mallory)


@pytest.mark.parametrize("table", ["citable_passage", "term_statistic", "index_statistics"])
def test_she_sees_no_row_of_another_bot_however_she_asks(
    world: World, mallory: Connection, superuser: Connection, table: str
) -> None:
    others = sql.SQL("SELECT 1 FROM {} WHERE chatbot_id = %s").format(sql.Identifier(table))
    all_rows = sql.SQL("SELECT DISTINCT chatbot_id FROM {} WHERE true OR chatbot_id IS NULL").format(
        sql.Identifier(table)
    )
    bots = {(world.alice.chatbot.pk,), (world.bob.chatbot.pk,)}
    assert superuser.execute(others, [world.bob.chatbot.pk]).fetchall()
    assert set(superuser.execute(all_rows).fetchall()) == bots
    visit(mallory, world.alice.chatbot.pk)
    assert mallory.execute(others, [world.bob.chatbot.pk]).fetchall() == []
    assert mallory.execute(all_rows).fetchall() == [(world.alice.chatbot.pk,)]


@pytest.fixture
def temporary_things(superuser: Connection) -> Iterator[None]:
    """Give her back the right that she has lost, for a test of what would hold even so."""
    superuser.execute("DO $$ BEGIN EXECUTE format('GRANT TEMP ON DATABASE %I TO PUBLIC', current_database()); END $$")
    yield
    superuser.execute(
        "DO $$ BEGIN EXECUTE format('REVOKE TEMP ON DATABASE %I FROM PUBLIC', current_database()); END $$"
    )


def keep(notices: set[str], notice: Diagnostic) -> None:
    notices.add(notice.message_primary or "")


@pytest.mark.usefixtures("temporary_things")
def test_a_function_of_her_own_in_the_query_never_sees_the_other_rows(
    world: World, mallory: Connection, superuser: Connection
) -> None:
    seen: dict[str, set[str]] = {"mallory": set(), "superuser": set()}
    for name, opened in (("mallory", mallory), ("superuser", superuser)):
        opened.add_notice_handler(partial(keep, seen[name]))
        # As cheap as can be, so that the planner would love to run it before the policy.
        opened.execute(
            "CREATE FUNCTION pg_temp.leak(text) RETURNS boolean LANGUAGE plpgsql COST 0.0000001 AS"
            " $$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $$"
        )
        visit(opened, world.alice.chatbot.pk)
        opened.execute("SELECT 1 FROM citable_passage WHERE pg_temp.leak(text)")
    assert seen == {"mallory": {ALICES}, "superuser": {ALICES, BOBS}}


# What a visitor may not read.


def tables(opened: Connection) -> set[str]:
    rows = opened.execute(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm')"
    )
    return {name for (name,) in rows}


def test_she_reads_no_other_table_of_the_product(mallory: Connection, superuser: Connection) -> None:
    closed = tables(superuser) - {*OPEN_TO_VISITORS, *OPEN_COLUMNS}
    assert {
        "learn_only_passage", "knowledge_source", "knowledge_document", "knowledge_filepiece", "accounts_user",
        "accounts_member", "accounts_organization", "accounts_apikey", "accounts_signinlink",
        "conversations_conversation", "conversations_message", "conversations_citation", "procrastinate_jobs",
        "procrastinate_events", "django_session",
    } <= closed  # fmt: skip
    for table in sorted(closed):
        for statement in ("SELECT * FROM {} LIMIT 1", "SELECT count(*) FROM {}", "TABLE {}"):
            asked = sql.SQL(statement).format(sql.Identifier(table))
            superuser.execute(asked)
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                mallory.execute(asked)


def test_of_a_chatbot_she_sees_whether_it_is_published(world: World, mallory: Connection) -> None:
    visit(mallory, world.alice.chatbot.pk)
    assert mallory.execute("SELECT id, is_published FROM chatbots_chatbot").fetchall() == [
        (world.alice.chatbot.pk, True)
    ]
    for column in ("name", "public_id", "organization_id", "instructions", "learn_only_use", "*"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            mallory.execute(sql.SQL("SELECT {} FROM chatbots_chatbot").format(sql.SQL(column)))


def test_of_a_hint_she_reads_where_it_leads_and_not_where_it_comes_from(
    mallory: Connection, superuser: Connection
) -> None:
    mallory.execute("SELECT chatbot_id, space_id, citable_passage_id, weight, embedding FROM steering_hint")
    columns = {name for (name,) in superuser.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'steering_hint'"
    )}  # fmt: skip
    assert {"id", "learn_only_passage_id"} == columns - set(OPEN_COLUMNS["steering_hint"])
    for column in ("id", "learn_only_passage_id", "*", "ctid", "xmin"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            mallory.execute(sql.SQL("SELECT {} FROM steering_hint").format(sql.SQL(column)))


def test_she_reads_no_learn_only_passage_round_a_corner(
    world: World, mallory: Connection, superuser: Connection
) -> None:
    visit(mallory, world.alice.chatbot.pk)
    assert superuser.execute("SELECT text FROM learn_only_passage").fetchall() == [(HIDDEN,)]
    for statement in (
        "SELECT text FROM citable_passage UNION ALL SELECT text FROM learn_only_passage",
        "SELECT (SELECT max(text) FROM learn_only_passage)",
        "SELECT 1 FROM citable_passage WHERE EXISTS (SELECT 1 FROM learn_only_passage)",
        "SELECT word FROM ts_stat('SELECT to_tsvector(text) FROM learn_only_passage')",
        "DO $$ BEGIN PERFORM text FROM learn_only_passage; END $$",
    ):
        superuser.execute(statement)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            mallory.execute(statement)


def test_what_postgresql_keeps_of_values_tells_her_nothing(
    world: World, mallory: Connection, superuser: Connection
) -> None:
    statement = "SELECT attname FROM pg_stats WHERE tablename IN ('learn_only_passage', 'citable_passage')"
    assert superuser.execute(statement).fetchall()
    visit(mallory, world.alice.chatbot.pk)
    assert mallory.execute(statement).fetchall() == []
    others = "SELECT query FROM pg_stat_activity WHERE usename = 'postgres' AND query <> ''"
    assert superuser.execute(others).fetchall()
    assert {query for (query,) in mallory.execute(others)} <= {"<insufficient privilege>"}


COPIES = [
    "COPY learn_only_passage TO STDOUT",
    "COPY (SELECT text FROM learn_only_passage) TO STDOUT",
    "COPY knowledge_document (text) TO STDOUT",
]


def copied(opened: Connection, statement: str) -> bytes:
    with opened.cursor().copy(statement) as copy:
        return b"".join(map(bytes, copy))


@pytest.mark.parametrize("statement", COPIES)
def test_she_copies_nothing_out(mallory: Connection, superuser: Connection, statement: str) -> None:
    copied(superuser, statement)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        copied(mallory, statement)


def test_of_what_she_may_read_she_copies_her_own_bots_rows(world: World, mallory: Connection) -> None:
    visit(mallory, world.alice.chatbot.pk)
    assert copied(mallory, "COPY (SELECT text FROM citable_passage) TO STDOUT").decode() == f"{ALICES}\n"


# What a visitor may not do.

FORBIDDEN = [
    "SET ROLE tacit",
    "SET ROLE postgres",
    "SET SESSION AUTHORIZATION tacit",
    "ALTER ROLE tacit_visitor BYPASSRLS",
    "ALTER ROLE tacit_visitor SUPERUSER",
    "GRANT tacit TO tacit_visitor",
    "GRANT SELECT ON learn_only_passage TO tacit_visitor",
    "ALTER TABLE citable_passage DISABLE ROW LEVEL SECURITY",
    "CREATE POLICY mine ON citable_passage FOR SELECT USING (true)",
    "DROP POLICY visitors_of_one_chatbot ON citable_passage",
    "SELECT pg_read_file('PG_VERSION')",
    "SELECT pg_read_binary_file('global/pg_control')",
    "SELECT pg_ls_dir('.')",
    "SELECT lo_import('/etc/hostname')",
    "SELECT * FROM pg_largeobject",
    "SELECT rolpassword FROM pg_authid",
    "COPY citable_passage (text) FROM PROGRAM 'true'",
    "COPY (SELECT 1) TO PROGRAM 'cat > /dev/null'",
    "COPY (SELECT 1) TO '/dev/null'",
    "CREATE TABLE mine (a int)",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE SCHEMA mine",
    "CREATE SEQUENCE mine",
    "DROP EXTENSION vector CASCADE",
    "CREATE DATABASE mine",
    "INSERT INTO embedding_space (name, spec, dimensions) VALUES ('mine', 'fake', 1)",
    "INSERT INTO citable_passage SELECT * FROM citable_passage WHERE false",
    "UPDATE citable_passage SET text = 'We pay everything back'",
    "DELETE FROM citable_passage",
    "TRUNCATE citable_passage CASCADE",
    "UPDATE term_statistic SET document_frequency = 1",
    "DELETE FROM index_statistics",
    "DO $$ BEGIN LOCK TABLE citable_passage IN ACCESS EXCLUSIVE MODE; END $$",
    "SELECT procrastinate_prune_stalled_workers_v1(60)",
    "SELECT nextval('procrastinate_jobs_id_seq')",
    "ALTER SYSTEM SET log_statement = 'all'",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'postgres' AND pid <> pg_backend_pid()",
]
OUTSIDE_TRANSACTIONS = ("CREATE DATABASE", "ALTER SYSTEM")  # which can't be tried and undone


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_she_cannot(world: World, mallory: Connection, superuser: Connection, statement: str) -> None:
    if not statement.startswith(OUTSIDE_TRANSACTIONS):
        with superuser.transaction(force_rollback=True):
            superuser.execute(statement)
    visit(mallory, world.alice.chatbot.pk)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        mallory.execute(statement)
    assert texts(mallory) == {ALICES}


def test_switching_row_security_off_shows_her_an_error_and_no_row(
    world: World, mallory: Connection, superuser: Connection
) -> None:
    superuser.execute("SET row_security = off")
    assert texts(superuser) == {ALICES, BOBS}
    mallory.execute("SET row_security = off")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        texts(mallory)


def test_giving_up_her_role_makes_her_nobody_else(mallory: Connection) -> None:
    for statement in ("RESET ROLE", "SET ROLE NONE", "RESET SESSION AUTHORIZATION"):
        mallory.execute(statement)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            mallory.execute("SELECT 1 FROM learn_only_passage")


def test_she_reads_no_large_object_of_the_owner(mallory: Connection, superuser: Connection) -> None:
    (number,) = superuser.execute("SELECT lo_from_bytea(0, 'secret'::bytea)").fetchone() or (0,)
    try:
        assert superuser.execute("SELECT lo_get(%s)", [number]).fetchone() == (b"secret",)
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            mallory.execute("SELECT lo_get(%s)", [number])
    finally:
        superuser.execute("SELECT lo_unlink(%s)", [number])


# The one function with more rights than she has.


def candidates(opened: Connection, space: object = None, number: int | None = 10) -> set[str]:
    """What lexical_candidates gives for every term there is."""
    rows = opened.execute(
        "SELECT found"
        " FROM lexical_candidates(%s::int, %s::sparsevec, ARRAY(SELECT term FROM term_statistic), %s) AS found",
        [space, f"{{1:1}}/{TERM_SPACE}", number],
    )
    return {str(found) for (found,) in rows}


def ids(shelf: Shelf) -> set[str]:
    return {str(pk) for pk in CitablePassage.objects.filter(chatbot=shelf.chatbot).values_list("pk", flat=True)}


def test_only_one_function_has_more_rights_than_she_has(mallory: Connection) -> None:
    rows = mallory.execute(
        "SELECT proname FROM pg_proc WHERE prosecdef AND has_function_privilege(oid, 'EXECUTE')"
    ).fetchall()
    assert rows == [("lexical_candidates",)]


def test_it_gives_her_own_bots_passages_only(world: World, mallory: Connection, superuser: Connection) -> None:
    space = world.alice.space.pk
    assert candidates(mallory, space) == set()
    visit(mallory, world.alice.chatbot.pk)
    assert candidates(mallory, space) == ids(world.alice)
    assert candidates(mallory, space, None) == ids(world.alice)
    visit(mallory, world.bob.chatbot.pk)
    assert candidates(mallory, space) == ids(world.bob)


@pytest.mark.parametrize(
    "trick",
    [
        "{bob}' OR '1'='1",
        "{bob}'; SELECT id FROM citable_passage --",
        "' OR true --",
        "{alice}' OR chatbot_id = '{bob}",
        "{alice}\\' OR true --",
        "{{{bob}}} OR true",
        "%L%s$1",
        "(SELECT id FROM chatbots_chatbot LIMIT 1)",
    ],
)
def test_quotes_in_the_setting_do_not_trick_it(world: World, mallory: Connection, trick: str) -> None:
    space, (alice, bob) = world.alice.space.pk, (world.alice.chatbot.pk, world.bob.chatbot.pk)
    terms = CitablePassage.objects.get(chatbot=world.bob.chatbot).term_ids
    asked = "SELECT found FROM lexical_candidates(%s, %s::sparsevec, %s, 10) AS found"
    visit(mallory, bob)
    assert mallory.execute(asked, [space, f"{{1:1}}/{TERM_SPACE}", terms]).fetchall()  # these terms do find something
    visit(mallory, trick.format(alice=alice, bob=bob))
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        mallory.execute(asked, [space, f"{{1:1}}/{TERM_SPACE}", terms]).fetchall()


@pytest.mark.usefixtures("temporary_things")
def test_tables_and_operators_of_her_own_do_not_trick_it(world: World, mallory: Connection) -> None:
    visit(mallory, world.alice.chatbot.pk)
    mallory.execute("CREATE TEMP TABLE citable_passage AS SELECT * FROM public.citable_passage WITH NO DATA")
    mallory.execute("CREATE TEMP TABLE term_statistic AS SELECT * FROM public.term_statistic")
    assert mallory.execute("SELECT count(*) FROM citable_passage").fetchone() == (0,)  # hers hides ours
    assert candidates(mallory, world.alice.space.pk) == ids(world.alice)
    mallory.execute("SET search_path = pg_temp, public")
    assert candidates(mallory, world.alice.space.pk) == ids(world.alice)
