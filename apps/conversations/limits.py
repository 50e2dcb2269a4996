"""How much a chatbot takes: of one visitor, of all of them, at once and in one message."""

from dataclasses import dataclass

from django.conf import settings

from apps.chatbots.models import Chatbot

MOST_PER_MINUTE = 600  # of one visitor; each request of the last minute is remembered
SLOWED_FROM = 0.8  # of the requests of a minute
LONGEST_DELAY = 2.0  # seconds
CONTACTS_PER_MINUTE = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What applies to a chatbot; None is no limit.

    `per_minute` and `per_day` are of one visitor, `bot_per_day` of all of them together. `open_streams` is how many
    answers the chatbot gives at once, `visitor_open_streams` how many of them to one visitor.
    """

    per_minute: int
    per_day: int | None
    bot_per_day: int | None
    longest_message: int
    open_streams: int
    visitor_open_streams: int


def server_limits() -> Limits:
    """Return what applies to a chatbot that has no limits of its own."""
    return Limits(
        per_minute=min(settings.VISITOR_MESSAGES_PER_MINUTE, MOST_PER_MINUTE),
        per_day=settings.VISITOR_MESSAGES_PER_DAY or None,
        bot_per_day=settings.MESSAGES_PER_DAY or None,
        longest_message=settings.LONGEST_MESSAGE,
        open_streams=settings.OPEN_STREAMS,
        visitor_open_streams=settings.VISITOR_OPEN_STREAMS,
    )


def limits_of(chatbot: Chatbot) -> Limits:
    """Return what applies to a chatbot: its own limits, the server's where it has none."""
    usual = server_limits()
    return Limits(
        per_minute=min(chatbot.visitor_messages_per_minute or usual.per_minute, MOST_PER_MINUTE),
        per_day=chatbot.visitor_messages_per_day or usual.per_day,
        bot_per_day=chatbot.messages_per_day or usual.bot_per_day,
        longest_message=min(chatbot.longest_message or usual.longest_message, usual.longest_message),
        open_streams=chatbot.open_streams or usual.open_streams,
        visitor_open_streams=usual.visitor_open_streams,
    )


def contact_limits() -> Limits:
    """Return what applies to contact forms, which people send once, and robots by the thousand."""
    return Limits(
        per_minute=CONTACTS_PER_MINUTE,
        per_day=settings.VISITOR_CONTACTS_PER_DAY,
        bot_per_day=settings.CONTACTS_PER_DAY or None,
        longest_message=settings.LONGEST_MESSAGE,
        open_streams=settings.OPEN_STREAMS,
        visitor_open_streams=settings.VISITOR_OPEN_STREAMS,
    )


def delay_before(asked: int, per_minute: int) -> float:
    """Return how many seconds a visitor waits who has asked so often in the last minute: the more, the longer."""
    beyond = (asked / per_minute - SLOWED_FROM) / (1 - SLOWED_FROM)
    return LONGEST_DELAY * min(1.0, max(0.0, beyond))
