"""Mallory has the visitors' login and a SQL prompt: what she tries, and that none of it shows her learn-only text.

Each test that says "can't" stands on a database in which the secret is, and first sees it as its owner does.
"""

import contextlib
import uuid
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from psycopg import errors

from apps.core.database.requirements import connection_string
from apps.retrieval.models import CitablePassage, LearnOnlyPassage
from tests.conftest import Owner
from tests.privacy_construction.conftest import SECRET_WORDS

DENIED = errors.InsufficientPrivilege
READ_ONLY = "-c default_transaction_read_only=on"


@pytest.fixture
def secret(bot: dict[str, Any], mallory: psycopg.Connection) -> LearnOnlyPassage:
    """The learn-only passage that is to be got at; its owner sees it, and Mallory has told her session the bot's id."""
    passage = LearnOnlyPassage.objects.get()
    assert "Gwendolyn Marsh" in passage.text
    mallory.execute("SELECT set_config('tacit.chatbot_id', %s, false)", [bot["id"]])
    assert mallory.execute("SELECT count(*) FROM citable_passage").fetchone() == (2,)
    return passage


def shows_a_secret(value: Any) -> bool:
    return any(word in str(value).casefold() for word in SECRET_WORDS)


CLOSED = (
    "SELECT text FROM learn_only_passage",
    "SELECT count(*) FROM learn_only_passage",
    "SELECT 1 FROM learn_only_passage WHERE false",
    "SELECT ctid, xmin FROM learn_only_passage",
    "TABLE learn_only_passage",
    "SELECT learn_only_passage FROM learn_only_passage",
    "SELECT * FROM citable_passage NATURAL JOIN learn_only_passage",
    "SELECT text FROM citable_passage UNION ALL SELECT text FROM learn_only_passage",
    "WITH secret AS (SELECT text FROM learn_only_passage) SELECT * FROM secret",
    "SELECT (SELECT text FROM learn_only_passage LIMIT 1)",
    "SELECT * FROM citable_passage WHERE EXISTS (SELECT 1 FROM learn_only_passage)",
    "EXPLAIN SELECT text FROM learn_only_passage",
    "EXPLAIN (ANALYZE, BUFFERS) SELECT text FROM learn_only_passage",
    "PREPARE steal AS SELECT text FROM learn_only_passage; EXECUTE steal",
    "DECLARE steal CURSOR WITH HOLD FOR SELECT text FROM learn_only_passage",
    "DO $$ BEGIN PERFORM text FROM learn_only_passage; END $$",
    "SELECT query_to_xml('SELECT text FROM learn_only_passage', true, false, '')",
    "SELECT ts_stat('SELECT to_tsvector(text) FROM learn_only_passage')",
    "SELECT * FROM learn_only_passage FOR KEY SHARE",
    "BEGIN; LOCK TABLE learn_only_passage IN ACCESS SHARE MODE",
    "SELECT text FROM knowledge_document",
    "SELECT content FROM knowledge_filepiece",
    "SELECT title FROM knowledge_source",
    "SELECT text FROM conversations_message",
    "SELECT token_hash FROM conversations_conversation",
    "SELECT quote FROM conversations_citation",
    "SELECT email FROM accounts_user",
    "SELECT name, public_id, instructions FROM chatbots_chatbot",
    "SELECT session_data FROM django_session",
    "SELECT args FROM procrastinate_jobs",
    "SELECT learn_only_passage_id FROM steering_hint",
    "SELECT * FROM steering_hint",
    "SELECT link_hash FROM removed_steering_link",
    "COPY learn_only_passage TO STDOUT",
    "COPY (SELECT text FROM learn_only_passage) TO STDOUT",
)


def told(session: psycopg.Connection, statement: str) -> str:
    """Return how the server refuses statements; "" when it does not."""
    try:
        for one in [statement] if statement.startswith("DO") else statement.split("; "):
            if one.startswith("COPY"):
                with session.cursor().copy(one) as copy:
                    b"".join(bytes(piece) for piece in copy)
            else:
                session.execute(one)
    except psycopg.Error as refused:
        return f"{type(refused).__name__}: {refused}"
    finally:
        if session.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            session.execute("ROLLBACK")
    return ""


def test_what_is_closed_stays_closed_however_it_is_asked_for(
    mallory: psycopg.Connection, secret: LearnOnlyPassage
) -> None:
    answers = {statement: told(mallory, statement) for statement in CLOSED}

    assert {one: answer for one, answer in answers.items() if not answer.startswith(DENIED.__name__)} == {}
    assert not shows_a_secret(answers.values())


