"""Writes about sources: add, replace, flip, retry, cancel, delete. Each commits its job with its row."""

import io
import uuid
from dataclasses import dataclass
from typing import BinaryIO, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.accounts.models import User
from apps.chatbots.models import Chatbot
from apps.core.error_handling import ConflictError, DocumentTooLargeError, NotFoundError, ValidationError
from apps.core.services import ServiceRegistry
from apps.knowledge import both_classes, originals
from apps.knowledge.models import Disclosure, Document, Source, SourceKind, SourceStatus
from apps.knowledge.queue import drop_waiting_jobs, queue
from apps.retrieval import guard, index, steering

LONGEST_NAME = 500
UNDER_WAY = (SourceStatus.QUEUED, SourceStatus.RUNNING)
STRICTER_WINS = (
    "The same file was added as citable and as learn-only. It is learn-only until you decide otherwise: change this"
    " source's disclosure if visitors may see it."
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """What became of something added: `created` is False when it was there already."""

    source: Source
    created: bool


class KnowledgeSourceService:
    """Sources of a chatbot."""

    def of(self, chatbot: Chatbot) -> QuerySet[Source]:
        return both_classes.with_marks(Source.objects.filter(chatbot=chatbot).order_by("created_at", "pk"))

    def get(self, *, chatbot: Chatbot, source_id: uuid.UUID) -> Source:
        """Return a source of the chatbot. Raises NotFoundError."""
        source = self.of(chatbot).filter(pk=source_id).first()
        if source is None:
            raise NotFoundError("This chatbot has no source with that id.")
        return source

    def add_file(
        self,
        *,
        chatbot: Chatbot,
        file_name: str,
        content: BinaryIO,
        disclosure: str,
        title: str = "",
        by: User | None = None,
    ) -> Added:
        """Add a file, or replace the one of that name; a file that is there already is recognised.

        One that is too large ends failed, like any other that can't be read. Raises ValidationError for an unknown
        disclosure.
        """
        name = clean_name(file_name)
        return self._add(
            Source(
                chatbot=chatbot, kind=SourceKind.FILE, file_name=name, title=title[:LONGEST_NAME] or name,
                disclosure=known_disclosure(disclosure), added_by=by,
            ),
            content,
        )  # fmt: skip

    def add_text(self, *, chatbot: Chatbot, text: str, title: str, disclosure: str, by: User | None = None) -> Added:
        """Add a text that was typed or pasted. Raises ValidationError when it is empty."""
        if not text.strip():
            raise ValidationError("The text is empty. Send some.")
        name = clean_name(title or text.strip().splitlines()[0][:80])
        return self._add(
            Source(
                chatbot=chatbot, kind=SourceKind.TEXT, file_name=name, title=name,
                disclosure=known_disclosure(disclosure), added_by=by,
            ),
            io.BytesIO(text.encode("utf-8", "replace")),
        )  # fmt: skip

    def add_url(self, *, chatbot: Chatbot, url: str, disclosure: str, title: str = "", by: User | None = None) -> Added:
        """Add a web page, which a worker fetches; adding it again fetches it again."""
        url = url.strip()
        if not url.isprintable() or len(url) > 2000 or not is_web_address(url):
            raise ValidationError("This is no web address. Write it like https://www.example.org/page.")
        source = Source(
            chatbot=chatbot, kind=SourceKind.URL, url=url, title=title[:LONGEST_NAME] or url[:LONGEST_NAME],
            disclosure=known_disclosure(disclosure), added_by=by,
        )  # fmt: skip
        with transaction.atomic():
            lock(chatbot)
            earlier = self.of(chatbot).filter(kind=SourceKind.URL, url=url).first()
            if earlier is None:
                source.save()
                audit.record(Action.SOURCE_ADDED, source, by=by, disclosure=source.disclosure, source_kind=source.kind)
                queue(source)
                return Added(source=source, created=True)
            if earlier.disclosure != source.disclosure:
                self._keep_stricter(earlier)
            audit.record(Action.SOURCE_READ_AGAIN, earlier, by=by)
            renew(earlier)
            return Added(source=earlier, created=False)

    def _add(self, source: Source, content: BinaryIO) -> Added:
        try:
            source.content_hash, source.size = originals.measure(content, limit=settings.MAX_UPLOAD_BYTES)
        except DocumentTooLargeError as error:
            source.size = content.seek(0, io.SEEK_END)
            return self._refuse(source, error)
        with transaction.atomic():
            lock(source.chatbot)
            if (
                same := self.of(source.chatbot)
                .filter(content_hash=source.content_hash)
                .exclude(kind=SourceKind.URL)
                .first()
            ):
                return self._recognise(same, source)
            if replaced := self._of_same_name(source):
                return self._replace(replaced, source, content)
            source.save()
            audit.record(
                Action.SOURCE_ADDED, source, by=source.added_by, disclosure=source.disclosure, source_kind=source.kind
            )
            originals.store(source, content)
            queue(source)
        return Added(source=source, created=True)

    def _of_same_name(self, source: Source) -> Source | None:
        return (
            self.of(source.chatbot)
            .filter(kind=source.kind, file_name=source.file_name, disclosure=source.disclosure)
            .first()
        )

    def replace_content(
        self, source: Source, *, content: BinaryIO, file_name: str = "", by: User | None = None
    ) -> Source:
        """Read a source anew from another file or text; what it has in the index serves until that is read.

        Raises DocumentTooLargeError, and ConflictError when another source holds this content already.
        """
        content_hash, size = originals.measure(content, limit=settings.MAX_UPLOAD_BYTES)
        with transaction.atomic():
            lock(source.chatbot)
            source.refresh_from_db()
            holders = self.of(source.chatbot).filter(content_hash=content_hash).exclude(kind=SourceKind.URL)
            if twin := holders.exclude(pk=source.pk).first():
                raise ConflictError(f"“{twin.title}” holds exactly this already. Delete one of the two instead.")
            name = clean_name(file_name) if file_name else source.file_name
            follows = source.title == source.file_name and source.kind == SourceKind.FILE
            source.file_name, title = name, name if follows else source.title
            source.save(update_fields=["file_name", "updated_at"])
            new = Source(title=title, content_hash=content_hash, size=size, added_by=by)
            return self._replace(source, new, content).source

    @transaction.atomic
    def _refuse(self, new: Source, error: DocumentTooLargeError) -> Added:
        """Show the owner, among the other sources, a file that is not kept; what it should replace goes on serving."""
        lock(new.chatbot)
        if earlier := self._of_same_name(new):
            source = earlier
        else:
            new.save()
            source = new
        source.status, source.stage = SourceStatus.FAILED, ""
        source.error_code, source.error_message = error.code, str(error)
        source.save(update_fields=["status", "stage", "error_code", "error_message", "updated_at"])
        action = Action.SOURCE_ADDED if source is new else Action.SOURCE_REPLACED
        audit.record(action, source, by=new.added_by, disclosure=source.disclosure, refused=error.code)
        return Added(source=source, created=source is new)

    def _recognise(self, same: Source, new: Source) -> Added:
        """The same content again: nothing doubles, the stricter class wins, and a failed one gets another try."""
        if same.disclosure != new.disclosure:
            self._keep_stricter(same)
        if same.status in {SourceStatus.FAILED, SourceStatus.CANCELLED}:
            renew(same)
        return Added(source=same, created=False)

    def _keep_stricter(self, source: Source) -> None:
        self.update(source, disclosure=Disclosure.LEARN_ONLY)
        source.warnings = [*source.warnings, {"code": both_classes.CODE, "message": STRICTER_WINS}]
        source.save(update_fields=["warnings", "updated_at"])

    def _replace(self, source: Source, new: Source, content: BinaryIO) -> Added:
        source.content_hash, source.size, source.title = new.content_hash, new.size, new.title
        source.revision += 1
        source.both_accepted = False  # what was decided was about other content
        source.save(update_fields=["content_hash", "size", "title", "revision", "both_accepted", "updated_at"])
        audit.record(Action.SOURCE_REPLACED, source, by=new.added_by, revision=source.revision)
        originals.store(source, content)
        renew(source)
        return Added(source=source, created=False)

    @transaction.atomic
    def update(
        self,
        source: Source,
        *,
        title: str | None = None,
        disclosure: str | None = None,
        accept_both: bool | None = None,
    ) -> Source:
        """Change a source's title or class; a change of class holds from the next token on.

        `accept_both` decides whether visitors may see a citable source although a learn-only one says the same.
        """
        lock_all_of(source)
        source.refresh_from_db()
        if title is not None and title.strip()[:LONGEST_NAME] not in {"", source.title}:
            audit.record(Action.SOURCE_RENAMED, source, after=title.strip()[:LONGEST_NAME])
        if title is not None:
            source.title = title.strip()[:LONGEST_NAME] or source.title
            rename_document(source)
        if disclosure is not None and known_disclosure(disclosure) != source.disclosure:
            audit.record(Action.SOURCE_FLIPPED, source, before=source.disclosure, after=disclosure)
            source.disclosure = disclosure
            index.move(chatbot_id=source.chatbot_id, source_id=source.pk, citable=disclosure == Disclosure.CITABLE)
            steering.defer_relink(source.chatbot_id, source.pk)
        if accept_both is not None and accept_both != source.both_accepted:
            audit.record(Action.SOURCE_ACCEPTED_IN_BOTH, source, accepted=accept_both)
            source.both_accepted = accept_both
        if disclosure is not None or accept_both is not None:  # which is a decision
            source.warnings = [warning for warning in source.warnings if warning["code"] != both_classes.CODE]
        source.save(update_fields=["title", "disclosure", "both_accepted", "warnings", "updated_at"])
        if disclosure is not None or accept_both is not None:
            both_classes.settle(source.chatbot_id, both_classes.moved_documents(source))
        guard.defer_refresh(source.chatbot_id)
        return source

    @transaction.atomic
    def retry(self, source: Source) -> Source:
        """Read a source again, a web page from its address."""
        lock(source.chatbot)
        audit.record(Action.SOURCE_READ_AGAIN, source)
        renew(source)
        return source

    @transaction.atomic
    def cancel(self, source: Source) -> Source:
        """Stop what is to be read or being read; what was served before goes on serving.

        A run that is under way ends before it writes its next document. Of a source that was never ready, nothing is
        served. One that is done meanwhile stays as it is.
        """
        lock_all_of(source)
        source.refresh_from_db()
        if source.status not in UNDER_WAY:
            return source
        audit.record(Action.SOURCE_CANCELLED, source)
        drop_waiting_jobs(source)
        originals.take_to_next_revision(source)
        source.indexed_revision = source.revision
        source.status, source.stage, source.progress = SourceStatus.CANCELLED, "", 0
        source.error_code = source.error_message = ""
        source.save(
            update_fields=[
                "revision", "indexed_revision", "status", "stage", "progress", "error_code", "error_message",
                "updated_at",
            ]
        )  # fmt: skip
        if not source.document_count:
            forget_documents(source)
        return source

    @transaction.atomic
    def delete(self, source: Source) -> None:
        """Delete a source with its original, documents and passages, in one transaction."""
        lock_all_of(source)
        audit.record(Action.SOURCE_DELETED, source, disclosure=source.disclosure)
        forget_documents(source)
        source.delete()


def forget_documents(source: Source) -> None:
    """Take a source's documents out of the product, their passages first: from the next token on nobody reads them."""
    documents = Document.objects.filter(source=source)
    index.remove(chatbot_id=source.chatbot_id, document_ids=documents.values_list("pk", flat=True))
    steering.defer_relink(source.chatbot_id)
    documents.delete()
    both_classes.settle(source.chatbot_id)
    guard.defer_refresh(source.chatbot_id)


def rename_document(source: Source) -> None:
    """Let visitors see a source's new title, where the source is one document; of many, each has its own."""
    documents = list(Document.objects.filter(source=source)[:2])
    if len(documents) == 1:
        Document.objects.filter(pk=documents[0].pk).update(title=source.title)
        index.rename(chatbot_id=source.chatbot_id, document_id=documents[0].pk, title=source.title)


class DocumentService:
    """Documents of a source, for its owner."""

    def of(self, source: Source) -> QuerySet[Document]:
        return Document.objects.filter(source=source).order_by("position")


def lock(chatbot: Chatbot) -> None:
    """Let changes to one chatbot's sources go one after another, until the transaction ends."""
    # Without locking the key, on which the passages hang that a worker is writing meanwhile.
    Chatbot.objects.select_for_update(no_key=True).filter(pk=chatbot.pk).first()


def lock_all_of(source: Source) -> None:
    """Lock a chatbot's sources and this one's row and class, in the order in which the ingest flow locks them."""
    lock(source.chatbot)
    Source.objects.select_for_update().filter(pk=source.pk).first()
    both_classes.lock(source.chatbot_id)


def renew(source: Source) -> None:
    """Queue a source again, now; what it has in the index serves meanwhile."""
    source.status, source.stage, source.progress = SourceStatus.QUEUED, "", 0
    source.error_code = source.error_message = ""
    source.indexed_revision = 0
    source.save(
        update_fields=["status", "stage", "progress", "error_code", "error_message", "indexed_revision", "updated_at"]
    )
    drop_waiting_jobs(source)  # one that waits for its next attempt would hold up the new one
    queue(source)


def known_disclosure(value: str) -> str:
    if value not in Disclosure.values:
        raise ValidationError(f"A source has no disclosure {value!r}. Choose citable or learn_only.")
    return value


def is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def clean_name(name: str) -> str:
    """Return a file name without what a database or a page can't show."""
    cleaned = "".join(character for character in name if character.isprintable()).strip().strip("/")
    return cleaned[-LONGEST_NAME:] or "unnamed"


def knowledge_sources() -> KnowledgeSourceService:
    """Return the service of a chatbot's sources."""
    return cast("KnowledgeSourceService", ServiceRegistry.get("knowledge_sources"))


def documents() -> DocumentService:
    """Return the service of a source's documents."""
    return cast("DocumentService", ServiceRegistry.get("documents"))
