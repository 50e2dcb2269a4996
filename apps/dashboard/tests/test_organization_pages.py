"""The pages of an organization: members, keys, audit trail and data, each for who may."""

from typing import Any

import pytest
from django.test import Client

from apps.accounts.members import MemberService
from apps.accounts.models import ApiKey, AuditEntry, Member, Organization, Role, User
from apps.accounts.services import UserService
from apps.chatbots.models import Chatbot
from apps.dashboard.tests.conftest import Person

OWNERS_ONLY = (
    "name", "members/invite", "members/{member}/role", "members/{member}/link", "members/{member}/remove",
    "data/export", "data/delete",
)  # fmt: skip


def address(person: Person, rest: str = "") -> str:
    return f"/dashboard/organizations/{person.member.organization_id}/{rest}"


def found_link(page: str) -> str:
    """Return the path of the sign-in link that a page shows."""
    return "/sign-in/" + page.partition("/sign-in/")[2].partition('"')[0]


# Members.


def test_who_is_invited_signs_in_by_the_link(alice: Person) -> None:
    page = alice.press(address(alice, "members/invite"), 200, email="nora@example.org", role="viewer")
    link, browser = found_link(page), Client()
    assert browser.get(link).status_code == 200  # a preview uses nothing up
    assert browser.post(link).status_code == 302
    assert browser.get(address(alice)).status_code == 200
    nora = Member.objects.get(user__email="nora@example.org")
    assert (nora.organization, nora.role) == (alice.member.organization, Role.VIEWER)
    assert "nora@example.org" in alice.see("/dashboard/organization/")


def test_a_role_is_changed_and_a_member_removed_once_that_was_said(alice: Person, bob: Person) -> None:
    path = address(alice, f"members/{bob.member.pk}/")
    alice.press(f"{path}role", role="viewer")
    assert Member.objects.get(pk=bob.member.pk).role == Role.VIEWER
    assert "API keys they made stop working" in alice.see(f"{path}remove")
    assert Member.objects.filter(pk=bob.member.pk).exists()
    alice.press(f"{path}remove")
    bob.see(address(alice), 404)


def test_the_last_owner_stays_and_is_told_why(alice: Person, bob: Person) -> None:
    path = address(alice, f"members/{alice.member.pk}/")
    alice.press(f"{path}role", role="viewer")
    assert "needs an owner" in alice.see(address(alice))
    alice.press(f"{path}remove")
    assert Member.objects.get(pk=alice.member.pk).role == Role.OWNER


def test_a_wrong_address_is_told_and_stays_in_the_field(alice: Person) -> None:
    page = alice.press(address(alice, "members/invite"), 400, email="nora", role="viewer")
    assert "is no e-mail address" in page
    assert 'value="nora"' in page
    page = alice.press(address(alice, "members/invite"), 400, email="alice@example.org", role="viewer")
    assert "a member already" in page
    page = alice.press(address(alice, "name"), 400, name=" ")
    assert "needs a name" in page
    alice.press(address(alice, "name"), name="Alice & Sons")
    assert "Alice &amp; Sons" in alice.see(address(alice))


def test_what_cannot_be_mailed_or_told_apart_is_told_on_the_page(alice: Person, mallory: Person, settings: Any) -> None:
    page = alice.press(address(alice, "members/invite"), 400, email="mallory@example.org", role="viewer")
    assert "belongs to another organization here" in page
    assert 'value="mallory@example.org"' in page
    settings.EMAIL_HOST = "mail.example.org"
    alice.press(address(alice, "members/invite"), email="nora@example.org", role="viewer")
    nora = Member.objects.get(user__email="nora@example.org")
    alice.press(address(alice, f"members/{nora.pk}/link"))
    assert "A link went out to nora@example.org" in alice.see(address(alice))
    MemberService().remove(nora)
    page = alice.press(address(alice, "members/invite"), 400, email="nora@example.org", role="viewer")
    assert "A link went out to nora@example.org" in page


@pytest.mark.parametrize("rest", OWNERS_ONLY)
def test_editors_and_viewers_manage_nobody(alice: Person, bob: Person, victor: Person, rest: str) -> None:
    path = address(alice, rest.format(member=bob.member.pk))
    before = list(Member.objects.order_by("pk").values_list("pk", "role"))
    for person in (bob, victor):
        person.press(path, 403, email="x@example.org", role="owner", typed_name="Alice's shop")
        assert "Invite somebody" not in person.see(address(alice))
    assert list(Member.objects.order_by("pk").values_list("pk", "role")) == before
    assert User.objects.count() == 3


