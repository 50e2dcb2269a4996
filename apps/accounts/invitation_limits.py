"""How many invitations an organization may mail, so that nobody sends strangers mail through this server."""

from datetime import timedelta

from django.db import transaction

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.accounts.models import Member, Organization
from apps.core.error_handling import RateLimitError

MAILS_A_DAY = 20
PAUSE = timedelta(minutes=5)  # between two mails to the same address
DAY = timedelta(days=1)


def check_mails(organization: Organization, email: str) -> None:
    """Raise RateLimitError when the organization has mailed enough today, or has just mailed to this address."""
    if audit.lately(organization.pk, Action.INVITATION_MAILED, PAUSE).filter(object_name=email).exists():
        minutes = PAUSE // timedelta(minutes=1)
        raise RateLimitError(
            f"A link went out to {email} less than {minutes} minutes ago. Let them look into their spam folder too, and"
            f" send another one in {minutes} minutes.",
            retry_after=int(PAUSE.total_seconds()),
        )
    if audit.lately(organization.pk, Action.INVITATION_MAILED, DAY).count() >= MAILS_A_DAY:
        raise RateLimitError(
            f"Your organization has mailed {MAILS_A_DAY} invitations within a day, and that is as many as it may."
            " Go on tomorrow.",
            retry_after=int(DAY.total_seconds()),
        )


@transaction.atomic
def take_mail(member: Member) -> None:
    """Count a mail to a member before it is sent; of two at once the second waits. Raises RateLimitError."""
    organization = Organization.objects.select_for_update().get(pk=member.organization_id)
    check_mails(organization, member.user.email)
    audit.record(Action.INVITATION_MAILED, audit.member_subject(member))
