"""Tacit refuses to serve when its visitors' login can see a learn-only passage, however it came to that."""

from collections.abc import Iterator

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from apps.accounts.models import Organization
from apps.chatbots.models import Chatbot
from apps.core.database.requirements import connect
from apps.core.database.urls import embedded_url
from apps.core.error_handling import DatabaseError
from apps.retrieval import canary
from apps.retrieval.models import LearnOnlyPassage

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def owner() -> Iterator[psycopg.Connection]:
    """Alice's database administrator, who makes mistakes."""
    with psycopg.connect(
        embedded_url(settings.DATA_DIR, user="postgres", database=connection.settings_dict["NAME"]), autocommit=True
    ) as administrator:
        yield administrator


def traces_left() -> int:
    return LearnOnlyPassage.objects.count() + Organization.objects.count() + Chatbot.objects.count()


def test_a_sound_database_serves_and_the_canary_leaves_nothing_behind() -> None:
    canary.prove_unreadable()

    assert traces_left() == 0


def test_the_canary_is_really_there_while_it_is_looked_for() -> None:
    with canary.planted() as planted:
        assert LearnOnlyPassage.objects.get().text == planted.text


MISTAKES = {
    "a grant": ("GRANT SELECT ON learn_only_passage TO visitor", "REVOKE SELECT ON learn_only_passage FROM visitor"),
    "a grant to all": ("GRANT SELECT ON learn_only_passage TO PUBLIC", "REVOKE ALL ON learn_only_passage FROM PUBLIC"),
    "a column": (
        "GRANT SELECT (id) ON learn_only_passage TO visitor",
        "REVOKE SELECT (id) ON learn_only_passage FROM visitor",
    ),
    "a view": (
        "CREATE VIEW everything AS SELECT * FROM learn_only_passage; GRANT SELECT ON everything TO visitor",
        "DROP VIEW everything",
    ),
    "a function": (
        "CREATE FUNCTION all_texts() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER"
        " AS 'SELECT text FROM learn_only_passage'",
        "DROP FUNCTION all_texts()",
    ),
    "a schema": (
        "CREATE SCHEMA reports; CREATE TABLE reports.notes (text text); GRANT USAGE ON SCHEMA reports TO visitor;"
        " GRANT SELECT ON reports.notes TO visitor",
        "DROP SCHEMA reports CASCADE",
    ),
    "row-level security off": (
        "ALTER TABLE citable_passage DISABLE ROW LEVEL SECURITY",
        "ALTER TABLE citable_passage ENABLE ROW LEVEL SECURITY",
    ),
    "a right to write": (
        "GRANT INSERT (id) ON learn_only_passage TO visitor",
        "REVOKE INSERT (id) ON learn_only_passage FROM visitor",
    ),
    "a right to make things": (
        "GRANT CREATE ON SCHEMA public TO visitor",
        "REVOKE CREATE ON SCHEMA public FROM visitor",
    ),
    "the server's files": (
        "GRANT EXECUTE ON FUNCTION pg_read_file(text) TO visitor",
        "REVOKE EXECUTE ON FUNCTION pg_read_file(text) FROM visitor",
    ),
}
MISTAKES = {
    name: (wrong.replace(" visitor", " tacit_visitor"), right.replace(" visitor", " tacit_visitor"))
    for name, (wrong, right) in MISTAKES.items()
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_rights_keeps_tacit_from_serving(mistake: str, owner: psycopg.Connection) -> None:
    wrong, right = MISTAKES[mistake]
    owner.execute(wrong)
    try:
        with pytest.raises(DatabaseError, match="Refusing to serve"):
            canary.prove_unreadable()
    finally:
        owner.execute(right)
    canary.prove_unreadable()


@pytest.mark.parametrize("mistake", ["a grant", "a grant to all", "a column"])
def test_the_canary_itself_is_seen_where_rights_are_wrong(mistake: str, owner: psycopg.Connection) -> None:
    """What the catalogue would tell anyway is found by looking, too."""
    wrong, right = MISTAKES[mistake]
    owner.execute(wrong)
    # As an administrator would let them through who switched row-level security off besides.
    owner.execute("ALTER TABLE learn_only_passage DISABLE ROW LEVEL SECURITY")
    try:
        with connect(settings.VISITOR_DATABASE, "") as visitor, canary.planted() as planted:
            found = [way for way, sql in canary.ways(visitor, planted).items() if canary.sees(visitor, sql, planted)]
        assert "its existence" in found
    finally:
        owner.execute("ALTER TABLE learn_only_passage ENABLE ROW LEVEL SECURITY")
        owner.execute(right)


def test_what_a_killed_test_left_behind_is_removed_by_the_next_one() -> None:
    canary.plant()  # and the process dies
    assert traces_left() == 3

    canary.prove_unreadable()

    assert traces_left() == 0


def test_the_canary_s_bot_is_no_bot_for_visitors_and_belongs_to_nobody() -> None:
    with canary.planted():
        bot = Chatbot.objects.get(pk=canary.SELF_TEST)
        assert not bot.is_published
        assert not Organization.objects.get(pk=canary.SELF_TEST).members.exists()
