"""Everyday words of questions and the words that documents and table headers use for them.

A short, general list: what people ask for a price, a size, a weight, a delivery or a contact. It makes up for what a
small embedding model doesn't know, and it never makes a passage an answer by itself, as it counts as one word only.
"""

import functools
from collections.abc import Iterable

from apps.retrieval.lexical import analyze

# Asked word(s) = words that answer; the first of these joins the search.
_ASKED: dict[str, str] = {
    "en": """
        cost costs price prices pricing = price cost fee
        expensive cheap = price cost
        heavy weigh weighs = weight weigh kg heavy
        watt watts wattage = power watt wattage
        loud noisy quiet = noise sound loud decibel
        noise sound = noise sound loud decibel
        ship ships shipping = delivery deliver ship shipment dispatch
        deliver delivery = delivery deliver ship shipment dispatch
        phone telephone = phone telephone call tel hotline
        contact = contact call write e-mail email phone telephone
        support = service support help
        email e-mail mail = e-mail email mail write
        tall = height tall high
        wide = width wide
        big large = size big large dimensions capacity
        size dimensions = size dimensions width height
        guarantee = warranty guarantee
        warranty = warranty guarantee
        refund = refund return money
    """,
    "de": """
        kostet kosten teuer preis = preis kosten kostet gebühr
        schwer wiegt = gewicht wiegt schwer
        watt stromverbrauch = leistung watt
        laut = geräusch lautstärke schall laut
        versenden verschicken liefern versand lieferung = versand lieferung liefern versenden
        telefon telefonnummer anrufen = telefon telefonnummer anrufen tel
        kontakt erreichen kontaktieren = kontakt telefon e-mail anrufen schreiben
        hoch = höhe hoch
        breit = breite breit
        groß = größe maße abmessungen groß
        garantie gewährleistung = garantie gewährleistung
    """,
}


def synonyms(asked: Iterable[str], language: str) -> dict[str, frozenset[str]]:
    """Return the stems that may stand for the stems of a question, for those that have any."""
    table = _table(language)
    return {word: table[word][1] for word in asked if word in table}


def widened(question: str, language: str) -> str:
    """Return the question as it is searched for: with the documents' own word for each everyday one."""
    table, words = _table(language), analyze(question, language)
    added = dict.fromkeys(table[word][0] for word in words if word in table)
    missing = [word for word in added if not set(analyze(word, language)) & set(words)]
    return "\n".join([question, " ".join(missing)]) if missing else question


@functools.cache
def _table(language: str) -> dict[str, tuple[str, frozenset[str]]]:
    table: dict[str, tuple[str, frozenset[str]]] = {}
    for line in filter(str.strip, _ASKED.get(language, "").splitlines()):
        asked, _, answering = line.partition("=")
        entry = answering.split()[0], frozenset(analyze(answering, language))
        table.update(dict.fromkeys(analyze(asked, language), entry))
    return table
