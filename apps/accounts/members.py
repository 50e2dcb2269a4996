"""Who belongs to an organization, and as what: invited by e-mail or by a link, changed, removed; somebody owns it."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import cast

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.db.models import QuerySet

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.accounts.invitation_limits import check_mails, take_mail
from apps.accounts.invitation_mail import mail_is_sent, send_invitation
from apps.accounts.models import Member, Organization, Role, SignInLink, User
from apps.accounts.services import UserService, clean_email
from apps.core.error_handling import ConflictError, NotFoundError, ValidationError
from apps.core.services import ServiceRegistry

INVITATION_LIFETIME = timedelta(days=7)
LONGEST_NAME = 200
LAST_OWNER = "An organization needs an owner. Make somebody else an owner first."
BELONGS_ELSEWHERE = (
    "Somebody with the address {email} belongs to another organization here, and without a mail server nobody can tell"
    " whether it is theirs. Invite another address of theirs, or ask whoever runs the server to set up a mail server"
    " (TACIT_EMAIL_HOST)."
)
NO_SUCH_MEMBER = "There is no such member in your organization. Load the page again."


@dataclass(frozen=True, kw_only=True, slots=True)
class Invitation:
    """A member, and how they come in: by a link that was mailed, by one to hand over, or as they always do."""

    member: Member
    mailed: bool = False
    link: str = field(default="", repr=False)


class MemberService:
    """The members of one organization."""

    def of(self, organization: Organization) -> QuerySet[Member]:
        return Member.objects.filter(organization=organization).select_related("user").order_by("created_at")

    def get(self, *, organization: Organization, member_id: int) -> Member:
        """Return a member of the organization. Raises NotFoundError."""
        member = self.of(organization).filter(pk=member_id).first()
        if member is None:
            raise NotFoundError(NO_SUCH_MEMBER)
        return member

    def invite(self, *, organization: Organization, email: str, role: str, address: str) -> Invitation:
        """Make somebody a member; `address` is where a link leads to, without a slash at its end.

        Raises ConflictError when they belong to it already or can't be told from a stranger, RateLimitError when enough
        was mailed today, FetchUnavailableError when they are a member now and the mail could not be sent.
        """
        email, known = clean_email(email), known_role(role)
        if mail_is_sent():
            check_mails(organization, email)
        member = self._add(organization, email, known)
        return self.let_in(member, address=address)

    def let_in(self, member: Member, *, address: str) -> Invitation:
        """Mail a new link to a member; without a mail server, give one to hand over where that is safe.

        Raises RateLimitError when enough was mailed, FetchUnavailableError when the mail could not be sent.
        """
        if not (mail_is_sent() or may_be_handed_a_link(member)):
            return Invitation(member=member)
        if mail_is_sent():
            take_mail(member)
        token = UserService().create_sign_in_link(user=member.user, lifetime=INVITATION_LIFETIME)
        link = f"{address}/sign-in/{token}"
        if not mail_is_sent():
            return Invitation(member=member, link=link)
        send_invitation(member, link=link, days=INVITATION_LIFETIME.days)
        return Invitation(member=member, mailed=True)

    @transaction.atomic
    def _add(self, organization: Organization, email: str, role: Role) -> Member:
        user, is_new = User.objects.get_or_create(email=email, defaults={"password": make_password(None)})
        member, is_member = Member.objects.get_or_create(organization=organization, user=user, defaults={"role": role})
        if not is_member:
            raise ConflictError(f"{email} is a member already. Change the role in the list.")
        if not is_new:
            take_over(member)
        audit.record(Action.MEMBER_ADDED, audit.member_subject(member), role=role)
        return member

    @transaction.atomic
    def change_role(self, member: Member, role: str) -> Member:
        """Give a member another role; their keys may do no more than it. Raises ConflictError for the last owner."""
        wanted = known_role(role)
        member = self._locked(member)
        before = member.role
        if wanted != before:
            if before == Role.OWNER:
                check_another_owner(member)
            member.role = wanted
            member.save(update_fields=["role"])
            audit.record(Action.MEMBER_CHANGED, audit.member_subject(member), before=before, after=wanted)
        return member

    @transaction.atomic
    def remove(self, member: Member) -> None:
        """Take somebody out, and their keys with them. Raises ConflictError for the last owner."""
        member = self._locked(member)
        if member.role == Role.OWNER:
            check_another_owner(member)
        audit.record(Action.MEMBER_REMOVED, audit.member_subject(member), role=member.role)
        member.delete()

    @transaction.atomic
    def rename(self, organization: Organization, name: str) -> Organization:
        """Raises ValidationError."""
        wanted = " ".join(name.split())
        if not 1 <= len(wanted) <= LONGEST_NAME or not wanted.isprintable():
            wrong = f"An organization needs a name. Write one of 1 to {LONGEST_NAME} characters."
            raise ValidationError(wrong, fields={"name": wrong})
        if wanted != organization.name:
            organization.name = wanted
            organization.save(update_fields=["name"])
            audit.record(Action.ORGANIZATION_RENAMED, audit.organization_subject(organization))
        return organization

    def _locked(self, member: Member) -> Member:
        """Return the member as it is now; of two who change roles at once, the second waits for the first."""
        organization = Organization.objects.select_for_update().get(pk=member.organization_id)
        return self.get(organization=organization, member_id=member.pk)


def take_over(member: Member) -> None:
    """See to it that whoever held the account of a new member so far does not come along. Raises ConflictError."""
    user = User.objects.select_for_update().get(pk=member.user_id)  # of two organizations at once the second waits
    elsewhere = belongs_elsewhere(member)
    if elsewhere and not mail_is_sent():
        raise ConflictError(BELONGS_ELSEWHERE.format(email=user.email))  # they may be signed in with it already
    SignInLink.objects.filter(user=user, used_at=None).delete()  # of another organization, say
    if not (user.is_staff or user.is_superuser or (elsewhere and has_proved_address(user))):
        user.set_unusable_password()  # who held the account while nobody proved whose it is; it ends sessions too
        user.save(update_fields=["password"])
        member.user = user


def known_role(role: str) -> Role:
    if role not in Role.values:
        wrong = f"{role!r} is no role. Choose from: {', '.join(Role.values)}."
        raise ValidationError(wrong, fields={"role": wrong})
    return Role(role)


def check_another_owner(member: Member) -> None:
    others = Member.objects.filter(organization=member.organization_id, role=Role.OWNER).exclude(pk=member.pk)
    if not others.exists():
        raise ConflictError(LAST_OWNER)


def may_be_handed_a_link(member: Member) -> bool:
    """Tell whether an owner may hold a link that signs a member in.

    It opens everything that the member may see: so not for somebody of another organization too, nor for one who runs
    the server, nor for one who has a password and needs none.
    """
    user = member.user
    return not (belongs_elsewhere(member) or user.is_staff or user.is_superuser or user.has_usable_password())


def has_proved_address(user: User) -> bool:
    """Tell whether a mail to the address was answered: an account may be older than the mail server."""
    return bool(EmailAddress.objects.filter(user=user, email__iexact=user.email, verified=True).exists())


def belongs_elsewhere(member: Member) -> bool:
    return Member.objects.filter(user=member.user).exclude(pk=member.pk).exists()


def members() -> MemberService:
    """Return the service of an organization's members."""
    return cast("MemberService", ServiceRegistry.get("members"))
