"""The words of a text that say something, in the form in which search compares them."""

import functools

from apps.retrieval.lexical import analyze
from apps.retrieval.question_words import without_question_words

# Words that ask, link or point and claim nothing: they may stand in an answer without standing in a source.
_EMPTY = {
    "en": """what which who whom whose when where why how much many long often about any some please tell know want need
        according passage passages document documents source sources text information provided mentioned mention
        mentions states state stated says say said note however therefore also additionally furthermore moreover
        following follows below above such only just yes here there while more most other another each both all up out
        use used using via per within whether because since once i'm it's you're you'll we're don't can't one first
        include includes including specifically overall summary answer question based""",
    "de": """was welche welcher welches welchem wer wen wem wessen wann wo warum wieso wie viel viele bitte gibt laut
        gemäß text dokument quelle quellen information informationen angaben genannt erwähnt jedoch allerdings daher
        außerdem zudem ferner folgende folgenden unten oben ja hier dort während mehr andere anderen alle beide sowie
        innerhalb ob weil da ein frage antwort zusammenfassung beträgt insgesamt""",
    "fr": """quoi quel quelle quels quelles quand où pourquoi comment combien selon document texte source sources
        information informations mentionné cependant donc aussi également ensuite suivant suivants ici oui plus autre
        autres tous toutes entre si car réponse question résumé""",
    "es": """qué cuál cuáles quién cuándo dónde cómo cuánto cuánta según documento texto fuente fuentes información
        mencionado sin embargo también además siguiente siguientes aquí sí otro otra otros todos todas entre si porque
        respuesta pregunta resumen""",
    "pt": """qual quais quem quando onde quanto quanta segundo documento texto fonte fontes informação informações
        mencionado porém também além seguinte seguintes aqui sim outro outra outros todos todas entre se porque
        resposta pergunta resumo""",
}
_NEGATIONS = {
    "en": "not no never without neither nor none cannot can't don't doesn't didn't isn't aren't wasn't weren't won't "
    "wouldn't shouldn't couldn't hasn't haven't hadn't nothing nobody unable excluding excludes excluded except",
    "de": "nicht kein keine keinen keiner keinem keines nie niemals ohne weder nichts niemand ausgeschlossen außer",
    "fr": "pas jamais sans aucun aucune ni rien personne sauf",
    "es": "no nunca sin ningún ninguna ninguno ni nada nadie excepto",
    "pt": "não nunca sem nenhum nenhuma nem nada ninguém exceto",
}


def content_words(text: str, language: str) -> list[str]:
    """Return the stems of the words that say something, in order; bigrams where words aren't parted."""
    empty = _empty_stems(language)
    return [
        word for word in analyze(without_question_words(text), language) if word not in empty and not word[0].isdigit()
    ]


def has_negation(text: str, language: str) -> bool:
    """Tell whether a text denies something."""
    if language in _NEGATIONS_UNSPACED:
        return any(mark in text for mark in _NEGATIONS_UNSPACED[language])
    lowered = text.casefold().replace("’", "'")
    words = {word.strip('.,;:!?()[]"“”«»') for word in lowered.split()}
    return not words.isdisjoint(_negation_words(language))


_NEGATIONS_UNSPACED = {"zh": ("不", "没", "未", "无", "非"), "ja": ("ない", "ません", "なし", "ず")}


@functools.cache
def _empty_stems(language: str) -> frozenset[str]:
    words = f"{_EMPTY.get(language, '')} {_NEGATIONS.get(language, '')}"
    return frozenset(analyze(words, language)) | frozenset(analyze(words, "und"))


@functools.cache
def _negation_words(language: str) -> frozenset[str]:
    return frozenset(_NEGATIONS.get(language, "").split())
