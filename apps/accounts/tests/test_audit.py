"""Alice can tell later who did what to her sources; nobody can make it undone, not even Alice."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from apps.accounts.actors import SYSTEM, acting, at_the_command_line, current_actor
from apps.accounts.audit import Action, Subject, organization_subject, record, trail
from apps.accounts.models import AuditEntry, Member, Organization, Role, User
from apps.accounts.services import UserService

pytestmark = pytest.mark.django_db

SECRET = "The margin on the Wren is 37 per cent."


class Person:
    """Somebody with a key, at the API."""

    def __init__(self, member: Member) -> None:
        self.member = member
        made = UserService().create_api_key(member=member, name="laptop")
        self.key, self.secret = made.key, made.secret

    def call(self, method: str, path: str, body: object = None, **more: Any) -> Any:
        text = json.dumps(body) if body is not None else ""
        headers = {"Authorization": f"Bearer {self.secret}"}
        return Client().generic(
            method, f"/api/v1{path}", text, content_type="application/json", headers=headers, **more
        )

    def trail(self, query: str = "") -> list[dict[str, Any]]:
        """Return what the API tells, the latest first, without what tells of keys and of the reading itself."""
        told = self.call("GET", f"/audit{query}")
        assert told.status_code == 200, told.content
        return [
            entry
            for entry in told.json()["entries"]
            if entry["action"] not in {"audit.exported", "api_key.created", "member.added"}
        ]

    def actions(self) -> list[str]:
        return [entry["action"] for entry in reversed(self.trail())]


@pytest.fixture
def alice() -> Person:
    return Person(UserService().ensure_owner(email="alice@example.org", organization_name="Alice's shop"))


@pytest.fixture
def mallory(alice: Person) -> Person:
    return Person(UserService().ensure_owner(email="mallory@example.org"))


@pytest.fixture
def bot(alice: Person) -> str:
    return str(alice.call("POST", "/chatbots", {"name": "Handbook"}).json()["id"])


def add_text(person: Person, bot: str, text: str = SECRET, **more: Any) -> str:
    body = {"kind": "text", "text": text, "title": "Margins", "disclosure": "learn_only", **more}
    added = person.call("POST", f"/chatbots/{bot}/sources", body)
    assert added.status_code == 202, added.content
    return str(added.json()["id"])


# What is recorded.


def test_the_life_of_a_source_is_told_in_order(alice: Person, bot: str) -> None:
    source = f"/chatbots/{bot}/sources/{add_text(alice, bot)}"
    alice.call("PATCH", source, {"title": "Price list"})
    alice.call("PATCH", source, {"disclosure": "citable"})
    alice.call("GET", f"{source}/documents")
    alice.call("GET", f"{source}/original")
    alice.call("POST", f"{source}/retry")
    alice.call("DELETE", source)
    assert alice.actions() == [
        "chatbot.created", "source.added", "source.renamed", "source.flipped", "source.opened", "source.opened",
        "source.read_again", "source.deleted",
    ]  # fmt: skip
    renamed, flipped, deleted = (alice.trail()[place] for place in (5, 4, 0))
    assert (renamed["object"]["name"], renamed["details"]) == ("Margins", {"after": "Price list"})
    assert (flipped["object"]["name"], flipped["details"]) == (
        "Price list",
        {"before": "learn_only", "after": "citable"},
    )
    assert deleted["object"] == {"kind": "source", "id": source.rpartition("/")[2], "name": "Price list"}
    assert deleted["chatbot_id"] == bot


def test_a_change_that_changes_nothing_is_not_told(alice: Person, bot: str) -> None:
    source = f"/chatbots/{bot}/sources/{add_text(alice, bot)}"
    alice.call("PATCH", source, {"title": " Margins ", "disclosure": "learn_only"})
    alice.call("PATCH", f"/chatbots/{bot}", {"name": "Handbook"})
    assert alice.actions() == ["chatbot.created", "source.added"]
    alice.call("PATCH", source, {"disclosure": "citable"})
    assert alice.actions()[-1] == "source.flipped"


def test_the_same_text_in_the_other_class_is_told_as_the_flip_that_it_is(alice: Person, bot: str) -> None:
    add_text(alice, bot, disclosure="citable")
    add_text(alice, bot, disclosure="learn_only")
    assert alice.actions()[-2:] == ["source.added", "source.flipped"]
    assert alice.trail()[0]["details"] == {"before": "citable", "after": "learn_only"}


def test_a_replaced_text_is_told(alice: Person, bot: str) -> None:
    add_text(alice, bot)
    add_text(alice, bot, text="Another margin.")
    assert alice.actions()[-1] == "source.replaced"
    assert alice.trail()[0]["details"] == {"revision": 2}


def test_the_life_of_a_bot_is_told_and_outlives_it(alice: Person, bot: str) -> None:
    path = f"/chatbots/{bot}"
    alice.call("PATCH", path, {"instructions": SECRET, "welcome_message": "Hello"})
    alice.call("PATCH", path, {"learn_only_use": "sealed"})
    alice.call("PATCH", path, {"is_published": False})
    alice.call("PATCH", path, {"is_published": True})
    alice.call("DELETE", path)
    assert alice.actions() == [
        "chatbot.created", "chatbot.changed", "chatbot.learn_only_use_changed", "chatbot.unpublished",
        "chatbot.published", "chatbot.deleted",
    ]  # fmt: skip
    changed, mode = alice.trail()[4], alice.trail()[3]
    assert changed["details"] == {"settings": ["instructions", "welcome_message"]}
    assert mode["details"] == {"before": "steer", "after": "sealed"}
    assert alice.trail(f"?chatbot={bot}")[0]["action"] == "chatbot.deleted"


def test_what_fails_is_not_told(alice: Person, bot: str) -> None:
    alice.call("POST", "/chatbots", {"name": "Shop"})
    before = alice.actions()
    assert alice.call("POST", "/chatbots", {"name": "Handbook"}).status_code == 409
    assert alice.call("PATCH", f"/chatbots/{bot}", {"name": "Shop", "is_published": False}).status_code == 409
    assert alice.actions() == before


def test_no_text_of_a_document_is_in_the_trail(alice: Person, bot: str) -> None:
    source = f"/chatbots/{bot}/sources/{add_text(alice, bot)}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT content FROM knowledge_filepiece")
        assert bytes(cursor.fetchone()[0]).decode() == SECRET
    alice.call("GET", f"{source}/original")
    alice.call("PATCH", f"/chatbots/{bot}", {"instructions": SECRET})
    alice.call("DELETE", source)
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(e::text, ' ') FROM accounts_auditentry e")
        (everything,) = cursor.fetchone()
    assert "Margins" in everything
    assert SECRET not in everything


def test_keys_links_and_members_are_told(alice: Person) -> None:
    users = UserService()
    users.revoke_api_key(member=alice.member, key_id=users.create_api_key(member=alice.member).key.pk)
    client = Client()
    client.post(f"/sign-in/{users.create_sign_in_link(user=alice.member.user)}")
    entries = list(trail(alice.member.organization_id).values_list("action", "actor_kind", "actor_label"))
    assert list(reversed(entries)) == [
        ("member.added", "system", "Tacit"),
        ("api_key.created", "system", "Tacit"),
        ("api_key.created", "system", "Tacit"),
        ("api_key.revoked", "system", "Tacit"),
        ("sign_in_link.created", "system", "Tacit"),
        ("member.signed_in", "sign_in_link", "alice@example.org"),
    ]


def test_a_sign_in_with_a_password_is_told(alice: Person, client: Client) -> None:
    user = alice.member.user
    user.set_password("correct horse battery")
    user.save()
    client.post("/accounts/login/", {"login": "alice@example.org", "password": "wrong horse battery"})
    assert alice.actions() == []
    client.post("/accounts/login/", {"login": "alice@example.org", "password": "correct horse battery"})
    (entry,) = alice.trail()
    assert (entry["action"], entry["actor"]["kind"]) == ("member.signed_in", "user")


# Who did it.


def test_the_one_who_did_it_is_the_one_whose_key_it_was(alice: Person, bot: str) -> None:
    bob = Person(
        Member.objects.create(
            organization=alice.member.organization,
            user=get_user_model().objects.create_user("bob@example.org"),
            role=Role.EDITOR,
        )
    )
    add_text(bob, bot)
    assert alice.trail()[0]["actor"] == {
        "kind": "api_key",
        "label": f"bob@example.org (key {bob.key.prefix}…, laptop)",
        "user_id": str(bob.member.user.pk),
        "key_id": str(bob.key.pk),
    }
    User.objects.get(email="bob@example.org").delete()
    assert alice.trail()[0]["actor"]["label"].startswith("bob@example.org")  # it is still known who it was


def test_no_request_acts_as_the_one_before_it(alice: Person, bot: str) -> None:
    assert alice.trail()[0]["actor"]["user_id"] == str(alice.member.user.pk)
    assert current_actor() is SYSTEM


def test_what_the_command_line_does_is_told_as_such(alice: Person) -> None:
    with acting(at_the_command_line()):
        UserService().create_sign_in_link(user=alice.member.user)
    entry = alice.trail()[0]
    assert (entry["action"], entry["actor"]["kind"]) == ("sign_in_link.created", "command_line")
    assert entry["actor"]["label"].endswith("on the server")


def test_who_is_named_acts_where_nobody_came_through_a_door(alice: Person) -> None:
    record(Action.LEAK_TEST_STARTED, organization_subject(alice.member.organization), by=alice.member.user)
    assert alice.trail()[0]["actor"]["label"] == "alice@example.org"


# It only grows.


def entry_of(organization: Organization) -> AuditEntry:
    record(Action.SOURCE_FLIPPED, Subject(organization_id=organization.pk, kind="source", id="1", name="Margins"))
    return trail(organization.pk)[0]


def test_the_application_cannot_change_an_entry(alice: Person) -> None:
    entry = entry_of(alice.member.organization)
    entry.object_name = "Harmless"
    for attempt in (
        entry.save,
        entry.delete,
        AuditEntry.objects.all().delete,
        lambda: AuditEntry.objects.update(object_name="Harmless"),
        lambda: AuditEntry.objects.bulk_update([entry], ["object_name"]),
    ):
        with pytest.raises(TypeError, match="only grows"):
            attempt()
    assert trail(alice.member.organization_id)[0].object_name == "Margins"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE accounts_auditentry SET object_name = 'Harmless'",
        "UPDATE accounts_auditentry SET at = now()",
        "DELETE FROM accounts_auditentry",
        "INSERT INTO accounts_auditentry SELECT * FROM accounts_auditentry"
        " ON CONFLICT (id) DO UPDATE SET object_name = 'Harmless'",
    ],
)
def test_the_database_refuses_to_change_an_entry(alice: Person, statement: str) -> None:
    entry_of(alice.member.organization)
    before = trail(alice.member.organization_id).count()
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert trail(alice.member.organization_id).count() == before
    assert trail(alice.member.organization_id)[0].object_name == "Margins"


def test_a_trail_goes_with_its_organization_and_with_nothing_else(alice: Person, mallory: Person, bot: str) -> None:
    organization = alice.member.organization
    alice.call("DELETE", f"/chatbots/{bot}")
    alice.member.user.delete()
    assert trail(organization.pk).exists()
    organization.delete()
    assert not trail(organization.pk).exists()
    assert trail(mallory.member.organization_id).exists()


# Reading and exporting.


def test_mallory_reads_her_own_trail_and_nothing_of_alices(alice: Person, mallory: Person, bot: str) -> None:
    assert [entry["action"] for entry in alice.trail(f"?chatbot={bot}")] == ["chatbot.created"]
    assert mallory.trail() == []
    assert mallory.trail(f"?chatbot={bot}") == []
    assert b"Handbook" not in mallory.call("GET", "/audit?format=csv").content
    assert Client().get("/api/v1/audit").status_code == 401


def test_an_export_is_in_the_trail_itself(alice: Person, bot: str) -> None:
    alice.call("GET", f"/audit?chatbot={bot}&format=csv")
    entry = trail(alice.member.organization_id)[0]
    assert (entry.action, entry.details) == ("audit.exported", {"entries": 1, "chatbot": bot, "format": "csv"})


def test_pages_follow_one_another_without_gap_or_overlap(alice: Person, bot: str) -> None:
    for number in range(7):
        add_text(alice, bot, text=f"Note {number}", title=f"Note {number}")
    names: list[str] = []
    before = ""
    for _ in range(4):
        page = alice.call("GET", f"/audit?chatbot={bot}&limit=2{before}").json()
        names += [entry["object"]["name"] for entry in page["entries"]]
        before = f"&before={page['next']}"
    assert names == [f"Note {number}" for number in range(6, -1, -1)] + ["Handbook"]
    assert page["next"] is None


def test_a_stretch_of_time_is_from_a_moment_on_until_before_another(alice: Person, bot: str) -> None:
    at = trail(alice.member.organization_id, chatbot_id=None).get(action="chatbot.created").at

    def told(since: Any, until: Any) -> int:
        query = {"chatbot": bot, "from": since.isoformat(), "to": until.isoformat()}
        return len(Client().get(
            "/api/v1/audit", query, headers={"Authorization": f"Bearer {alice.secret}"}
        ).json()["entries"])  # fmt: skip

    moment = timedelta(microseconds=1)
    assert told(at, at + moment) == 1
    assert told(at - moment, at) == 0
    assert told(at + moment, timezone.now()) == 0
    assert told(at.replace(tzinfo=None), at + moment) == 1  # without a zone it is UTC
    assert alice.call("GET", "/audit?from=yesterday").status_code == 400


@pytest.mark.parametrize("name", ["=1+1", "+49 30", "-2", "@SUM(A1)", "\t=1", '=HYPERLINK("https://evil.example","x")'])
def test_no_cell_of_the_csv_is_a_formula(alice: Person, name: str) -> None:
    record(
        Action.SOURCE_ADDED,
        Subject(organization_id=alice.member.organization_id, kind="source", id="1", name=name),
    )
    text = alice.call("GET", "/audit?format=csv").content.decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert rows[0]["object_name"] == ("'\t'=1" if name == "\t=1" else f"'{name}")  # a tab may part cells, too
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row.values())


def test_a_harmless_name_stays_as_it_is_in_the_csv(alice: Person, bot: str) -> None:
    add_text(alice, bot, title='Müller, "Co" & Söhne')
    response = alice.call("GET", f"/audit?format=csv&limit=1&chatbot={bot}")
    (row,) = csv.DictReader(io.StringIO(response.content.decode()))
    assert row["object_name"] == 'Müller, "Co" & Söhne'
    assert json.loads(row["details"]) == {"disclosure": "learn_only", "source_kind": "text"}
    assert response["Link"].endswith('; rel="next"')
    assert "format=csv" in response["Link"]
