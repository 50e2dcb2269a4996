"""Counts what visitors send, in the database: over all processes, exactly, and without knowing who they are."""

import hmac
import math
import uuid
from collections.abc import Collection
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from django.conf import settings
from django.db import connection
from django.utils import timezone

from apps.conversations.limits import Limits
from apps.core.error_handling import DailyLimitError, OpenAnswersError, RateLimitError
from apps.core.monitoring import track_metric

# A place is free again so long after its process was heard of last, however that ended.
HELD_SECONDS = 20.0
DIGEST_BYTES = 16
PLACES_RETRY_SECONDS = 5  # what an answer takes

COUNT = "SELECT refused, before, wait FROM take_turn(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
HOLD_ON = "UPDATE open_answer SET held_until = clock_timestamp() + make_interval(secs => %s) WHERE id = ANY(%s)"
GIVE_BACK = "DELETE FROM open_answer WHERE id = %s"
FORGET_COUNTS = "DELETE FROM visitor_count WHERE day < %s"
FORGET_PLACES = "DELETE FROM open_answer WHERE held_until < clock_timestamp() - interval '1 hour'"


class Kind(StrEnum):
    """What is counted, each for itself."""

    QUESTION = "question"
    CONTACT = "contact"


class Refusal(StrEnum):
    """Which limit was met, by the names that the database gives them."""

    MINUTE = "minute"
    DAY = "day"
    BOT_DAY = "bot_day"
    OWN_PLACES = "own_places"
    BOT_PLACES = "bot_places"


def take_turn(
    *, chatbot_id: uuid.UUID, visitor: str, kind: Kind, limits: Limits, place: uuid.UUID | None = None
) -> int:
    """Count a request and return how many the visitor had sent in the minute before it.

    With `place`, an answer of that id counts as open from now on, for as long as it is held on to. Raises
    RateLimitError, and then nothing is counted.
    """
    now = timezone.now()
    today = now.astimezone(UTC).date()
    who = digest_of(visitor, chatbot_id=chatbot_id, kind=kind, day=today)
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT,
            [
                chatbot_id, today, who, kind.encode(), limits.per_minute, limits.per_day, limits.bot_per_day,
                place, limits.visitor_open_streams, limits.open_streams, HELD_SECONDS,
            ],
        )  # fmt: skip
        refused, before, wait = cursor.fetchone()
    if refused:
        track_metric("tacit_turned_away_total", 1, {"bot": str(chatbot_id), "limit": refused})
        raise refusal(Refusal(refused), wait=wait, now=now)
    return int(before)


def digest_of(visitor: str, *, chatbot_id: uuid.UUID, kind: Kind, day: date) -> bytes:
    """Return what stands for a visitor on one day at one chatbot, and tells nobody who that is."""
    key = hmac.digest(settings.SECRET_KEY.encode(), f"visitors of {day}".encode(), "sha256")
    return hmac.digest(key, f"{kind}\n{chatbot_id}\n{visitor}".encode(), "sha256")[:DIGEST_BYTES]


def refusal(limit: Refusal, *, wait: float, now: datetime) -> RateLimitError:
    """Return the error that tells a visitor which limit that was, and when to come again."""
    if limit is Refusal.MINUTE:
        seconds = max(1, math.ceil(wait))
        return RateLimitError(
            f"That was a lot in a short time. Please try again in {in_words(seconds)}.", retry_after=seconds
        )
    if limit in {Refusal.OWN_PLACES, Refusal.BOT_PLACES}:
        others = "" if limit is Refusal.OWN_PLACES else "Many people are asking at this moment. Try again in a moment."
        return OpenAnswersError(others, retry_after=PLACES_RETRY_SECONDS)
    seconds = seconds_of_day_left(now)
    whose = "You have sent" if limit is Refusal.DAY else "This chatbot has got"
    return DailyLimitError(
        f"{whose} as many messages today as it takes in one day. It goes on at midnight UTC, in {in_words(seconds)}.",
        retry_after=seconds,
    )


def seconds_of_day_left(now: datetime) -> int:
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(1, math.ceil((today + timedelta(days=1) - now).total_seconds()))


def in_words(seconds: int) -> str:
    """Return a time as people say it, never less than it is."""
    for unit, size in (("hour", 3600), ("minute", 60), ("second", 1)):
        if seconds > size or unit == "second":
            number = math.ceil(seconds / size)
            return f"{number} {unit}{'' if number == 1 else 's'}"
    raise AssertionError


def hold_on(places: Collection[uuid.UUID]) -> None:
    """Say that these answers are still open."""
    with connection.cursor() as cursor:
        cursor.execute(HOLD_ON, [HELD_SECONDS, list(places)])


def give_back(place: uuid.UUID) -> None:
    """Say that an answer is open no more."""
    with connection.cursor() as cursor:
        cursor.execute(GIVE_BACK, [place])


def forget_old(now: datetime) -> int:
    """Delete the counts of earlier days and the places that nobody gave back; return how many counts those were."""
    with connection.cursor() as cursor:
        cursor.execute(FORGET_PLACES)
        cursor.execute(FORGET_COUNTS, [now.astimezone(UTC).date()])
        return int(cursor.rowcount)
