"""Copies the sources of one chatbot to another one, originals and classes included; a worker reads them again."""

from django.db import connection, transaction

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.chatbots.lifecycle import SourceCopies
from apps.chatbots.models import Chatbot
from apps.knowledge.models import Source, SourceKind, SourceStatus
from apps.knowledge.queue import queue
from apps.knowledge.services import KnowledgeSourceService
from apps.retrieval.steering import copy_removals

# In the database, for an original may be a hundred megabytes.
COPY_ORIGINAL = """
INSERT INTO knowledge_filepiece (source_id, revision, position, content)
SELECT %s, 1, position, content FROM knowledge_filepiece WHERE source_id = %s AND revision = %s
"""


class SourceCopyService(SourceCopies):
    """Gives a chatbot what another one of the same organization has."""

    @transaction.atomic
    def copy(self, source_bot: Chatbot, target: Chatbot) -> int:
        """Copy every source and return how many; what can't be read there can't be read here and ends failed, too."""
        copied = 0
        for earlier in KnowledgeSourceService().of(source_bot).iterator():
            self._copy(earlier, target)
            copied += 1
        copy_removals(source_bot.pk, target.pk)
        return copied

    def _copy(self, earlier: Source, target: Chatbot) -> None:
        copy = Source.objects.create(
            chatbot=target, kind=earlier.kind, disclosure=earlier.disclosure, title=earlier.title,
            file_name=earlier.file_name, url=earlier.url, content_hash=earlier.content_hash, size=earlier.size,
            both_accepted=earlier.both_accepted, added_by=earlier.added_by,
        )  # fmt: skip
        audit.record(Action.SOURCE_ADDED, copy, disclosure=copy.disclosure, source_kind=copy.kind, copied=True)
        with connection.cursor() as cursor:
            cursor.execute(COPY_ORIGINAL, [copy.pk, earlier.pk, earlier.revision])
            has_original = cursor.rowcount > 0
        if has_original or copy.kind == SourceKind.URL or not copy.size:
            queue(copy)
            return
        copy.status = SourceStatus.FAILED  # it was too large to be kept
        copy.error_code, copy.error_message = earlier.error_code, earlier.error_message
        copy.save(update_fields=["status", "error_code", "error_message", "updated_at"])
