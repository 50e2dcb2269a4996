"""The contact form: what it asks for, when it is offered, and what of what a visitor sends can be used."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import validate_email

from apps.chatbots.models import Chatbot, ContactOffer
from apps.conversations.contact_wish import wants_a_person
from apps.core.error_handling import ValidationError

LONGEST: Mapping[str, int] = MappingProxyType(
    {"name": 200, "email": 254, "phone": 50, "company": 200, "message": 4000}
)  # fmt: skip
MOST_READ = 20_000  # characters of a field: each is looked at, and nobody may send megabytes of them
LINES = {"message"}  # the field that may have more than one
PHONE = re.compile(r"(?:\+|00)?[0-9]{5,20}")
DROPPED_ZERO = re.compile(r"^((?:\+|00)[\d ]{1,5})\(0\)")  # of +44 (0) 20 …, dialled only inside the country
BETWEEN_DIGITS = re.compile(r"[\s().\-/‐‑–]")
WRONG = {
    "unknown": "The form has no such field. Leave it out.",
    "missing": "Please fill this in, so that you can be answered.",
    "email": "This is no e-mail address. Write it like name@example.org.",
    "phone": "This is no phone number. Write it with its area code, like +44 20 7946 0000.",
    "text": "This holds characters that are no text. Write it in words.",
    "consent": "Please agree to this first: without it nothing is sent.",
    "changed": "The text that you agreed to has changed. Load the page again and read it anew.",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactForm:
    """What a visitor is asked for: the fields in the owner's order, the one that must be filled, and the consent."""

    fields: tuple[str, ...]
    required: str
    consent_text: str
    offer: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Submission:
    """What a visitor sent, as it is kept; only fields that say something."""

    fields: Mapping[str, str] = field(repr=False)
    email_key: str = field(default="", repr=False)
    phone_key: str = field(default="", repr=False)
    consent_text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ContactOffering:
    """Whether the form is offered with an answer; it depends on the bot's settings and the question alone."""

    always: bool = False
    when_asked: bool = False
    when_unanswered: bool = False

    def holds(self, *, answered: bool) -> bool:
        return self.always or self.when_asked or (self.when_unanswered and not answered)


def form_of(chatbot: Chatbot) -> ContactForm | None:
    """Return the form that visitors of a chatbot get to see, or None when there is none."""
    asked = tuple(name for name in chatbot.contact_fields if name in LONGEST)
    required = next((name for name in ("email", "phone") if name in asked), "")
    if chatbot.contact_offer == ContactOffer.NEVER or not required:
        return None
    return ContactForm(
        fields=asked, required=required, consent_text=chatbot.consent_text, offer=chatbot.contact_offer
    )  # fmt: skip


def offering_of(chatbot: Chatbot, question: str) -> ContactOffering:
    """Return when the form is offered with the answer to a question."""
    form = form_of(chatbot)
    if form is None:
        return ContactOffering()
    if form.offer == ContactOffer.ALWAYS:
        return ContactOffering(always=True)
    return ContactOffering(when_asked=wants_a_person(question), when_unanswered=True)


def checked(
    form: ContactForm, sent: Mapping[str, str], *, consent: bool, consent_text: str | None = None
) -> Submission:
    """Return what was sent as it is kept. Raises ValidationError, which says field by field what to do."""
    kept = {name: cleaned(name, text[:MOST_READ]) for name, text in sent.items() if name in form.fields}
    wrong = {name[:50]: WRONG["unknown"] for name in sorted(set(sent) - set(form.fields))[:10]}
    wrong |= {name: reason for name, text in kept.items() if (reason := mistake(name, text))}
    if not kept.get(form.required):
        wrong[form.required] = WRONG["missing"]
    if reason := consent_mistake(form, consent=consent, consent_text=consent_text):
        wrong["consent"] = reason
    if wrong:
        told = ", ".join(
            name if name in LONGEST or name == "consent" else "a field that is not asked for" for name in wrong
        )
        raise ValidationError(f"The form can't be sent like this: look at {told}.", fields=wrong)
    return Submission(
        fields={name: kept[name] for name in form.fields if kept.get(name)},
        email_key=email_key(kept.get("email", "")),
        phone_key=phone_key(kept.get("phone", "")),
        consent_text=form.consent_text,
    )


def consent_mistake(form: ContactForm, *, consent: bool, consent_text: str | None) -> str:
    """Return what is wrong with a consent; a page tells the text that it showed, which may be an older one."""
    if not form.consent_text:
        return ""
    if consent_text is not None and plain_lines(consent_text) != plain_lines(form.consent_text):
        return WRONG["changed"]
    return "" if consent else WRONG["consent"]


def plain_lines(text: str) -> str:
    """Return a text without what browsers make of its line ends."""
    return "\n".join(text.strip().splitlines())


def cleaned(name: str, text: str) -> str:
    """Return a field's text without invisible characters; on one line, but for the message."""
    visible = "".join(one for one in text if one in "\n\t\r " or unicodedata.category(one) not in {"Cc", "Cs", "Cn"})
    return plain_lines(visible) if name in LINES else " ".join(visible.split())


def mistake(name: str, text: str) -> str:
    """Return what is wrong with a field's text, or nothing."""
    if len(text) > LONGEST[name]:
        return f"This is too long. Shorten it to {LONGEST[name]:,} characters."
    if name == "email" and text and not is_email(text):
        return WRONG["email"]
    if name == "phone" and text and not PHONE.fullmatch(digits_of(text)):
        return WRONG["phone"]
    return ""


def is_email(text: str) -> bool:
    try:
        validate_email(text)
    except DjangoValidationError:
        return False
    return True


def email_key(text: str) -> str:
    """Return an address in the form in which the same ones are equal."""
    return unicodedata.normalize("NFKC", text).casefold()[: LONGEST["email"]]


def phone_key(text: str) -> str:
    """Return a number in the form in which the same ones are equal: digits, and + for its country."""
    number = digits_of(text)
    return f"+{number[2:]}" if number.startswith("00") else number


def digits_of(text: str) -> str:
    """Return a number in ASCII digits, whatever script it was written in, without what stands between them."""
    ascii_digits = "".join(str(unicodedata.decimal(one, one)) for one in unicodedata.normalize("NFKC", text))
    return BETWEEN_DIGITS.sub("", DROPPED_ZERO.sub(r"\1", ascii_digits.strip()))
