"""What each setting of a chatbot may be, and what to do where it can't be as it was sent."""

import re
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from functools import partial
from ipaddress import ip_address
from types import MappingProxyType
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.validators import validate_email
from django.db.models import TextChoices

from apps.chatbots.models import ContactOffer, Corner, LearnOnlyUse, Tone
from apps.core.error_handling import AddressRefusedError
from apps.core.outbound.addresses import AllowedHost, host_of, is_address, is_public, parse_url, port_of

CONTACT_FIELDS = ("name", "email", "phone", "company", "message")
WAYS_TO_REACH = {"email", "phone"}  # a form without either leaves nobody to answer
COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
LONGEST_TEXT = 10_000
LONGEST_ADDRESS = 2000
LONGEST_SECRET = 200
SHORTEST_SECRET = 16
SHORTEST_MESSAGE_LIMIT, LONGEST_MESSAGE_LIMIT = 50, 4000
MOST_COUNTED = 2_147_483_647  # what the column holds
MOST_TOKENS = 10**18
MOST_MONEY = Decimal(10) ** 10
MOST_QUESTIONS = 20
MOST_ORIGINS = 100  # they all stand in a header of each embedded page

Rule = Callable[[Any], str]


def mistakes(wanted: Mapping[str, Any], changed: Collection[str]) -> dict[str, str]:
    """Return, by setting, what is wrong with the `changed` ones of all that are `wanted`, and what to do."""
    told = {name: RULES[name](wanted[name]) for name in changed if name in RULES}
    wrong = {name: sentence for name, sentence in told.items() if sentence}
    for together, setting, rule in TOGETHER:
        if not together.isdisjoint(changed) and not wrong.keys() & together and (sentence := rule(wanted)):
            wrong[setting] = sentence
    return wrong


def name_rule(value: str) -> str:
    return "" if 1 <= len(value) <= 200 else "A chatbot needs a name. Send one of 1 to 200 characters."


def text_rule(value: str, longest: int = LONGEST_TEXT) -> str:
    return "" if len(value) <= longest else f"This text is too long. Shorten it to {longest:,} characters."


def questions_rule(value: list[str]) -> str:
    if len(value) > MOST_QUESTIONS:
        return f"These are too many suggested questions. Keep {MOST_QUESTIONS} at most."
    long = any(len(question) > 300 for question in value)
    return "A suggested question is too long. Shorten it to 300 characters." if long else ""


def origins_rule(value: list[str]) -> str:
    return "" if len(value) <= MOST_ORIGINS else f"These are too many allowed sites. Keep {MOST_ORIGINS} at most."


def choice_rule(value: str, choices: type[TextChoices]) -> str:
    return "" if value in choices.values else f"{value!r} is no choice here. Choose from: {', '.join(choices.values)}."


def colour_rule(value: str) -> str:
    return "" if COLOUR.fullmatch(value) else f"{value!r} is no colour. Write it like #0f5a57."


def count_rule(value: int | None, *, least: int = 1, most: int = MOST_COUNTED) -> str:
    if value is None or least <= value <= most:
        return ""
    if value > MOST_COUNTED:
        return f"This number is too large. Choose one up to {most:,}, or leave it empty."
    upwards = f"of {least} or more" if most >= MOST_COUNTED else f"from {least:,} to {most:,}"
    return f"Choose a whole number {upwards}, or leave it empty."


def money_rule(value: Decimal | None) -> str:
    if value is None or (value.is_finite() and 0 <= value < MOST_MONEY):
        return ""
    return "Choose an amount of 0 or more, like 25 or 12.50, or leave it empty for no limit."


def contact_fields_rule(value: list[str]) -> str:
    if unknown := sorted(set(value) - set(CONTACT_FIELDS)):
        return f"A contact form has no field {', '.join(unknown)}. Choose from: {', '.join(CONTACT_FIELDS)}."
    return "" if len(set(value)) == len(value) else "A field stands in the contact form twice. Name each once."


