"""The informant of a chatbot that is set to `inform`: its learn-only passages, its guard and its owner's alarms."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from django.db import DatabaseError as DjangoDatabaseError

from apps.chatbots.models import LearnOnlyUse
from apps.core.database.threads import in_database
from apps.core.error_handling import ProviderError
from apps.rag.guarding import screen_of
from apps.rag.lesson import Lesson
from apps.rag.privacy_filter.negative import Hit
from apps.rag.privacy_filter.negative.forbidden import FORMAT
from apps.retrieval import guard
from apps.retrieval.informing import background_of

logger = logging.getLogger(__name__)

LEARNED = 4  # learn-only passages in a prompt


class ChatbotInformant:
    """The informant of one answer of a chatbot that is set to `inform`."""

    def __init__(self, chatbot_id: UUID, message_id: UUID | None = None) -> None:
        self._chatbot_id = chatbot_id
        self._message_id = message_id

    async def lesson(self, question: str) -> Lesson | None:
        try:
            return await in_database(self._lesson, question)
        except (ProviderError, DjangoDatabaseError):  # then the answer comes from citable passages alone
            return None

    async def alarm(self, hits: Sequence[Hit]) -> None:
        """Keep an alarm. One that can't be kept must not show in the visitor's answer; its hits stand in the trace."""
        try:
            await in_database(
                guard.raise_alarm,
                chatbot_id=self._chatbot_id,
                message_id=self._message_id,
                mode=LearnOnlyUse.INFORM.value,
                stopped=True,
                hits=[asdict(hit) for hit in hits],
            )
        except DjangoDatabaseError:
            logger.error("An alarm of chatbot %s could not be kept", self._chatbot_id)  # noqa: TRY400  # no row in a log

    def _lesson(self, question: str) -> Lesson | None:
        kept = screen_of(self._chatbot_id)
        if kept is None:
            if guard.wanted_version(self._chatbot_id):
                guard.defer_refresh(self._chatbot_id)  # in case nobody did
            return None
        version, screen = kept
        background = background_of(self._chatbot_id, question, number=LEARNED, made_by=FORMAT)
        if background is None or background.guard_version != version:
            return None
        return Lesson(passages=background.passages, screen=screen)
