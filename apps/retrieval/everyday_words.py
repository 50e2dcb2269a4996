"""Words that exist, whatever a chatbot's sources say: the whole words of the English embedding model's tokenizer."""

import functools
import json

from apps.core.embedding_service.minilm_weights import minilm_folder
from apps.retrieval.stop_words import STOP_WORDS

SHORTEST = 4  # letters; shorter ones are mostly pieces of words
_QUESTION_WORDS = """
    what which whose when where does they were have with from your there their about
    welche welcher welches wann warum wieso weshalb wofür wozu womit wodurch woher wohin worauf wieviel viele mein meine
    kein keine nicht können kann haben habe gibt
    quel quelle quels quelles quand pourquoi comment combien lequel laquelle peut puis vous nous sont avez
    cuál cuáles quién cuándo dónde cómo cuánto cuánta cuántos cuántas puedo puede tiene tienen para
    qual quais quem quando onde como quanto quanta quantos quantas posso pode você
"""


@functools.cache
def everyday_words() -> frozenset[str]:
    """Return some 20,000 English words and names, in small letters. Reads a file, once."""
    tokenizer = json.loads((minilm_folder() / "tokenizer.json").read_text(encoding="utf-8"))
    return frozenset(word for word in tokenizer["model"]["vocab"] if word.isalpha() and len(word) >= SHORTEST)


def is_small_word(word: str, language: str) -> bool:
    """Tell whether a word is one that any question may have."""
    return word in STOP_WORDS.get(language, ()) or word in _question_words()


@functools.cache
def _question_words() -> frozenset[str]:
    return frozenset(_QUESTION_WORDS.split())
