"""A text that stands in both classes: until its owner decides, the stricter one wins.

A citable document that is nearly the same as a learn-only one of its chatbot, in another format perhaps or under
another name, is withheld: its passages lie with the learn-only ones, and the learn-only one is its twin. It comes back
when the owner accepts that both stand, or when the twin is deleted, flipped or changed. Everything here works inside
the caller's transaction.
"""

import uuid
from collections.abc import Collection, Iterable

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from apps.knowledge.likeness import ALIKE, likeness
from apps.knowledge.models import Disclosure, Document, Source
from apps.retrieval import index, steering

BATCH = 500
CODE = "in_both_classes"
SAYS_THE_SAME = (
    "A citable and a learn-only source say the same. Visitors don't see it until you decide: delete one of the two,"
    " give both the same disclosure, or accept for the citable one that it stands in both."
)
Pair = tuple[uuid.UUID, uuid.UUID]

# Looked up from both sides: it may be the citable one that came or changed, or the learn-only one.
PAIRS = """
SELECT citable.id, learned.id
FROM knowledge_document AS %(side)s
JOIN knowledge_document AS %(other)s ON %(other)s.bands && %(side)s.bands
JOIN knowledge_source AS shown ON shown.id = citable.source_id
JOIN knowledge_source AS hidden ON hidden.id = learned.source_id
WHERE %(side)s.id = ANY(%%(documents)s) AND shown.chatbot_id = %%(chatbot)s AND hidden.chatbot_id = %%(chatbot)s
  AND shown.disclosure = 'citable' AND NOT shown.both_accepted AND hidden.disclosure = 'learn_only'
"""
STATEMENTS = (PAIRS % {"side": "citable", "other": "learned"}, PAIRS % {"side": "learned", "other": "citable"})


def lock(chatbot_id: uuid.UUID) -> None:
    """Let what decides over one chatbot's classes go one after another; taken after the source's row, before others."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"classes:{chatbot_id}"])


def settle(chatbot_id: uuid.UUID, documents: Iterable[uuid.UUID] = ()) -> None:
    """Withhold what of these documents, or of the ones like them, stands in both classes now; free what no longer does.

    `documents` are those that came, changed or moved: their passages lie in the table of their source's class.
    """
    came = list(documents)
    Document.objects.filter(pk__in=came, twin__isnull=False).update(twin=None)
    withheld = Document.objects.filter(source__chatbot_id=chatbot_id, twin__isnull=False)
    before = dict(withheld.values_list("pk", "twin_id"))
    if not before and not has_both(chatbot_id):
        return
    now = in_both(chatbot_id, [*came, *before])
    index.move_documents(chatbot_id=chatbot_id, document_ids=now.keys() - before.keys(), citable=False)
    index.move_documents(chatbot_id=chatbot_id, document_ids=before.keys() - now.keys(), citable=True)
    Document.objects.filter(pk__in=before.keys() - now.keys()).update(twin=None)
    changed = [Document(pk=citable, twin_id=twin) for citable, twin in now.items() if before.get(citable) != twin]
    Document.objects.bulk_update(changed, ["twin"], batch_size=BATCH)
    if now.keys() != before.keys():
        steering.defer_relink(chatbot_id)


def has_both(chatbot_id: uuid.UUID) -> bool:
    """Return whether a chatbot has sources of both classes at all; most have not."""
    return Source.objects.filter(chatbot_id=chatbot_id).order_by().values("disclosure").distinct().count() > 1


def in_both(chatbot_id: uuid.UUID, documents: Collection[uuid.UUID]) -> dict[uuid.UUID, uuid.UUID]:
    """Return the citable documents that are nearly a learn-only one, with that one, as far as these take part in it."""
    wanted = sorted(set(documents))
    found: dict[uuid.UUID, uuid.UUID] = {}
    for start in range(0, len(wanted), BATCH):
        for citable, learned in candidates(chatbot_id, wanted[start : start + BATCH]):
            if citable not in found and are_alike(citable, learned):
                found[citable] = learned
    return found


def candidates(chatbot_id: uuid.UUID, documents: Collection[uuid.UUID]) -> list[Pair]:
    """Return the pairs of a citable and a learn-only document that may be alike, one of each among these."""
    pairs: set[Pair] = set()
    with connection.cursor() as cursor:
        # While a large import runs, the planner knows nothing of the table yet and would read all of it each time.
        cursor.execute("SET LOCAL enable_seqscan = off")
        for statement in STATEMENTS:
            cursor.execute(statement, {"documents": list(documents), "chatbot": chatbot_id})
            pairs.update(cursor.fetchall())
        cursor.execute("SET LOCAL enable_seqscan TO DEFAULT")
    return sorted(pairs)


def are_alike(one: uuid.UUID, other: uuid.UUID) -> bool:
    texts = Document.objects.in_bulk([one, other])
    return likeness(texts[one].text, texts[other].text) >= ALIKE


def with_marks(sources: QuerySet[Source]) -> QuerySet[Source]:
    """Return sources that know in `in_both` whether a document of theirs stands in both classes, undecided."""
    withheld = Document.objects.filter(twin__isnull=False)
    own, others = withheld.filter(source=OuterRef("pk")), withheld.filter(twin__source=OuterRef("pk"))
    return sources.annotate(in_both=Exists(own) | Exists(others))


def moved_documents(source: Source) -> Iterable[uuid.UUID]:
    """Return the documents of a source whose passages lie where the source's class puts them."""
    documents = Document.objects.filter(source=source)
    if source.disclosure == Disclosure.CITABLE:
        documents = documents.filter(twin__isnull=True)
    return list(documents.values_list("pk", flat=True))


def warnings_of(source: Source) -> list[dict[str, str]]:
    """Return what the owner should know of a source: what reading it brought up, and that it stands in both classes."""
    told: list[dict[str, str]] = list(source.warnings)
    if getattr(source, "in_both", False) and not any(warning["code"] == CODE for warning in told):
        told.append({"code": CODE, "message": SAYS_THE_SAME})
    return told
