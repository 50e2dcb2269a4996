"""Takes the question out of a message: without greeting, thanks, signature and polite wrapping.

Of several sentences those that ask are the question; where they point back, the sentence before stays with them. A
message that asks nothing stays as it is.
"""

import re
from collections.abc import Sequence

from apps.rag.understanding.follow_up import points_back
from apps.rag.understanding.noun_phrases import chunks_of
from apps.rag.understanding.phrases import KINDS, Phrases, phrases_of, words_of
from apps.rag.understanding.small_talk import kind_of
from apps.rag.words import content_words

MOST_IN_ADDRESS = 5  # words of "Hello dear Acme team,"
MOST_WORDS_AHEAD = 4  # "hey there how do I …"
MOST_THANKS = 6  # words of "thank you very much in advance"
LONGEST_SIGNATURE = 3  # words
MOST_IN_SHORT_MESSAGE = 60  # words
MOST_IF_GENERIC = 3  # content words of "Any sites I could use easily?"
MOST_KEYWORDS = 3  # words without capital and full stop after whole sentences
LEAST_RUN = 4  # characters of a question after a greeting, where nothing parts the two
_AROUND = frozenset({"bye", "thanks", "wellbeing", "greeting", "letter", "ok"})
_DROPPED = frozenset(KINDS) - {"person", "override"}  # a whole sentence of these beside a question
_SENTENCE = re.compile(  # no sentence ends at "z. B.", "Dr." or "bzw."
    r"(?<=[!?…])\s+|(?<=[。！？؟।])\s*|(?<!\b\w\.)(?<!\b(?:Mr|Dr|Ms|St|Nr|vs|cf|ca)\.)(?<!\b(?:Mrs|bzw|Chr|ggf)\.)(?<=\.)\s+|\s*\n+\s*"
)
_PIECE = re.compile(r"\s*(?:[,،，、!:;]|\s[-–—])\s*")
_ASKS = re.compile(r"[?？؟]")
# What visitors tell of themselves; a question that points back points to the turn before, not to that.
_TELLS_OF_ME = re.compile(
    r"(?:i|i'(?:m|ve|d)|i’(?:m|ve|d)|we|ich|wir|seit .{1,30} (?:bin|sind) \w+|je|nous|eu|nós)\b", re.IGNORECASE
)


def question_in(message: str, language: str, *, has_history: bool = False) -> str:
    """Return what a message asks, in its own words; the message itself where nothing stands around it.

    `has_history` says that there are earlier turns, which a question may point back to.
    """
    phrases = phrases_of(language)
    sentences = [sentence.strip() for sentence in _SENTENCE.split(message) if sentence and sentence.strip()]
    peeled = [_without_courtesy(sentence, phrases) for sentence in _without_signature(sentences, phrases)]
    remaining = [sentence for sentence in peeled if sentence and not _is_small_talk(sentence, phrases, _DROPPED)]
    if has_history:
        remaining = [one for one in remaining if not _TELLS_OF_ME.match(one) or _asks(one, phrases)] or remaining
    return " ".join(_asking(remaining, phrases)) or message.strip()


def unwrapped(question: str, language: str) -> str:
    """Return a question without "Could you please tell me" and "please"."""
    phrases = phrases_of(language)
    return " ".join(_unwrapped(sentence, phrases) for sentence in _SENTENCE.split(question) if sentence)


def _unwrapped(question: str, phrases: Phrases) -> str:
    language = phrases.language
    bare = phrases.ending.sub("", question) if phrases.ending.search(question) else question
    match = phrases.wrapper.search(bare)
    if match is None or not words_of(match["question"]):
        return bare if content_words(bare, language) else question
    ahead = bare[: match.start()].strip()
    if not content_words(ahead, language):
        ahead = ""
    asked = match["question"].strip()
    return f"{ahead} {asked}" if ahead else f"{asked[:1].upper()}{asked[1:]}"


def _is_small_talk(text: str, phrases: Phrases, kinds: frozenset[str]) -> bool:
    both = (phrases, phrases_of("en")) if phrases.language != "en" else (phrases,)
    return any(kind_of(text, one, kinds=kinds) for one in both)


def _without_courtesy(sentence: str, phrases: Phrases) -> str:
    """Return a sentence without a greeting or thanks at its ends."""
    sentence = _without_address(sentence, phrases)
    while (piece := _PIECE.search(sentence)) and _is_small_talk(sentence[: piece.start()], phrases, _AROUND):
        sentence = sentence[piece.end() :]
    pieces = list(_PIECE.finditer(sentence))
    while pieces and _is_small_talk(sentence[pieces[-1].end() :], phrases, _AROUND):
        sentence = sentence[: pieces.pop().start()]
    if not phrases.is_spaced:
        return _after_greeting(sentence, phrases)
    return _without_last_thanks(_without_words_ahead(sentence, phrases), phrases)


