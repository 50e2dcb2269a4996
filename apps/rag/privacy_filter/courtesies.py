"""Words and turns that claim nothing: openers, hedges, courtesies, advice to ask somebody, a leading yes or no."""

import functools
import re

from apps.rag.words import content_words

# What a sentence may consist of that greets, sums up, points to what follows or offers help.
_COURTESIES = {
    "en": """found find hello hi welcome thank thanks glad happy hope please sorry apologize sure certainly course great
        question questions ask asking contact reach support assistance assist help helps helpful further
        additional detail details guidance advice learn refer visit check see website page feel let know
        need needs hesitate good luck overall summary short conclusion generally typically usually often mainly
        main key common possible specific some several various different many following follow followed steps
        step way ways things thing options option points tips suggestions examples example reasons causes
        features components types kinds include considerations consider considering important note essential
        keep mind ensure issue problem resolve works work means case situation cases available list breakdown
        overview best practices team customer service provide try took easily quickly successfully simply also
        well like brief look here's there's notable""",
    "de": """hallo willkommen danke gerne gern bitte leider entschuldigung sicher natürlich frage fragen kontakt
        kontaktieren wenden melden hilfe helfen hilft weitere weiteren weiterer details auskunft beratung
        unterstützung support team kundendienst website seite sehen siehe schauen wissen brauchen zögern
        insgesamt kurz zusammengefasst allgemein normalerweise meist oft wichtig wichtige beachten folgende
        folgenden schritte schritt möglichkeiten punkte beispiele beispiel gründe arten verschiedene mehrere
        einige viele verfügung stehen hoffe freuen problem lösen übersicht gehen vor""",
    "fr": """bonjour bienvenue merci volontiers plaît désolé certainement question questions contact contacter
        contactez aide aider renseignements détails équipe service client site page voir savoir besoin hésitez
        bref résumé généralement souvent important noter suivantes suivante étapes étape options points exemples
        exemple raisons types différents plusieurs certains voici disposition espère problème résoudre""",
    "es": """hola bienvenido gracias gusto favor siento claro pregunta preguntas contacto contactar contacte póngase
        ayuda ayudar más detalles equipo servicio cliente sitio página ver saber necesita dude resumen general
        generalmente importante nota siguientes pasos paso opciones puntos ejemplos ejemplo razones tipos
        diferentes varios algunos espero problema resolver disposición""",
    "pt": """olá bem-vindo obrigado prazer favor desculpe claro pergunta perguntas contato contacto entre ajuda
        ajudar mais detalhes equipe equipa serviço cliente site página ver saber precisa hesite resumo geral
        geralmente importante nota seguintes passos passo opções pontos exemplos exemplo razões tipos diferentes
        vários alguns espero problema resolver disposição""",
}  # fmt: skip
# Words that only hold a sentence together and that stop lists leave in.
_BINDING = {
    "en": """have has had having been being do does did done doing would should could may might must can shall will
        get even still very quite rather though although unless until while during before after over under
        between through against upon again once own same too themselves itself yourself every either however
        also often typically usually generally specifically particularly especially essentially additionally
        furthermore moreover similarly ultimately various certain particular based according refer refers
        related using like etc within without along us me him them you your we our my i mine yours""",
    "de": """haben hat hatte habe wird werden wurde wurden kann können könnte könnten soll sollte sollten muss müssen
        darf dürfen mag auch noch sehr schon immer bereits etwa beispielsweise insbesondere typischerweise
        üblicherweise während bevor nachdem über unter zwischen durch gegen selbst jede jeder jedes bestimmte""",
    "fr": """avoir été être peut peuvent pouvez doit doivent devez faire aussi encore très souvent notamment
        généralement pendant avant après entre contre chaque même""",
    "es": """haber ha han sido ser puede pueden debe deben hacer también aún muy frecuentemente especialmente durante
        antes después entre contra cada mismo misma""",
    "pt": """ter tem têm sido ser pode podem deve devem fazer também ainda muito frequentemente especialmente durante
        antes depois entre contra cada mesmo mesma""",
}
_OPENER = re.compile(
    r"(?P<yes>yes|ja|oui|sí|si|sim|はい|是的|是)(?P<sign>[,.!;:，。、！—–]|\s[—–-])\s*"
    r"|(?P<no>no|nein|non|não|いいえ|不是|不)(?:[,.!;:，。、！—–]|\s[—–-])\s*",
    re.IGNORECASE,
)


def without_yes_or_no(sentence: str) -> tuple[str, bool | None]:
    """Return what follows a leading yes or no, and which it was (True is yes); None where there is neither."""
    found = _OPENER.match(sentence)
    if found is None:
        return sentence, None
    return sentence[found.end() :], bool(found["yes"])


def is_courteous(words: frozenset[str], language: str) -> bool:
    """Tell whether a sentence consists of such words, and of any at all."""
    return bool(words) and not without_courtesies(words, language)


def without_courtesies(words: frozenset[str], language: str) -> frozenset[str]:
    """Return the words that can be true or false of something; only who is to "feel free" doesn't go free of charge."""
    words = words - {"free"} if "feel" in words else words
    return words - _stems(language) - _binding_stems(language)


@functools.cache
def _stems(language: str) -> frozenset[str]:
    return frozenset(content_words(_COURTESIES.get(language, ""), language))


@functools.cache
def _binding_stems(language: str) -> frozenset[str]:
    return frozenset(content_words(_BINDING.get(language, ""), language))
