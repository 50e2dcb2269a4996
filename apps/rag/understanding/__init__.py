"""Understanding what was typed: message → small talk, or the question in it as it would be asked by itself.

Pure text work without a model or the database; apps.retrieval.spelling corrects the words afterwards.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from apps.rag.events import Turn
from apps.rag.languages import language_of
from apps.rag.understanding.asked import question_in, unwrapped
from apps.rag.understanding.follow_up import DEEPEST, is_follow_up, standalone, with_small_words_fixed
from apps.rag.understanding.phrases import LANGUAGES
from apps.rag.understanding.small_talk import Reply, small_talk

__all__ = ["Reply", "Understood", "understand"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Understood:
    """What a message asks, and in which language; `reply` is set where it asks nothing of the documents.

    `question` is what the visitor asks in their own words, without what is polite around it. `query` is the same
    spelled out for search and reader: it needs no earlier turn. `is_follow_up` says that `question` does need one.
    """

    question: str = field(repr=False)
    query: str = field(repr=False)
    language: str
    is_follow_up: bool
    reply: Reply | None = None


def understand(message: str, history: Sequence[Turn] = (), fallback_language: str = "") -> Understood:
    """Return what a message asks. `fallback_language` is the chatbot's, for words that tell none. Never raises."""
    spoken = _language_spoken(history, fallback_language)
    language = language_of(message, spoken)
    if reply := small_talk(message, (language, spoken, *_without_region(fallback_language))):
        return Understood(question=message, query=message, language=language, is_follow_up=False, reply=reply)
    question = question_in(message, _known(language), has_history=bool(history))
    language = language_of(question, language)
    question = with_small_words_fixed(question, language) if history else question
    leans = bool(history) and is_follow_up(question, language)
    query = standalone(unwrapped(question, _known(language)), _earlier(history, language), language)
    return Understood(question=question, query=query, language=language, is_follow_up=leans)


def _language_spoken(history: Sequence[Turn], fallback: str) -> str:
    """Return the language of the last question that tells one; "ok" and "thanks" are said in any."""
    spoken = fallback
    for turn in history[-DEEPEST:]:
        if small_talk(turn.question) is None:
            spoken = language_of(turn.question, spoken)
    return spoken


def _earlier(history: Sequence[Turn], language: str) -> list[str]:
    """Return the questions of the conversation so far, without its small talk."""
    known = _known(language)
    return [
        unwrapped(question_in(turn.question, known), known)
        for turn in history[-DEEPEST:]
        if small_talk(turn.question, (known,)) is None
    ]


def _known(language: str) -> str:
    return language if language in LANGUAGES else "en"


def _without_region(language: str) -> tuple[str, ...]:
    return (language.partition("-")[0].lower(),) if language else ()