BECOMING = (
    "SET ROLE tacit",
    "SET ROLE postgres",
    "SET ROLE pg_read_all_data",
    "SET ROLE pg_read_server_files",
    "SET SESSION AUTHORIZATION tacit",
    "SET SESSION AUTHORIZATION postgres",
    "GRANT tacit TO tacit_visitor",
    "ALTER ROLE tacit_visitor BYPASSRLS",
    "ALTER ROLE tacit_visitor SUPERUSER",
    "GRANT SELECT ON learn_only_passage TO tacit_visitor",
    "ALTER TABLE citable_passage DISABLE ROW LEVEL SECURITY",
    "ALTER TABLE learn_only_passage OWNER TO tacit_visitor",
    "DROP POLICY visitors_of_one_chatbot ON citable_passage",
    "CREATE POLICY mine ON citable_passage USING (true)",
    "REASSIGN OWNED BY tacit TO tacit_visitor",
    "ALTER DEFAULT PRIVILEGES FOR ROLE tacit GRANT SELECT ON TABLES TO tacit_visitor",
    "CREATE ROLE accomplice SUPERUSER",
    "CREATE EXTENSION dblink",
    "CREATE EXTENSION postgres_fdw",
    "CREATE EXTENSION file_fdw",
    "CREATE EXTENSION pageinspect",
    "CREATE SCHEMA mine",
    "CREATE TABLE mine (text text)",
    "CREATE VIEW mine AS SELECT 1",
    "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
    "CREATE FUNCTION public.lexical_candidates(int) RETURNS int LANGUAGE sql SECURITY DEFINER AS 'SELECT 1'",
    "ALTER FUNCTION lexical_candidates(integer, sparsevec, integer[], integer) SECURITY INVOKER",
    "CREATE OR REPLACE FUNCTION lexical_candidates(space integer, question sparsevec, wanted integer[], number integer)"
    " RETURNS SETOF uuid LANGUAGE sql AS 'SELECT NULL::uuid'",
    "CREATE TRIGGER watch AFTER INSERT ON citable_passage EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE steal AS ON SELECT TO citable_passage DO INSTEAD SELECT 1",
    "CREATE PUBLICATION everything FOR ALL TABLES",
    "CREATE INDEX probe ON learn_only_passage (text)",
    "CREATE STATISTICS probe ON text, title FROM learn_only_passage",
    "COMMENT ON TABLE learn_only_passage IS 'seen'",
    "ALTER SYSTEM SET log_statement = 'all'",
    "SET log_statement = 'all'",
    "SET session_replication_role = 'replica'",
    "SET allow_system_table_mods = on",
    "SELECT pg_read_file('postgresql.conf')",
    "SELECT pg_read_binary_file('base/1/1259')",
    "SELECT pg_ls_dir('base')",
    "SELECT pg_stat_file('base')",
    "SELECT lo_import('/etc/passwd')",
    "COPY citable_passage TO '/tmp/stolen'",
    "COPY (SELECT 1) TO PROGRAM 'id'",
    "SELECT * FROM pg_statistic",
    "SELECT * FROM pg_authid",
    "SELECT * FROM pg_largeobject",
    "SELECT pg_reload_conf()",
    "SELECT pg_switch_wal()",
    "SELECT * FROM pg_create_logical_replication_slot('mine', 'test_decoding')",
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tacit'",
)


def test_she_can_t_become_somebody_else_or_make_anything(mallory: psycopg.Connection, secret: LearnOnlyPassage) -> None:
    mallory.execute("SET default_transaction_read_only = off")
    answers = {statement: told(mallory, statement) for statement in BECOMING}

    # An extension that the server does not have is not there for anybody.
    done = {one: answer for one, answer in answers.items() if not answer.startswith(DENIED.__name__)}
    assert {one: answer for one, answer in done.items() if not one.startswith("CREATE EXTENSION") or not answer} == {}


def test_resetting_everything_gives_her_nothing_back(mallory: psycopg.Connection, secret: LearnOnlyPassage) -> None:
    for statement in ("RESET ROLE", "RESET SESSION AUTHORIZATION", "RESET ALL", "SET ROLE NONE", "DISCARD ALL"):
        mallory.execute(statement)
        with pytest.raises(DENIED):
            mallory.execute("SELECT text FROM learn_only_passage")
        assert mallory.execute("SELECT current_user = session_user").fetchone() == (True,)
    assert mallory.execute("SELECT count(*) FROM citable_passage").fetchone() == (0,)


