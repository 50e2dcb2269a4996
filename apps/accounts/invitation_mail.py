"""The e-mail that lets a member in."""

import smtplib

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from apps.accounts.models import Member
from apps.core.error_handling import FetchUnavailableError

MAIL_SECONDS = 10
SUBJECT = "You are invited to Tacit"  # of this server alone: what an owner calls an organization could say anything
TEXT = """Hello,

you are a member of {organization} on Tacit now, as {role}.

This link lets you in once, within {days} days:

{link}

Choose a password afterwards, so that you can come again. If you don't know what this is about, do nothing.
"""


def mail_is_sent() -> bool:
    """Tell whether this server can send e-mail."""
    return bool(settings.EMAIL_HOST)


def send_invitation(member: Member, *, link: str, days: int) -> None:
    """Send a member the link. Raises FetchUnavailableError when the mail server does not take it."""
    organization = " ".join(member.organization.name.split())
    message = EmailMessage(
        subject=SUBJECT,
        body=TEXT.format(organization=organization, role=member.get_role_display().lower(), days=days, link=link),
        to=[member.user.email],
        connection=get_connection(timeout=MAIL_SECONDS),
    )
    try:
        message.send()
    except (smtplib.SMTPException, OSError) as error:
        raise FetchUnavailableError(
            f"{member.user.email} is a member now, but the mail server did not take the invitation"
            f" ({type(error).__name__}). `tacit doctor` says what is wrong with it; send it again from the list in five"
            " minutes."
        ) from None
