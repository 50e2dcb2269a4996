"""The words that documents use for what people ask for: the names of everyday columns and headings.

"How heavy is it?" is answered by a row "Weight: 8 kg", which shares no word with it. The first word joins what search
looks for; it makes nothing an answer by itself.
"""

import functools

from apps.retrieval.lexical import analyze

# The column's word = the words of questions for it.
_COLUMNS = {
    "en": """
        price = cost costs expensive cheap cheapest cheaper
        weight = heavy weigh weighs
        power = watt watts wattage electricity
        noise = loud noisy quiet
        delivery = ship ships shipping
        height = tall
        size = big large dimensions
        warranty = guarantee
    """,
    "de": """
        preis = kostet kosten teuer billig billigste günstig
        gewicht = schwer wiegt
        leistung = watt stromverbrauch
        lautstärke = laut leise
        lieferung = versenden verschicken versand
        höhe = hoch
        größe = groß maße abmessungen
        garantie = gewährleistung
    """,
}
_HOW_MUCH = {
    "en": ("how much is", "how much are", "how much does", "how much do"),
    "de": ("wie viel kostet", "was kostet"),
}
_PRICE = {"en": "price", "de": "preis"}


def widened(question: str, language: str) -> str:
    """Return the question as it is searched for: with the documents' own word for each everyday one."""
    table, words = _table(language), analyze(question, language)
    added = dict.fromkeys(table[word] for word in words if word in table)
    if question.casefold().startswith(_HOW_MUCH.get(language, ("\0",))):
        added.setdefault(_PRICE[language])
    missing = [word for word in added if not set(analyze(word, language)) & set(words)]
    return "\n".join([question, " ".join(missing)]) if missing else question


@functools.cache
def _table(language: str) -> dict[str, str]:
    table: dict[str, str] = {}
    for line in filter(str.strip, _COLUMNS.get(language, "").splitlines()):
        column, _, asked = line.partition("=")
        table.update(dict.fromkeys(analyze(asked, language), column.strip()))
    return table