WRITES = (
    "INSERT INTO learn_only_passage (id, text) VALUES ('{id}', 'x')",
    "INSERT INTO learn_only_passage (id) VALUES ('{id}') ON CONFLICT DO NOTHING",
    "UPDATE learn_only_passage SET title = 'x' WHERE id = '{id}'",
    "DELETE FROM learn_only_passage WHERE id = '{id}'",
    "MERGE INTO learn_only_passage l USING (SELECT '{id}'::uuid AS id) p ON l.id = p.id WHEN MATCHED THEN DELETE",
    "TRUNCATE learn_only_passage",
    "INSERT INTO citable_passage (id) VALUES ('{id}')",
    "INSERT INTO steering_hint (id, learn_only_passage_id) VALUES (gen_random_uuid(), '{id}')",
    "INSERT INTO knowledge_document (id, source_id) VALUES ('{id}', '{id}')",
    "INSERT INTO conversations_citation (message_id) VALUES ('{id}')",
    "CREATE TABLE probe (id uuid REFERENCES learn_only_passage (id))",
)


def test_no_key_tells_her_that_a_passage_exists(mallory: psycopg.Connection, secret: LearnOnlyPassage) -> None:
    """A foreign key or a unique one would answer differently for an id that is there and one that is not."""
    mallory.execute("SET default_transaction_read_only = off")
    for statement in WRITES:
        there, not_there = (told(mallory, statement.replace("{id}", str(guess))) for guess in (secret.pk, uuid.uuid4()))
        assert there.startswith(DENIED.__name__), statement
        assert there == not_there


def test_temporary_tables_can_t_stand_in_for_ours(mallory: psycopg.Connection, secret: LearnOnlyPassage) -> None:
    mallory.execute("SET default_transaction_read_only = off")
    with pytest.raises(DENIED):
        mallory.execute("CREATE TEMP TABLE citable_passage (id uuid)")


@pytest.mark.parametrize("path", ["pg_temp, public", "pg_catalog", ""])
def test_the_search_path_changes_nothing_in_what_runs_with_the_owner_s_rights(
    path: str, mallory: psycopg.Connection, secret: LearnOnlyPassage
) -> None:
    question = "SELECT public.lexical_candidates(space_id, terms, term_ids, 1000) FROM public.citable_passage"
    before = mallory.execute(question).fetchall()
    mallory.execute("SELECT set_config('search_path', %s, false)", [path])

    assert before
    assert mallory.execute(question).fetchall() == before


HOSTILE = (
    (1, "{1:1}/1000000000", "{1,2,3}", 2**31 - 1),
    (-1, "{1:1}/1000000000", "{}", -0),
    (None, "{1:1}/1000000000", "{1}", 10),
    (1, None, "{1}", 10),
    (1, "{1:1}/1000000000", None, 10),
    (1, "{1:1}/1000000000", "{1}", None),
    (1, "{1:1}/7", "{1}", 10),
    (1, "{1:1}/1000000000", "{1}", -5),
)


def test_the_one_function_with_the_owner_s_rights_gives_no_learn_only_id(
    mallory: psycopg.Connection, secret: LearnOnlyPassage
) -> None:
    everything = [*secret.term_ids, *(term for one in CitablePassage.objects.all() for term in one.term_ids)]
    for space, question, wanted, number in HOSTILE:
        arguments = [space, question, everything if wanted == "{1}" else wanted, number]
        query = "SELECT lexical_candidates(%s::int, %s::sparsevec, %s::int[], %s::int)"
        try:
            told = mallory.execute(query, arguments).fetchall()
        except psycopg.Error as refused:
            told = [(str(refused),)]
        assert not shows_a_secret(told)
        assert str(secret.pk) not in str(told)


def test_a_setting_that_is_no_chatbot_shows_no_row(mallory: psycopg.Connection, secret: LearnOnlyPassage) -> None:
    queries = (
        "SELECT id FROM citable_passage",
        "SELECT chatbot_id FROM index_statistics",
        "SELECT term FROM term_statistic",
        "SELECT weight FROM steering_hint",
        "SELECT id FROM chatbots_chatbot",
        f"SELECT lexical_candidates({secret.space_id}, '{{1:1}}/1000000000', ARRAY{secret.term_ids}, 10)",
    )
    for setting in ("x' OR true --", str(uuid.UUID(int=0)), "", "' UNION SELECT id FROM learn_only_passage --"):
        mallory.execute("SELECT set_config('tacit.chatbot_id', %s, false)", [setting])
        for query in queries:
            with contextlib.suppress(errors.InvalidTextRepresentation):  # what is no id at all is refused as such
                assert mallory.execute(query).fetchall() == []


