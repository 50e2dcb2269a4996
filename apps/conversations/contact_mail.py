"""Mails contacts to the address that a chatbot's owner set."""

import smtplib
from collections.abc import Mapping

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from apps.chatbots.models import Chatbot
from apps.conversations.contact_models import ContactDelivery
from apps.conversations.contact_webhook import page_of
from apps.core.error_handling import DeliveryImpossibleError, MailError

SECONDS = 15
NO_SERVER = "This server sends no e-mail: no mail server is set. Ask whoever runs it to set TACIT_EMAIL_HOST."
LABELS: Mapping[str, str] = {"name": "Name", "email": "E-mail", "phone": "Phone", "company": "Company"}


def mail(delivery: ContactDelivery) -> None:
    """Mail a contact's message. Raises MailError, and DeliveryImpossibleError where no mail can be sent."""
    message = delivery.message
    chatbot = message.contact.chatbot
    fields: Mapping[str, str] = message.fields
    lines = [f"{label}: {fields[name]}" for name, label in LABELS.items() if name in fields]
    consent = (
        f"Agreed to on {message.consented_at:%Y-%m-%d %H:%M} UTC: {message.consent_text}"
        if message.consented_at
        else ""
    )
    parts = ["\n".join(lines), fields.get("message", ""), consent, page_of(chatbot)]
    send(
        chatbot,
        subject=f"{'Contact' if message.number == 1 else 'Another message'} from {chatbot.name}",
        text="\n\n".join(part for part in parts if part),
        key=message.delivery_key,
        reply_to=fields.get("email", ""),
    )


def mail_test(chatbot: Chatbot) -> None:
    """Mail that contacts would come like this. Raises as `mail` does."""
    text = f"Contacts of {chatbot.name} will come to this address."
    send(chatbot, subject=f"Test from {chatbot.name}", text=text, key="")


def send(chatbot: Chatbot, *, subject: str, text: str, key: str, reply_to: str = "") -> None:
    if not chatbot.contact_email:
        raise DeliveryImpossibleError("No e-mail address is set any more. Set one in the settings and send it again.")
    if not settings.EMAIL_HOST:
        raise DeliveryImpossibleError(NO_SERVER)
    domain = settings.DEFAULT_FROM_EMAIL.rpartition("@")[2].rstrip("> ")
    message = EmailMessage(
        subject=" ".join(subject.split()),
        body=text,
        to=[chatbot.contact_email],
        reply_to=[reply_to] if reply_to else None,
        headers={"Message-ID": f"<{key}@{domain}>"} if key else {},  # what came twice is one message to most programs
        connection=get_connection(timeout=SECONDS),
    )
    try:
        message.send()
    except smtplib.SMTPAuthenticationError:
        raise MailError("The mail server refused our login. Check TACIT_EMAIL_USER and TACIT_EMAIL_PASSWORD.") from None
    except smtplib.SMTPRecipientsRefused:
        raise MailError("The mail server does not accept the e-mail address. Check it in the settings.") from None
    except smtplib.SMTPSenderRefused:
        raise MailError("The mail server does not accept our sender. Check TACIT_EMAIL_FROM.") from None
    except (smtplib.SMTPException, OSError):
        raise MailError from None
