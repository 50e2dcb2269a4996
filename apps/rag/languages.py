"""Which language a question is in, and the few sentences the product says itself, in that language."""

import re
from collections.abc import Mapping

from apps.retrieval.stop_words import STOP_WORDS

DEFAULT = "en"
# By script; the first that matches decides. Kana before Han, since Japanese uses both.
_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("zh", re.compile(r"[\u3400-\u9fff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
)
_LATIN = ("en", "de", "fr", "es", "pt", "it", "nl")
_WORD = re.compile(r"[^\W\d_]+")
# Question words stand in hardly any stop list, but in nearly every question.
_QUESTION_WORDS = {
    "en": "what which who whom whose when where why how much many long often any not no yes please hello thanks about",
    "de": "was welche welcher welches wer wen wem wann wo warum wieso wie viel viele lange oft gibt nicht kein bitte "
    "hallo danke guten kostet kosten brauche bekomme funktioniert mein meine",
    "fr": "quoi quel quelle quels quelles qui quand où pourquoi comment combien pas non oui bonjour merci puis faire",
    "es": "qué cuál cuáles quién cuándo dónde cómo cuánto cuánta cuántos puedo hay sí gracias hola tiene",
    "pt": "qual quais quem quando onde como quanto quanta quantos posso não sim obrigado olá tem vocês você",
    "it": "cosa quale quali chi quando dove perché quanto quanta posso non grazie ciao",
    "nl": "wat welke wie wanneer waar waarom hoe veel lang niet geen graag",
}
_MARKS = {
    language: STOP_WORDS.get(language, frozenset()) | set(_QUESTION_WORDS[language].split()) for language in _LATIN
}

NO_ANSWERS: Mapping[str, str] = {
    "en": "I have no information on that.",
    "de": "Dazu habe ich keine Informationen.",
    "fr": "Je n'ai pas d'information à ce sujet.",
    "es": "No tengo información sobre eso.",
    "pt": "Não tenho informações sobre isso.",
    "it": "Non ho informazioni su questo.",
    "nl": "Daar heb ik geen informatie over.",
    "ar": "ليس لدي معلومات عن ذلك.",
    "hi": "मेरे पास इस बारे में कोई जानकारी नहीं है।",
    "ja": "それについての情報はありません。",
    "zh": "我没有这方面的信息。",
}

LANGUAGE_NAMES: Mapping[str, str] = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "pt": "Portuguese", "it": "Italian",
    "nl": "Dutch", "ar": "Arabic", "hi": "Hindi", "ja": "Japanese", "zh": "Chinese", "ko": "Korean",
    "th": "Thai", "ru": "Russian", "el": "Greek",
}  # fmt: skip


def language_of(question: str, fallback: str = "") -> str:
    """Return the question's language: by its script, else by its small words, else the fallback, else English."""
    for language, script in _SCRIPTS:
        if script.search(question):
            return language
    # Single letters are signs of code as often as words: "=cmd|'/c calc'" isn't French.
    words = [word.casefold() for word in _WORD.findall(question) if len(word) > 1]
    counts = {language: sum(word in marks for word in words) for language, marks in _MARKS.items()}
    preferred = fallback.split("-", maxsplit=1)[0].lower()
    best = max(counts, key=lambda language: (counts[language], language == preferred, language == DEFAULT))
    return best if counts[best] else preferred or DEFAULT


def no_answer(language: str) -> str:
    """Return what is said when nothing relevant is found."""
    return NO_ANSWERS.get(language, NO_ANSWERS[DEFAULT])