def test_an_error_while_rows_are_looked_at_tells_of_no_row_of_another_bot(
    alice: Owner, bot: dict[str, Any], mallory: psycopg.Connection
) -> None:
    other = alice.make_bot("Other")
    mallory.execute("SELECT set_config('tacit.chatbot_id', %s, false)", [bot["id"]])
    with pytest.raises(errors.InvalidTextRepresentation) as told:
        mallory.execute("SELECT * FROM citable_passage WHERE text::int = 1")
    assert "warranty" in str(told.value) or "citric" in str(told.value)  # her own bot's rows do tell: she may read them

    mallory.execute("SELECT set_config('tacit.chatbot_id', %s, false)", [other["id"]])
    assert mallory.execute("SELECT * FROM citable_passage WHERE text::int = 1").fetchall() == []


def test_statistics_tell_her_no_value_of_any_column(mallory: psycopg.Connection, secret: LearnOnlyPassage) -> None:
    with connection.cursor() as owner:
        owner.execute("ANALYZE learn_only_passage, citable_passage, knowledge_document, knowledge_source")
        owner.execute("SELECT count(*) FROM pg_stats WHERE tablename = 'citable_passage'")
        assert owner.fetchone()[0] > 0

    rows = mallory.execute("SELECT tablename, attname, most_common_vals::text FROM pg_stats").fetchall()
    ours = {table for table, _, _ in rows if table.startswith(("learn_", "citable", "knowledge", "conversations"))}
    assert not ours
    assert not shows_a_secret(rows)
    assert mallory.execute("SELECT * FROM pg_stats_ext").fetchall() == []


def test_the_planner_s_estimates_confirm_no_guess_at_another_bot_s_text(
    alice: Owner, bot: dict[str, Any], mallory: psycopg.Connection
) -> None:
    text = "The common sentence of the other bot."
    CitablePassage.objects.update(text=text)  # as common as can be
    with connection.cursor() as owner:
        owner.execute("ANALYZE citable_passage")
    mallory.execute("SELECT set_config('tacit.chatbot_id', %s, false)", [str(uuid.uuid4())])

    def estimate(guess: str) -> Any:
        asked = "EXPLAIN (FORMAT JSON) SELECT * FROM citable_passage WHERE text = %s"
        return mallory.execute(asked, [guess]).fetchone()

    (right,), (wrong,) = estimate(text), estimate("A sentence that is nowhere.")
    assert [node["Plan"]["Plan Rows"] for node in right] == [node["Plan"]["Plan Rows"] for node in wrong]


def test_what_others_are_doing_is_not_told_to_her(mallory: psycopg.Connection, secret: LearnOnlyPassage) -> None:
    with connection.cursor() as owner:
        owner.execute("SELECT text FROM learn_only_passage WHERE text LIKE '%%Gwendolyn%%'")
    seen = mallory.execute("SELECT usename, query FROM pg_stat_activity").fetchall()

    assert ("tacit", "<insufficient privilege>") in seen
    assert not shows_a_secret(seen)


def test_a_visitor_s_words_stand_in_no_statement_that_another_session_of_the_login_can_see(
    alice: Owner, bot: dict[str, Any], mallory: psycopg.Connection
) -> None:
    alice.ask(bot, "How long is the warranty on my unmistakable aubergine grinder?")
    queries = mallory.execute("SELECT query FROM pg_stat_activity WHERE usename = current_user").fetchall()

    assert len(queries) > 1
    assert "aubergine" not in str(queries)


def test_what_is_told_when_a_source_is_read_names_nothing(
    alice: Owner, bot: dict[str, Any], mallory: psycopg.Connection, secret: LearnOnlyPassage
) -> None:
    """LISTEN can't be forbidden to a login; so what is sent that way must say nothing."""
    channels = ("procrastinate_any_queue_v1", "procrastinate_queue_v1#ingest")
    for channel in channels:
        mallory.execute(f'LISTEN "{channel}"')
    alice.upload(bot, ("merger.md", b"# Merger\n\nGwendolyn Marsh buys the company in May.\n"), disclosure="learn_only")
    heard = [note.payload for note in mallory.notifies(timeout=1)]

    assert heard
    assert not shows_a_secret(heard)
    assert not any("merger" in payload.casefold() for payload in heard)


def test_the_pool_s_sessions_are_read_only_and_bound_for_one_transaction(mallory: psycopg.Connection) -> None:
    info = psycopg.conninfo.make_conninfo(connection_string(settings.VISITOR_DATABASE), options=READ_ONLY)
    with psycopg.connect(info, autocommit=True) as session, pytest.raises(errors.ReadOnlySqlTransaction):
        session.execute("CREATE TABLE notes (text text)")
