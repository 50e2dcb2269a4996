"""Alice decides who belongs to her shop; nobody gets in by a link that isn't theirs, and somebody always owns it."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from allauth.account.models import EmailAddress
from django.core import mail
from django.test import Client
from django.utils import timezone

from apps.accounts.members import MemberService
from apps.accounts.models import AuditEntry, Member, Organization, Role, SignInLink, User
from apps.accounts.services import UserService
from apps.core.error_handling import (
    AuthenticationError,
    ConflictError,
    FetchUnavailableError,
    NotFoundError,
    RateLimitError,
    ValidationError,
)

pytestmark = pytest.mark.django_db
HERE = "http://tacit.test"


@pytest.fixture
def members() -> MemberService:
    return MemberService()


@pytest.fixture
def alice() -> Member:
    return UserService().ensure_owner(email="alice@example.org", organization_name="Alice's shop")


@pytest.fixture
def mallory(alice: Member) -> Member:
    return UserService().ensure_owner(email="mallory@example.org", organization_name="Mallory's shop")


@pytest.fixture
def mail_server(settings: Any) -> None:
    settings.EMAIL_HOST = "mail.example.org"


def token_in(link: str) -> str:
    assert link.startswith(f"{HERE}/sign-in/")
    return link.rpartition("/")[2]


def invite(organization: Organization, email: str, role: str = "editor") -> Any:
    return MemberService().invite(organization=organization, email=email, role=role, address=HERE)


# Coming in.


def test_without_mail_alice_gets_a_link_to_pass_on_that_lets_bob_in_once(alice: Member) -> None:
    invitation = invite(alice.organization, " Bob@Example.org ")
    users = UserService()
    assert (invitation.member.role, invitation.mailed) == (Role.EDITOR, False)
    assert users.redeem_sign_in_link(token_in(invitation.link)).email == "bob@example.org"
    with pytest.raises(AuthenticationError):
        users.redeem_sign_in_link(token_in(invitation.link))
    assert mail.outbox == []


@pytest.mark.usefixtures("mail_server")
def test_with_mail_bob_gets_the_link_and_alice_never_sees_it(alice: Member) -> None:
    invitation = invite(alice.organization, "bob@example.org")
    assert (invitation.mailed, invitation.link) == (True, "")
    (sent,) = mail.outbox
    assert sent.to == ["bob@example.org"]
    link = re.search(r"http\S+", str(sent.body))
    assert link is not None
    assert UserService().redeem_sign_in_link(token_in(link[0])).email == "bob@example.org"


@pytest.mark.usefixtures("mail_server")
def test_a_mail_server_that_fails_leaves_bob_a_member_and_alice_told(alice: Member, settings: Any) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    with pytest.raises(FetchUnavailableError, match="is a member now, but the mail server did not take"):
        invite(alice.organization, "bob@example.org")
    bob = Member.objects.get(user__email="bob@example.org")
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert MemberService().let_in(bob, address=HERE).mailed, "it is sent again once that is mended"


def test_mallory_cannot_get_into_alices_account_by_inviting_her(alice: Member, mallory: Member) -> None:
    assert invite(mallory.organization, "new@example.org").link  # a stranger to all gets one
    with pytest.raises(ConflictError, match="belongs to another organization here"):
        invite(mallory.organization, "alice@example.org")
    assert not SignInLink.objects.filter(user=alice.user).exists()
    assert not Member.objects.filter(organization=mallory.organization, user=alice.user).exists()


def test_mallory_does_not_wait_in_bobs_account_for_alice_to_invite_him(alice: Member, mallory: Member) -> None:
    handed = invite(mallory.organization, "bob@example.org")
    mallorys = Client()
    assert mallorys.post(f"/sign-in/{token_in(handed.link)}").status_code == 302
    with pytest.raises(ConflictError, match=r"without a mail server nobody can tell .* set up a mail server"):
        invite(alice.organization, "bob@example.org")
    assert not Member.objects.filter(organization=alice.organization, user=handed.member.user).exists()
    assert mallorys.get(f"/dashboard/organizations/{mallory.organization_id}/").status_code == 200
    assert mallorys.get(f"/dashboard/organizations/{alice.organization_id}/").status_code == 404


def test_a_link_of_one_organization_does_not_lead_into_another(alice: Member, mallory: Member, settings: Any) -> None:
    first = invite(mallory.organization, "bob@example.org")
    assert SignInLink.objects.filter(user=first.member.user, used_at=None).exists()
    settings.EMAIL_HOST = "mail.example.org"
    assert invite(alice.organization, "bob@example.org").mailed
    settings.EMAIL_HOST = ""
    with pytest.raises(AuthenticationError):
        UserService().redeem_sign_in_link(token_in(first.link))
    assert not MemberService().let_in(first.member, address=HERE).link


def test_who_held_an_account_while_it_was_nobodys_does_not_come_along(alice: Member, mallory: Member) -> None:
    bob = invite(mallory.organization, "bob@example.org").member
    bob.user.set_password("known to Mallory")
    bob.user.save()
    mallorys = Client()
    mallorys.force_login(bob.user)
    MemberService().remove(bob)
    assert mallorys.get("/").status_code == 200
    assert invite(alice.organization, "bob@example.org").link, "the real Bob comes in anew"
    assert mallorys.get("/").status_code == 302
    assert not User.objects.get(email="bob@example.org").check_password("known to Mallory")


def test_an_invitation_takes_nothing_from_who_belongs_elsewhere_or_runs_the_server(
    alice: Member, mallory: Member, settings: Any
) -> None:
    User.objects.create_user("root@example.org", "a long enough one", is_superuser=True)
    alice.user.set_password("a long enough one")
    alice.user.save()
    EmailAddress.objects.create(user=alice.user, email="Alice@example.org", verified=True)
    assert not invite(mallory.organization, "root@example.org").link
    with pytest.raises(ConflictError):
        invite(mallory.organization, "alice@example.org")
    settings.EMAIL_HOST = "mail.example.org"
    assert invite(mallory.organization, "alice@example.org").mailed
    for email in ("alice@example.org", "root@example.org"):
        assert User.objects.get(email=email).check_password("a long enough one")


def test_an_account_older_than_the_mail_server_is_taken_from_who_held_it(
    alice: Member, mallory: Member, settings: Any
) -> None:
    bob = invite(mallory.organization, "bob@example.org")
    mallorys = Client()
    assert mallorys.post(f"/sign-in/{token_in(bob.link)}").status_code == 302
    bob.member.user.emailaddress_set.create(email="bob@example.org", verified=False)
    settings.EMAIL_HOST = "mail.example.org"
    assert mallorys.get(f"/dashboard/organizations/{mallory.organization_id}/").status_code == 200

    assert invite(alice.organization, "bob@example.org").mailed

    for organization in (alice.organization_id, mallory.organization_id):
        assert mallorys.get(f"/dashboard/organizations/{organization}/").status_code == 302
    bobs = Client()
    link = re.search(r"/sign-in/\S+", str(mail.outbox[-1].body))
    assert link is not None
    assert bobs.post(link[0]).status_code == 302
    assert bobs.get(f"/dashboard/organizations/{alice.organization_id}/").status_code == 200


def test_who_has_a_password_or_runs_the_server_is_handed_no_link(alice: Member) -> None:
    bob = invite(alice.organization, "bob@example.org").member
    carol = invite(alice.organization, "carol@example.org").member
    assert MemberService().let_in(bob, address=HERE).link
    bob.user.set_password("a long enough one")
    bob.user.save()
    User.objects.filter(pk=carol.user_id).update(is_superuser=True)
    carol.user.refresh_from_db()
    assert [MemberService().let_in(one, address=HERE).link for one in (bob, carol)] == ["", ""]


def test_nobody_is_invited_twice_or_without_an_address_or_a_role(alice: Member) -> None:
    invite(alice.organization, "bob@example.org")
    with pytest.raises(ConflictError, match="a member already"):
        invite(alice.organization, "BOB@example.org")
    for email, role, field in (("bob", "editor", "email"), ("carol@example.org", "king", "role")):
        with pytest.raises(ValidationError) as refused:
            invite(alice.organization, email, role)
        assert refused.value.fields.keys() == {field}
    assert Member.objects.filter(organization=alice.organization).count() == 2


# Mail to strangers.


@pytest.mark.usefixtures("mail_server")
def test_a_mail_says_nothing_in_its_subject_that_mallory_chose(mallory: Member) -> None:
    MemberService().rename(mallory.organization, "You have won https://mallory.example")
    invite(mallory.organization, "stranger@example.org")
    (sent,) = mail.outbox
    assert "won" not in sent.subject
    assert "You have won" in str(sent.body), "who invites is told in the text"


@pytest.mark.usefixtures("mail_server")
def test_an_organization_mails_twenty_invitations_a_day(alice: Member, mallory: Member) -> None:
    for number in range(20):
        assert invite(mallory.organization, f"stranger-{number}@example.org").mailed
    with pytest.raises(RateLimitError, match=r"20 invitations within a day.* Go on tomorrow"):
        invite(mallory.organization, "one-more@example.org")
    assert len(mail.outbox) == 20
    assert not User.objects.filter(email="one-more@example.org").exists()
    assert invite(alice.organization, "bob@example.org").mailed, "Alice has a count of her own"
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert invite(mallory.organization, "one-more@example.org").mailed


@pytest.mark.usefixtures("mail_server")
def test_a_member_is_mailed_one_link_in_five_minutes(members: MemberService, alice: Member) -> None:
    bob = invite(alice.organization, "bob@example.org").member
    with pytest.raises(RateLimitError, match=r"went out to bob@example\.org less than.* in 5 minutes"):
        members.let_in(bob, address=HERE)
    members.remove(bob)
    with pytest.raises(RateLimitError):  # removing and inviting is no way round
        invite(alice.organization, "bob@example.org")
    assert len(mail.outbox) == 1
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        assert invite(alice.organization, "bob@example.org").mailed


# Roles.


def test_the_last_owner_can_be_neither_demoted_nor_removed(members: MemberService, alice: Member) -> None:
    bob = invite(alice.organization, "bob@example.org").member
    for attempt in (lambda: members.change_role(alice, "viewer"), lambda: members.remove(alice)):
        with pytest.raises(ConflictError, match="needs an owner"):
            attempt()
    members.change_role(bob, "owner")
    members.change_role(alice, "viewer")
    alice.refresh_from_db()
    assert alice.role == Role.VIEWER
    with pytest.raises(ConflictError):
        members.remove(bob)


def test_a_stale_page_does_not_take_the_last_owner_away(members: MemberService, alice: Member) -> None:
    bob = invite(alice.organization, "bob@example.org", "owner").member
    stale = Member.objects.get(pk=alice.pk)
    members.change_role(bob, "editor")
    with pytest.raises(ConflictError):
        members.change_role(stale, "editor")


def test_who_is_removed_keeps_no_key(members: MemberService, alice: Member) -> None:
    bob = invite(alice.organization, "bob@example.org").member
    secret = UserService().create_api_key(member=bob).secret
    assert UserService().authenticate_key(secret)
    members.remove(bob)
    with pytest.raises(AuthenticationError):
        UserService().authenticate_key(secret)
    with pytest.raises(NotFoundError):
        members.get(organization=alice.organization, member_id=bob.pk)


def test_a_key_may_do_no_more_than_the_new_role(members: MemberService, alice: Member) -> None:
    bob = invite(alice.organization, "bob@example.org").member
    secret = UserService().create_api_key(member=bob).secret
    assert UserService().authenticate_key(secret).scopes == ["read", "write"]
    members.change_role(bob, "viewer")
    assert UserService().authenticate_key(secret).scopes == ["read"]


def test_mallory_finds_none_of_alices_members(members: MemberService, alice: Member, mallory: Member) -> None:
    assert members.get(organization=alice.organization, member_id=alice.pk) == alice
    with pytest.raises(NotFoundError):
        members.get(organization=mallory.organization, member_id=alice.pk)


def test_an_organization_is_renamed_to_what_can_be_read(members: MemberService, alice: Member) -> None:
    assert members.rename(alice.organization, "  Alice   & Sons ").name == "Alice & Sons"
    for name in ("", "  ", "x" * 201, "a\x00b"):
        with pytest.raises(ValidationError):
            members.rename(alice.organization, name)
    assert Organization.objects.get(pk=alice.organization_id).name == "Alice & Sons"


def test_all_of_it_is_in_the_audit_trail(members: MemberService, alice: Member) -> None:
    bob = invite(alice.organization, "bob@example.org").member
    members.change_role(bob, "viewer")
    members.rename(alice.organization, "Shop")
    members.remove(bob)
    done = list(AuditEntry.objects.order_by("pk").values_list("action", "object_name"))
    assert done[-5:] == [
        ("member.added", "bob@example.org"), ("sign_in_link.created", "bob@example.org"),
        ("member.changed", "bob@example.org"), ("organization.renamed", "Shop"), ("member.removed", "bob@example.org"),
    ]  # fmt: skip


# Keys.


def test_an_owner_sees_everybodys_keys_and_others_their_own(alice: Member) -> None:
    users = UserService()
    bob = invite(alice.organization, "bob@example.org").member
    hers, his = users.create_api_key(member=alice).key, users.create_api_key(member=bob).key
    assert set(users.keys_of(alice)) == {hers, his}
    assert set(users.keys_of(bob)) == {his}
    users.revoke_api_key(member=alice, key_id=his.pk)
    assert set(users.keys_of(bob)) == set()