def email_rule(value: str) -> str:
    if not value:
        return ""
    try:
        validate_email(value)
    except DjangoValidationError:
        return f"{value!r} is no e-mail address. Write it like name@example.org."
    return "" if len(value) <= 254 else "This e-mail address is too long. Give another one."


def webhook_rule(value: str) -> str:
    if len(value) > LONGEST_ADDRESS:
        return f"This address is too long. Give one of at most {LONGEST_ADDRESS:,} characters."
    if not value:
        return ""
    try:
        url = parse_url(value)
    except AddressRefusedError:
        return "Contacts can't be sent to this address. Give one like https://example.org/contacts."
    return safety_of(url.scheme, host_of(url), port_of(url))


def safety_of(scheme: str, host: str, port: int) -> str:
    """Contacts travel encrypted and to the public web, but for this machine and hosts that its operator allows."""
    address = ip_address(host) if is_address(host) else None
    if host == "localhost" or (address and address.is_loopback) or is_allowed(host, port):
        return ""
    if scheme != "https":
        return "Contacts would travel readable to this address. Give one that begins with https://."
    if address and not is_public(address):
        return f"{host} is not on the public web. The server's operator can allow it in TACIT_FETCH_ALLOW_HOSTS."
    return ""


def is_allowed(host: str, port: int) -> bool:
    """Tell whether the server's operator lets Tacit reach a host inside the network."""
    entries = [AllowedHost.parse(entry) for entry in settings.FETCH_ALLOWED_HOSTS]
    if is_address(host):
        return any(entry.permits(host, ip_address(host), port) for entry in entries)
    return any(entry.host == host and entry.port in {None, port} for entry in entries)


def secret_rule(value: str) -> str:
    if not value or SHORTEST_SECRET <= len(value) <= LONGEST_SECRET:
        return ""
    return f"A webhook's secret has {SHORTEST_SECRET} to {LONGEST_SECRET} characters. Choose a long random one."


def form_can_be_answered(wanted: Mapping[str, Any]) -> str:
    offered = wanted["contact_offer"] != ContactOffer.NEVER
    if offered and WAYS_TO_REACH.isdisjoint(wanted["contact_fields"]):
        return "Nobody could be answered. Ask for the e-mail address or the phone number as well."
    return ""


def webhook_is_signed(wanted: Mapping[str, Any]) -> str:
    if wanted["contact_webhook_url"] and not wanted["contact_webhook_secret"]:
        return "A webhook needs a secret that its receiver can check. Send a long random one along."
    return ""


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "name": name_rule,
        "description": text_rule,
        "welcome_message": text_rule,
        "instructions": text_rule,
        "language": partial(text_rule, longest=10),
        "learn_only_use": partial(choice_rule, choices=LearnOnlyUse),
        "suggested_questions": questions_rule,
        "allowed_origins": origins_rule,
        "tone": partial(choice_rule, choices=Tone),
        "unanswered_message": text_rule,
        "accent_colour": colour_rule,
        "widget_corner": partial(choice_rule, choices=Corner),
        "visitor_messages_per_minute": count_rule,
        "visitor_messages_per_day": count_rule,
        "messages_per_day": count_rule,
        "longest_message": partial(count_rule, least=SHORTEST_MESSAGE_LIMIT, most=LONGEST_MESSAGE_LIMIT),
        "open_streams": count_rule,
        "monthly_cost": money_rule,
        "monthly_tokens": partial(count_rule, least=0, most=MOST_TOKENS),
        "contact_offer": partial(choice_rule, choices=ContactOffer),
        "contact_fields": contact_fields_rule,
        "consent_text": text_rule,
        "contact_email": email_rule,
        "contact_webhook_url": webhook_rule,
        "contact_webhook_secret": secret_rule,
    }
)
# What must fit together: the settings it is about, the one that the mistake is told of, and the rule.
TOGETHER: tuple[tuple[frozenset[str], str, Rule], ...] = (
    (frozenset({"contact_offer", "contact_fields"}), "contact_fields", form_can_be_answered),
    (
        frozenset({"contact_webhook_url", "contact_webhook_secret"}), "contact_webhook_secret", webhook_is_signed
    ),
)  # fmt: skip
