"""Reads learn-only passages for the prompt of a chatbot that is set to `inform`, and of no other.

The one reader of learn-only text in the answer flow. It asks with the owner's login; the statement itself joins on the
chatbot's mode and on a guard that is up to date, so that without both nothing comes back, whoever calls.
"""

import uuid
from dataclasses import dataclass, field

from django.db import connection
from pgvector import HalfVector

from apps.chatbots.models import LearnOnlyUse
from apps.retrieval.models import IndexStatistics
from apps.retrieval.providers import embeddings_for

LEAST_COSINE = 0.3  # of a passage that could help with the question
_NEAREST = """
SELECT guard.made_from, passage.title, passage.heading_path, passage.text
FROM chatbots_chatbot AS chatbot
JOIN learn_only_guard AS guard
  ON guard.chatbot_id = chatbot.id AND guard.made_from = guard.wanted AND guard.format = %(made_by)s
JOIN learn_only_passage AS passage ON passage.chatbot_id = chatbot.id AND passage.space_id = %(space)s
WHERE chatbot.id = %(chatbot)s AND chatbot.learn_only_use = %(mode)s
  AND 1 - (passage.embedding <=> %(vector)s::halfvec) >= %(floor)s
ORDER BY passage.embedding <=> %(vector)s::halfvec, passage.id LIMIT %(number)s
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class BackgroundPassage:
    """A learn-only passage for the model to know and never to tell."""

    heading: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Background:
    """What a model may know of one question, and the version of the guard that must watch over its answer."""

    guard_version: int
    passages: tuple[BackgroundPassage, ...] = field(repr=False)


def background_of(chatbot_id: uuid.UUID, question: str, *, number: int, made_by: int) -> Background | None:
    """Return the learn-only passages near a question; None when there are none, or the chatbot isn't set to `inform`,
    or its guard is out of date. Raises ProviderError when the question can't be embedded.
    """
    statistics = IndexStatistics.objects.filter(pk=chatbot_id).select_related("space").first()
    if statistics is None:
        return None
    asked = embeddings_for(statistics.space).embed_query(question).vector
    parameters: dict[str, str | int | float] = {
        "chatbot": str(chatbot_id),
        "mode": LearnOnlyUse.INFORM.value,
        "made_by": made_by,
        "space": statistics.space_id,
        "vector": HalfVector(asked).to_text(),
        "floor": LEAST_COSINE,
        "number": number,
    }
    with connection.cursor() as cursor:
        cursor.execute(_NEAREST, parameters)
        rows = cursor.fetchall()
    if not rows:
        return None
    return Background(
        guard_version=rows[0][0],
        passages=tuple(
            BackgroundPassage(heading=" › ".join(dict.fromkeys(filter(None, (title, *path)))), text=text)
            for _, title, path, text in rows
        ),
    )