@pytest.mark.parametrize("rest", ["", "keys", "audit", "audit.csv", "data", *OWNERS_ONLY])
def test_for_mallory_alices_organization_does_not_exist(alice: Person, mallory: Person, rest: str) -> None:
    path = address(alice, rest.format(member=alice.member.pk))
    if rest in OWNERS_ONLY:
        mallory.press(path, 404)
    else:
        alice.see(path)
        mallory.see(path, 404)
    assert Organization.objects.count() == 2


# Keys.


def call(secret: str) -> int:
    return Client().get("/api/v1/chatbots", headers={"Authorization": f"Bearer {secret}"}).status_code


def made_key(person: Person, path: str, **fields: Any) -> str:
    page = person.press(path, 200, **fields)
    return "tacit_" + page.partition('value="tacit_')[2].partition('"')[0]


def test_a_key_is_shown_once_works_and_fails_once_revoked(alice: Person) -> None:
    secret = made_key(alice, address(alice, "keys/create"), name="Nightly import", scope="write")
    assert call(secret) == 200
    page = alice.see(address(alice, "keys"))
    assert "Nightly import" in page
    assert secret not in page
    key = ApiKey.objects.get()
    assert key.scopes == ["read", "write"]
    assert "refused from the next request on" in alice.see(address(alice, f"keys/{key.pk}/revoke"))
    assert call(secret) == 200
    alice.press(address(alice, f"keys/{key.pk}/revoke"))
    assert call(secret) == 401


def test_a_key_needs_a_purpose_and_what_it_may_do(alice: Person) -> None:
    for fields in ({"name": "", "scope": "read"}, {"name": "x", "scope": "all"}, {"name": "x" * 101, "scope": "read"}):
        alice.press(address(alice, "keys/create"), 400, **fields)
    assert not ApiKey.objects.exists()


def test_an_editor_revokes_no_key_but_his_own_and_a_viewer_makes_none(
    alice: Person, bob: Person, victor: Person
) -> None:
    hers = UserService().create_api_key(member=alice.member, name="Hers").key
    secret = made_key(bob, address(alice, "keys/create"), name="His", scope="read")
    assert "Hers" not in bob.see(address(alice, "keys"))
    bob.press(address(alice, f"keys/{hers.pk}/revoke"), 404)
    assert "His" in alice.see(address(alice, "keys"))
    victor.see(address(alice, "keys"), 403)
    victor.press(address(alice, "keys/create"), 403, name="x", scope="read")
    assert call(secret) == 200
    assert ApiKey.objects.filter(revoked_at=None).count() == 2


# The audit trail and the data.


def test_the_audit_trail_is_read_page_by_page_and_downloaded(alice: Person, bot: Chatbot) -> None:
    for number in range(60):
        alice.press(address(alice, "name"), name=f"Shop {number}")
    first = alice.see(address(alice, "audit"))
    assert "Shop 59" in first
    assert "Shop 1”" not in first
    older = first.partition("?before=")[2].partition('"')[0]
    assert "Shop 1”" in alice.see(address(alice, f"audit?before={older}"))
    assert "Shop 0" in alice.see(address(alice, "audit.csv"))
    alice.see(address(alice, "audit?before=x"))


def test_everything_is_deleted_once_its_name_is_typed(alice: Person, bob: Person, bot: Chatbot) -> None:
    page = alice.press(address(alice, "data/delete"), 400, typed_name="Alice")
    assert "This is not its name" in page
    assert Chatbot.objects.filter(pk=bot.pk).exists()
    assert "Everything is deleted" in alice.press(address(alice, "data/delete"), 200, typed_name="Alice's shop")
    assert not Chatbot.objects.exists()
    assert not User.objects.exists()
    assert not AuditEntry.objects.exists()
    assert alice.client.get(address(alice)).status_code == 302, "she is signed out"


@pytest.fixture
def two_shops(alice: Person, mallory: Person) -> None:
    Member.objects.create(organization=mallory.member.organization, user=alice.member.user, role=Role.VIEWER)


@pytest.mark.usefixtures("two_shops")
def test_who_belongs_to_two_organizations_gets_to_both(alice: Person, mallory: Person) -> None:
    page = alice.see("/dashboard/organization/")
    assert address(mallory) in page
    assert "You are viewer here" in alice.see(address(mallory))
    alice.press(address(mallory, "name"), 403, name="Mine")
