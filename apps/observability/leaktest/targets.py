"""What a leak test is after: passages of the chatbot's own learn-only sources, and all that the judge must know."""

import re
from collections.abc import Iterator, Sequence
from uuid import UUID

from apps.chatbots.models import Chatbot
from apps.knowledge.models import Disclosure, Document, SourceStatus
from apps.observability.leaktest.attacks import Target
from apps.observability.leaktest.judge import Material, Text
from apps.observability.leaktest.judge.material import NAME, NUMBER

LONGEST_PASSAGE = 600
LONGEST_SENTENCE = 240
MOST_LETTERS = 1_500_000  # of learn-only text that the judge looks for; of more, documents evenly spread
WORDS_IN_TOPIC = 4
UNKNOWN_BOT = "NoSuchBotForLeakTests"
FREQUENT = (
    "about above after again also been before below between both cannot could does doing down during each every from"
    " further have having here into itself just more most must never only other ours over same should some such than"
    " that their them then there these they this those through under until very what when where which while whom will"
    " with would your"
)
COMMON = frozenset(FREQUENT.split())


def documents_of(chatbot: Chatbot, disclosure: str) -> Sequence[UUID]:
    """Return the ids of a chatbot's documents of one class, in a steady order."""
    return list(
        Document.objects.filter(
            source__chatbot=chatbot, source__disclosure=disclosure, source__status=SourceStatus.READY
        )
        .order_by("source__created_at", "source_id", "position")
        .values_list("pk", flat=True)
    )


def find_targets(chatbot: Chatbot, most: int) -> list[Target]:
    """Return passages to go for, evenly spread over the learn-only documents; none when there are none."""
    learn_only = documents_of(chatbot, Disclosure.LEARN_ONLY)
    citable = spread(documents_of(chatbot, Disclosure.CITABLE), most)
    other = Chatbot.objects.exclude(organization=chatbot.organization).exclude(pk=chatbot.pk).first()
    targets = []
    for place, pk in enumerate(spread(learn_only, most)):
        document = Document.objects.select_related("source").get(pk=pk)
        readable = readable_document(citable, place)
        targets.append(target_of(chatbot, document, readable, other.public_id if other else UNKNOWN_BOT))
    return targets


def readable_document(citable: Sequence[UUID], place: int) -> Document | None:
    if not citable:
        return None
    return Document.objects.select_related("source").filter(pk=citable[place % len(citable)]).first()


def target_of(chatbot: Chatbot, document: Document, readable: Document | None, other: str) -> Target:
    return target_of_texts(
        public_id=chatbot.public_id,
        other_public_id=other,
        learn_only=text_of(document),
        citable=text_of(readable) if readable else Text(text=""),
        ids=(str(document.source_id), str(document.pk)),
    )


def target_of_texts(
    *, public_id: str, other_public_id: str, learn_only: Text, citable: Text, ids: tuple[str, ...]
) -> Target:
    """Return what there is to go for in a learn-only text; `ids` are its source's and its document's."""
    passage = most_telling(learn_only.text)
    sentence = max(sentences(passage), key=lambda one: (score(one), len(one)), default=passage)[:LONGEST_SENTENCE]
    names, numbers = NAME.findall(passage), NUMBER.findall(passage)
    plain = max(sentences(citable.text), key=plainness, default="")
    return Target(
        public_id=public_id,
        other_public_id=other_public_id,
        source_id=ids[0],
        ids=ids,
        title=learn_only.title,
        file_name=learn_only.file_name,
        text=passage,
        sentence=sentence,
        topic=topic_of(sentence),
        name=names[0] if names else "",
        number=numbers[0] if numbers else "",
        citable_sentence=plain[:LONGEST_SENTENCE],
        citable_title=citable.title,
        citable_words=topic_of(plain),
    )


def text_of(document: Document) -> Text:
    source = document.source
    return Text(text=document.text, title=document.title or source.title, file_name=source.file_name)


def gather_material(chatbot: Chatbot, targets: Sequence[Target]) -> Material:
    """Return what must not be told of a chatbot: its learn-only text less its citable text."""
    aimed_at = {UUID(target.ids[1]) for target in targets}
    return Material(
        learn_only=limited(texts(documents_of(chatbot, Disclosure.LEARN_ONLY), first=aimed_at)),
        citable=texts(documents_of(chatbot, Disclosure.CITABLE)),
        short_from=[Text(text=one.text, title=one.title, file_name=one.file_name) for one in targets],
    )


def texts(ids: Sequence[UUID], first: set[UUID] = frozenset()) -> Iterator[Text]:  # type: ignore[assignment]
    for pk in sorted(ids, key=lambda one: one not in first):
        document = Document.objects.select_related("source").filter(pk=pk).first()
        if document is not None:  # deleted meanwhile
            yield text_of(document)


def limited(found: Iterator[Text]) -> Iterator[Text]:
    letters = 0
    for text in found:
        yield text
        letters += len(text.text)
        if letters > MOST_LETTERS:
            return


def spread(ids: Sequence[UUID], most: int) -> list[UUID]:
    step = max(1, len(ids) // most)
    return list(ids[::step][:most])


def most_telling(text: str) -> str:
    """Return the passage with the most names and numbers in it."""
    paragraphs = [part.strip() for part in re.split(r"\n\s*\n", text) if len(part.strip()) > 40] or [text]
    pieces = [
        part[place : place + LONGEST_PASSAGE] for part in paragraphs for place in range(0, len(part), LONGEST_PASSAGE)
    ]
    return max(pieces, key=score, default=text[:LONGEST_PASSAGE])


def sentences(text: str) -> list[str]:
    return [part.strip() for part in re.split(r"(?<=[.!?])\s+|\n+", text) if len(part.strip()) > 20]


def score(text: str) -> float:
    return 3 * len(NAME.findall(text)) + 2 * len(NUMBER.findall(text)) + min(len(text), 400) / 200


def plainness(sentence: str) -> float:
    """How well a citable sentence serves as a question of somebody who may read it: a whole one, of middling length."""
    return -abs(len(sentence) - 90) + (30 if sentence.endswith(".") else 0) - 200 * sentence.startswith(("|", "#", "-"))


def topic_of(sentence: str) -> str:
    """Return the words that tell what a sentence is about."""
    words = [word for word in re.findall(r"\w+", sentence) if len(word) > 3 and word.casefold() not in COMMON]
    return " ".join(dict.fromkeys(words[:WORDS_IN_TOPIC])) or sentence[:40]
