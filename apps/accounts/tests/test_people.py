"""Alice owns, Bob edits, Victor views; keys and links let in whom they were made for, and nobody else."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from apps.accounts.models import ApiKey, Member, Organization, Role, SignInLink, User
from apps.accounts.services import FIRST_OWNER, NewApiKey, UserService, digest
from apps.core.error_handling import AuthenticationError, NotFoundError, TacitError, ValidationError

pytestmark = pytest.mark.django_db


@pytest.fixture
def users() -> UserService:
    return UserService()


@pytest.fixture
def alice(users: UserService) -> Member:
    return users.ensure_owner(email="alice@example.org", organization_name="Alice's shop")


@pytest.fixture
def mallory(users: UserService) -> Member:
    return users.ensure_owner(email="mallory@example.org")


def colleague(alice: Member, email: str, role: Role) -> Member:
    return Member.objects.create(organization=alice.organization, user=User.objects.create_user(email), role=role)


def refused(secret: str) -> str:
    with pytest.raises(AuthenticationError) as told:
        UserService().authenticate_key(secret)
    return str(told.value)


# Users and organizations.


def test_alice_is_made_once_however_she_writes_her_address(users: UserService, alice: Member) -> None:
    for written in ("alice@example.org", " Alice@Example.ORG\n", "ALICE@EXAMPLE.ORG"):
        assert users.ensure_owner(email=written) == alice
    assert User.objects.get().email == "alice@example.org"
    assert (alice.role, alice.organization.name) == (Role.OWNER, "Alice's shop")
    assert not alice.user.has_usable_password()


@pytest.mark.parametrize("email", ["", "alice", "alice@", "@example.org", "alice@exa mple.org", "a" * 300 + "@x.org"])
def test_what_is_no_address_makes_nobody(users: UserService, email: str) -> None:
    assert users.ensure_owner(email="alice@example.org")
    with pytest.raises(ValidationError, match=r"no e-mail address\. Write it like"):
        users.ensure_owner(email=email)
    assert User.objects.count() == 1


def test_the_first_owner_adopts_what_the_command_line_made(users: UserService) -> None:
    made = users.default_organization()
    assert users.default_organization() == made
    assert users.ensure_owner(email="alice@example.org").organization == made
    assert users.ensure_owner(email="mallory@example.org").organization != made


def test_who_gives_an_address_takes_over_from_the_nameless_first_owner(users: UserService) -> None:
    nameless = users.ensure_owner(email=FIRST_OWNER)
    alice = users.ensure_owner(email="alice@example.org")
    assert alice.organization == nameless.organization
    assert alice.role == Role.OWNER
    assert users.ensure_owner(email="mallory@example.org").organization != alice.organization


def test_two_owners_have_two_organizations(alice: Member, mallory: Member) -> None:
    assert alice.organization != mallory.organization
    assert Organization.objects.count() == 2


# Keys.


def test_a_key_is_shown_once_and_kept_as_a_hash(users: UserService, alice: Member) -> None:
    made = users.create_api_key(member=alice, name="backup")
    assert users.authenticate_key(made.secret) == made.key
    assert made.secret.startswith("tacit_")
    assert len(made.secret) > 40
    assert made.secret not in repr(made)
    with connection.cursor() as cursor:
        cursor.execute("SELECT accounts_apikey::text FROM accounts_apikey")
        (row,) = cursor.fetchone()
    assert made.secret not in row
    assert bytes(ApiKey.objects.get().key_hash) == digest(made.secret)
    assert made.secret.startswith(made.key.prefix)
    assert len(made.key.prefix) <= 12
    assert users.create_api_key(member=alice).secret != made.secret


def test_a_key_that_is_almost_right_is_as_wrong_as_any_other(users: UserService, alice: Member) -> None:
    secret = users.create_api_key(member=alice).secret
    assert users.authenticate_key(secret)
    answers = {refused(wrong) for wrong in ("", "tacit_", secret[:-1], secret + "a", secret.upper(), "ü\x00")}
    assert answers == {AuthenticationError.default_message()}


def test_a_revoked_key_fails_at_once_and_the_others_go_on(users: UserService, alice: Member) -> None:
    one, other = users.create_api_key(member=alice), users.create_api_key(member=alice)
    assert users.authenticate_key(one.secret)
    users.revoke_api_key(member=alice, key_id=one.key.pk)
    refused(one.secret)
    assert users.authenticate_key(other.secret)
    with pytest.raises(NotFoundError):  # it is gone already
        users.revoke_api_key(member=alice, key_id=one.key.pk)


def test_mallory_cannot_revoke_alices_key(users: UserService, alice: Member, mallory: Member) -> None:
    made = users.create_api_key(member=alice)
    with pytest.raises(NotFoundError, match="no such key in your organization"):
        users.revoke_api_key(member=mallory, key_id=made.key.pk)
    assert users.authenticate_key(made.secret)
    bob = colleague(alice, "bob@example.org", Role.EDITOR)
    users.revoke_api_key(member=bob, key_id=made.key.pk)  # who belongs to the organization can
    refused(made.secret)


def test_the_key_of_somebody_who_left_opens_nothing(users: UserService, alice: Member) -> None:
    bob = colleague(alice, "bob@example.org", Role.EDITOR)
    keys = [users.create_api_key(member=bob), users.create_api_key(member=alice)]
    assert all(users.authenticate_key(made.secret) for made in keys)
    User.objects.filter(pk=bob.user.pk).update(is_active=False)
    refused(keys[0].secret)
    User.objects.filter(pk=bob.user.pk).update(is_active=True)
    bob.delete()
    refused(keys[0].secret)
    assert users.authenticate_key(keys[1].secret)


def test_the_last_use_is_noted_once_a_minute(users: UserService, alice: Member) -> None:
    made = users.create_api_key(member=alice)

    def used() -> Any:
        users.authenticate_key(made.secret)
        return ApiKey.objects.get(pk=made.key.pk).last_used_at

    first = used()
    assert used() == first
    ApiKey.objects.update(last_used_at=first - timedelta(minutes=2))
    assert used() > first - timedelta(minutes=1)


def test_a_key_may_do_what_its_owner_may_or_less(users: UserService, alice: Member) -> None:
    victor = colleague(alice, "victor@example.org", Role.VIEWER)
    assert users.create_api_key(member=alice).key.scopes == ["read", "write"]
    assert users.create_api_key(member=alice, scopes=["read"]).key.scopes == ["read"]
    assert users.create_api_key(member=victor).key.scopes == ["read"]
    for member, scopes in ((victor, ["write"]), (alice, ["read", "everything"])):
        with pytest.raises(ValidationError, match=r"This key can't have .*\. Choose from"):
            users.create_api_key(member=member, scopes=scopes)


def test_the_key_of_an_editor_who_became_a_viewer_can_only_read(users: UserService, alice: Member) -> None:
    bob = colleague(alice, "bob@example.org", Role.EDITOR)
    secret = users.create_api_key(member=bob).secret
    assert users.authenticate_key(secret).scopes == ["read", "write"]
    Member.objects.filter(pk=bob.pk).update(role=Role.VIEWER)
    assert users.authenticate_key(secret).scopes == ["read"]


# Keys at the door.


def call(client: Client, made: NewApiKey | str, method: str = "get", path: str = "/api/v1/chatbots") -> Any:
    secret = made if isinstance(made, str) else made.secret
    headers = {"Authorization": f"Bearer {secret}"}
    body = '{"name": "New"}'
    return client.generic(method.upper(), path, body, content_type="application/json", headers=headers)


def test_without_a_valid_key_the_door_stays_shut(client: Client, users: UserService, alice: Member) -> None:
    assert call(client, users.create_api_key(member=alice)).status_code == 200
    wrong = [
        client.get("/api/v1/chatbots"),
        client.get("/api/v1/chatbots", headers={"Authorization": ""}),
        client.get("/api/v1/chatbots", headers={"Authorization": "Bearer"}),
        client.get("/api/v1/chatbots", headers={"Authorization": "Basic YTpi"}),
        call(client, "tacit_nonsense"),
    ]
    for response in wrong:
        assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")
        assert response.json()["code"] == "not_authenticated"


def test_a_revoked_key_fails_at_the_next_request(client: Client, users: UserService, alice: Member) -> None:
    made = users.create_api_key(member=alice)
    assert call(client, made).status_code == 200
    users.revoke_api_key(member=alice, key_id=made.key.pk)
    assert call(client, made).status_code == 401


def test_victor_the_viewer_reads_and_cannot_write(client: Client, users: UserService, alice: Member) -> None:
    victor = users.create_api_key(member=colleague(alice, "victor@example.org", Role.VIEWER))
    bob = users.create_api_key(member=colleague(alice, "bob@example.org", Role.EDITOR))
    path = f"/api/v1/chatbots/{call(client, bob, 'post').json()['id']}"
    assert call(client, victor).status_code == 200
    assert call(client, victor, "get", path).json()["name"] == "New"
    for method, where in (("post", "/api/v1/chatbots"), ("patch", path), ("delete", path)):
        response = call(client, victor, method, where)
        assert (response.status_code, response.json()["code"]) == (403, "not_allowed")
        assert "This key may only read" in response.json()["detail"]
    assert call(client, bob, "delete", path).status_code == 204


# Sign-in links.


def test_a_link_signs_in_once(users: UserService, alice: Member) -> None:
    token = users.create_sign_in_link(user=alice.user)
    assert token not in str(SignInLink.objects.values().get())
    assert users.redeem_sign_in_link(token) == alice.user
    with pytest.raises(AuthenticationError, match=r"used already or is too old\. Run `tacit sign-in-link`"):
        users.redeem_sign_in_link(token)


def test_a_link_ends_after_a_day_or_with_the_account(users: UserService, alice: Member) -> None:
    tokens = [users.create_sign_in_link(user=alice.user) for _ in range(3)]
    links = SignInLink.objects.order_by("pk")
    left = links[0].expires_at - timezone.now()
    assert timedelta(hours=23) < left <= timedelta(hours=24)
    SignInLink.objects.filter(pk=links[0].pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(AuthenticationError):
        users.redeem_sign_in_link(tokens[0])
    assert users.redeem_sign_in_link(tokens[1]) == alice.user
    User.objects.update(is_active=False)
    with pytest.raises(AuthenticationError):
        users.redeem_sign_in_link(tokens[2])


def test_a_token_that_was_never_made_is_refused_like_a_spent_one(users: UserService, alice: Member) -> None:
    spent = users.create_sign_in_link(user=alice.user)
    users.redeem_sign_in_link(spent)
    told = set()
    for token in (spent, "", "x", spent[:-1], spent + "\x00"):
        with pytest.raises(TacitError) as refusal:
            users.redeem_sign_in_link(token)
        told.add((refusal.value.code, str(refusal.value)))
    assert len(told) == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_use_a_link_at_once_one_gets_in(users: UserService) -> None:
    alice = users.ensure_owner(email="alice@example.org")
    token = users.create_sign_in_link(user=alice.user)
    together = threading.Barrier(4)
    outcomes: list[str] = []

    def redeem() -> None:
        together.wait()
        try:
            users.redeem_sign_in_link(token)
            outcomes.append("in")
        except AuthenticationError:
            outcomes.append("out")
        finally:
            connection.close()

    threads = [threading.Thread(target=redeem) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["in", "out", "out", "out"]


def test_the_link_is_used_up_by_alices_click_and_not_by_a_preview(
    client: Client, users: UserService, alice: Member
) -> None:
    path = f"/sign-in/{users.create_sign_in_link(user=alice.user)}"
    for _ in range(2):  # a mail program or chat looks at it first
        assert client.get(path).status_code == 200
        assert client.get("/").status_code == 302
    assert client.post(path).status_code == 302
    assert client.get("/").status_code == 200
    mallory = Client()
    assert mallory.post(path).status_code == 401
    assert mallory.get("/").status_code == 302


def test_strangers_cannot_sign_up_until_the_operator_opens_it(client: Client, settings: Any) -> None:
    form = {"email": "Mallory@Example.org", "password1": "correct horse battery", "password2": "correct horse battery"}
    client.post("/accounts/signup/", form)
    assert not User.objects.exists()
    settings.SIGN_UP_OPEN = True
    client.post("/accounts/signup/", form)
    assert User.objects.get().email == "mallory@example.org"