def _without_signature(sentences: Sequence[str], phrases: Phrases) -> list[str]:
    """Return the sentences without the name that stands below "Best regards"."""
    kept: list[str] = []
    closed = False
    for sentence in sentences:
        is_name = len(words_of(sentence)) <= LONGEST_SIGNATURE and not _ASKS.search(sentence)
        if closed and is_name:
            continue
        closed = bool(kept) and _is_small_talk(sentence, phrases, frozenset({"letter", "thanks", "bye"}))
        kept.append(sentence)
    return kept


def _without_address(sentence: str, phrases: Phrases) -> str:
    """Return a sentence without "Hello Acme team,": a greeting and a few words up to a comma."""
    piece = _PIECE.search(sentence)
    if piece is None or not phrases.is_spaced:
        return sentence
    address, rest = words_of(sentence[: piece.start()]), sentence[piece.end() :]
    greets = address and _is_small_talk(address[0], phrases, frozenset({"greeting", "letter"}))
    return rest if greets and len(address) <= MOST_IN_ADDRESS and rest else sentence


def _without_words_ahead(sentence: str, phrases: Phrases) -> str:
    """Return a sentence without "hey" where no sign parts it from what asks."""
    words = list(re.finditer(r"\S+", sentence))
    for count in range(min(MOST_WORDS_AHEAD, len(words) - 1), 0, -1):
        ahead, rest = sentence[: words[count - 1].end()], sentence[words[count].start() :]
        begins = _begins_a_question(rest, phrases) or phrases.follow.openings.match(rest)
        if begins and _is_small_talk(ahead, phrases, _AROUND - {"letter"}):
            return rest
    return sentence


def _without_last_thanks(sentence: str, phrases: Phrases) -> str:
    words = list(re.finditer(r"\S+", sentence))
    for count in range(MOST_THANKS, 0, -1):
        if len(words) > count and not sentence.endswith(("?", "؟")):
            rest, last = sentence[: words[-count].start()].rstrip(), sentence[words[-count].start() :]
            if chunks_of(rest, phrases) and _is_small_talk(last, phrases, frozenset({"thanks"})):
                return rest
    return sentence


def _after_greeting(sentence: str, phrases: Phrases) -> str:
    greetings = {word for kind in phrases.kinds if kind.name in {"greeting", "thanks"} for word in kind.lines[0].words}
    longest = max((word for word in greetings if len(word) > 1 and sentence.startswith(word)), key=len, default="")
    rest = sentence[len(longest) :].lstrip(" ,，、!！。")
    return rest if len(rest) >= LEAST_RUN else sentence


def _begins_a_question(text: str, phrases: Phrases) -> bool:
    words = words_of(text)
    asking = phrases.question_words | phrases.auxiliaries
    if phrases.wrapper.match(text) or (words and words[0] in asking):
        return True
    return len(words) > 1 and words[0] in phrases.follow.prepositions and words[1] in asking


def _asks(sentence: str, phrases: Phrases) -> bool:
    return bool(_ASKS.search(sentence)) or _begins_a_question(sentence, phrases)


def _asking(sentences: Sequence[str], phrases: Phrases) -> list[str]:
    """Return the sentences that ask; where they point back or hardly say anything, with what was said before.

    That is all of a short message, and of a long one the sentence before each.
    """
    asking = [_asks(one, phrases) for one in sentences]
    leaning = [asks and _leans(one, phrases) for asks, one in zip(asking, sentences, strict=True)]
    is_short = sum(len(words_of(sentence)) for sentence in sentences) <= MOST_IN_SHORT_MESSAGE
    if not any(asking):
        return _keywords(sentences, phrases) or list(sentences)
    if any(leaning) and is_short:
        return list(sentences)
    wanted = [asks or leans_next for asks, leans_next in zip(asking, [*leaning[1:], False], strict=True)]
    return [sentence for sentence, is_wanted in zip(sentences, wanted, strict=True) if is_wanted]


def _keywords(sentences: Sequence[str], phrases: Phrases) -> list[str]:
    """Return the words that somebody typed as into a search box below whole sentences: "Hello all. … 401k match"."""
    *before, last = sentences or [""]
    begins_and_ends = last[:1].islower() or last[:1].isdigit(), last[-1:].isalnum()
    is_keywords = phrases.is_spaced and len(words_of(last)) <= MOST_KEYWORDS and all(begins_and_ends)
    return [last] if is_keywords and all(len(words_of(one)) > MOST_KEYWORDS for one in before) else []


def _leans(sentence: str, phrases: Phrases) -> bool:
    """Tell whether an asking sentence needs the one before: it points there or names nothing: "Is there a way?"."""
    bare = unwrapped(sentence, phrases.language)
    if points_back(bare, phrases.language):
        return True
    if not phrases.is_spaced:
        return not content_words(bare, phrases.language)
    words = words_of(phrases.follow.expletives.sub(" ", bare))
    if not phrases.demonstratives.isdisjoint(words) or not chunks_of(bare, phrases):
        return True
    return not phrases.generic.isdisjoint(words) and len(content_words(bare, phrases.language)) <= MOST_IF_GENERIC
