"""Follow-ups in Chinese and Japanese, where nothing parts the words."""

import re

from apps.rag.understanding.phrases import Phrases
from apps.retrieval.question_words import without_question_words

SHORTEST = 5  # characters; a question with less leaves its subject to the one before
MOST_AFTER_OPENING = 12
_TAIL = re.compile(r"(?:は|呢|的话|の場合は|ですか|吗|嗎)?[\s?？。]*$")
_PARTICLE = re.compile(r"[のの的]")


def is_unspaced_follow_up(question: str, phrases: Phrases) -> bool:
    """Tell whether a question points back, opens like a follow-up, or hardly says anything."""
    follow, text = phrases.follow, question.strip()
    if any(word in text for word in follow.pronouns) or follow.corrections.match(text):
        return True
    named = "".join(without_question_words(text).split())
    return len(named) < 2 or (bool(follow.openings.match(text)) and len(named) <= MOST_AFTER_OPENING)


def spelled_out_unspaced(question: str, before: str, phrases: Phrases) -> str:
    """Return a question with the subject of the one before it, or that one with the new subject."""
    follow, core = phrases.follow, question.strip()
    for pattern in (follow.openings, follow.corrections):
        match = pattern.match(core)
        core = core[match.end() :] if match and match.end() < len(core) else core
    subject = subject_of(before)
    pronoun = next((word for word in sorted(follow.pronouns, key=len, reverse=True) if word in core), None)
    if not subject:
        return f"{core} {before}"
    if pronoun:
        return core.replace(pronoun, subject, 1)
    new = _TAIL.sub("", core)
    if new == without_question_words(new).strip():  # a new subject and nothing that asks
        owner = _PARTICLE.split(subject)[0]
        return before.replace(owner, new, 1) if new else f"{core} {before}"
    return f"{subject} {core}"


def subject_of(question: str) -> str:
    """Return the longest run of a question that asks nothing."""
    kept = re.sub(r"(?<=[^\s])[のの的](?=[^\s])", "\x00", question)
    runs = (
        without_question_words(kept).replace("\x00", "の" if re.search("[\u3040-\u30ff]", question) else "的").split()
    )
    return max((run.strip("、，。 ") for run in runs), key=len, default="")
