"""Numbers, currencies and units in a text, in a form in which equal amounts are equal however they are written."""

import re
import unicodedata
from itertools import pairwise

# Three digits after a space belong to the number before it: "1 000" (also with the narrow spaces of French and SI).
_SPACED = re.compile(r"(?<![\d.,])\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?!\d)(?:[.,]\d+)?")
_PLAIN = re.compile(r"\d+(?:[.,'’:/]\d+)*")
_SEPARATOR = re.compile(r"[.,'’ \u00a0\u2009\u202f]")
_LETTERS = re.compile(r"[^\W\d_]+")
_FRACTIONS = str.maketrans({"½": ".5", "¼": ".25", "¾": ".75"})
_LEADING_POINT = re.compile(r"(?<!\d)\.(?=25|5|75)")
_DIGIT_OF_OTHERS = re.compile(r"[^\D0-9]")
_WORDS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)?|[%‰€$£¥₹]")

# Only words that mean nothing else in the other languages ("once", "cent", "sept", "neuf" do).
NUMBER_WORDS = {
    word: value
    for value, words in {
        "2": "two zwei deux dos dois", "3": "three drei trois tres três", "4": "four vier quatre cuatro quatro",
        "5": "five fünf cinq cinco", "6": "six sechs seis", "7": "seven sieben siete sete", "8": "eight huit ocho oito",
        "9": "nine neun nueve", "10": "ten zehn diez", "11": "eleven elf onze", "12": "twelve zwölf douze doce doze",
        "13": "thirteen dreizehn", "14": "fourteen vierzehn quatorze", "15": "fifteen fünfzehn quinze quince",
        "16": "sixteen sechzehn", "18": "eighteen achtzehn", "20": "twenty zwanzig vingt veinte vinte",
        "30": "thirty dreißig trente treinta trinta", "40": "forty vierzig quarante cuarenta quarenta",
        "50": "fifty fünfzig cinquante cincuenta", "60": "sixty sechzig soixante sesenta sessenta",
        "70": "seventy siebzig", "80": "eighty achtzig", "90": "ninety neunzig noventa", "100": "hundred hundert cien",
        "1000": "thousand tausend", "1000000": "million millionen millions millón millones milhão milhões",
        "1000000000": "billion milliarde milliarden milliards",
    }.items()
    for word in words.split()
}  # fmt: skip
# What a figure counts: "24 months" is not "24 years". Words of one line mean the same.
_UNITS = {
    word: words.split()[0]
    for words in (
        "% percent prozent pourcent porcento", "€ eur euro euros", "$ usd dollar dollars", "£ gbp pound pounds pfund",
        "¥ yen jpy yuan cny", "₹ inr rupee rupees", "chf franken francs",
        "second seconds sec sekunde sekunden seconde secondes segundo segundos",
        "minute minutes min minuten minuto minutos", "hour hours h std stunde stunden heure heures hora horas",
        "day days tag tage tagen jour jours día días dia dias",
        "week weeks woche wochen semaine semaines semana semanas",
        "month months monat monate monaten mois mes meses mês",
        "year years yr yrs jahr jahre jahren an ans année années año años ano anos",
        "mm", "cm", "m meter meters metre metres mètre mètres metro metros",
        "km kilometer kilometers kilometre kilometres",
        "inch inches zoll", "foot feet", "mile miles", "g gram grams gramm",
        "kg kilogram kilograms kilogramm kilo kilos",
        "ton tons tonne tonnes", "l liter liters litre litres", "ml", "w watt watts", "kw", "kwh",
        "v volt volts", "mah",
        "db", "mb", "gb", "tb", "hz", "khz", "mhz", "ghz", "°c celsius", "°f fahrenheit",
        "degrees grad degrés grados graus",
    )
    for word in words.split()
}  # fmt: skip
MOST_COUNTED = 12  # a larger number in words is a figure whatever it counts
_AT = frozenset(["at", "um", "à", "a", "las", "às", "until", "till", "bis", "after", "before"])  # of hours
_LINKS = frozenset(["and", "or", "und", "oder", "et", "ou", "y", "o", "e", "to", "bis"])
_UNIT_AFTER = re.compile(r"[\s\u00a0-]{0,2}(°?[^\W\d_]+|[%‰€$£¥₹])")
_CURRENCY_BEFORE = re.compile(r"([€$£¥₹])\s?$")


def normalise(text: str) -> str:
    """Return the text in NFKC with plain digits, and with fractions such as 6½ as decimals."""
    if text.isascii():
        return text
    text = _LEADING_POINT.sub("0.", text.translate(_FRACTIONS))
    text = unicodedata.normalize("NFKC", text)
    return _DIGIT_OF_OTHERS.sub(lambda match: str(unicodedata.decimal(match.group())), text)


def figures(text: str) -> list[frozenset[str]]:
    """Return for each number in a normalised text the ways it can be read; `1.000` may be a thousand or one."""
    found = [readings(match.group()) for match in _PLAIN.finditer(_SPACED.sub(_joined, text))]
    return found + [frozenset({value}) for value in _number_words(text)]


def claimed_figures(text: str) -> list[frozenset[str]]:
    """Return the numbers that a normalised text claims: "two kinds" only counts what is told, "two days" claims."""
    found = [readings(match.group()) for match in _PLAIN.finditer(_SPACED.sub(_joined, text))]
    if not _has_number_words(text):
        return found
    words = [*_WORDS.findall(text.casefold()), ""]
    for before, word, after in zip(["", *words], words, words[1:], strict=False):
        is_count = after and after not in _UNITS and before not in _AT and after not in _LINKS
        found += [frozenset({value}) for value in _number_words(word) if not (is_count and int(value) <= MOST_COUNTED)]
    return found


def readings_in(text: str) -> frozenset[str]:
    """Return every way to read every number of a normalised text."""
    spaced = (readings(match.group()) for match in _SPACED.finditer(text))
    plain = (readings(match.group()) for match in _PLAIN.finditer(text))
    return frozenset(_number_words(text)).union(*spaced, *plain)


def readings(number: str) -> frozenset[str]:
    """Return the canonical forms of one number, by which its separators may be read."""
    separators = _SEPARATOR.findall(number)
    groups = _SEPARATOR.split(number)
    if not separators or len(groups) != len(separators) + 1:
        return frozenset({_trimmed(number)})
    forms = {_trimmed("".join(groups))} if _are_thousands(groups) else set()
    if len(set(separators)) == 1:
        forms |= {_decimal(groups)} if len(groups) == 2 and separators[0] in ".," else set()
    elif len(set(separators[:-1])) == 1 and separators[-1] in ".," and _are_thousands(groups[:-1]):
        forms |= {_decimal(["".join(groups[:-1]), groups[-1]])}
    return frozenset(forms or {number})


def units(text: str) -> frozenset[str]:
    """Return what the figures of a normalised text count or cost."""
    found = set()
    for match in _PLAIN.finditer(text):
        after = _UNIT_AFTER.match(text, match.end())
        before = _CURRENCY_BEFORE.search(text[max(0, match.start() - 2) : match.start()])
        found |= {word.group(1).casefold() for word in (after, before) if word}
    lowered = text.casefold().split()
    found |= {after.strip(".,;:!?)") for word, after in pairwise(lowered) if word in NUMBER_WORDS}
    return frozenset(_UNITS[word] for word in found if word in _UNITS)


def units_in(text: str) -> frozenset[str]:
    """Return every unit and currency that a normalised text names anywhere."""
    return frozenset(_UNITS[word] for word in _WORDS.findall(text.casefold()) if word in _UNITS) | units(text)


def without_number_words(text: str) -> str:
    """Return the text without numbers that are written as words."""
    if not _has_number_words(text):
        return text
    return _WORDS.sub(lambda word: "" if _number_words(word.group()) else word.group(), text)


def is_unit(word: str) -> bool:
    """Tell whether a casefolded word is a unit or a currency."""
    return word in _UNITS


def _has_number_words(text: str) -> bool:
    return not NUMBER_WORDS.keys().isdisjoint(_LETTERS.findall(text.casefold()))


def _number_words(text: str) -> list[str]:
    """Return the values of the numbers that are written as words; "twenty-four" is one."""
    if not _has_number_words(text):
        return []
    values = []
    for word in _WORDS.findall(text.casefold()):
        parts = [NUMBER_WORDS[part] for part in word.split("-") if part in NUMBER_WORDS]
        is_compound = len(parts) == 2 and len(parts[0]) == 2 and len(parts[1]) == 1
        values += [str(int(parts[0]) + int(parts[1]))] if is_compound else parts
    return values


def _joined(match: re.Match[str]) -> str:
    return re.sub(r"[ \u00a0\u2009\u202f]", "", match.group())


def _are_thousands(groups: list[str]) -> bool:
    return len(groups[0]) <= 3 and groups[0] != "0" and all(len(group) == 3 for group in groups[1:])


def _decimal(groups: list[str]) -> str:
    whole, fraction = _trimmed(groups[0]), groups[1]
    if len(fraction) == 3 and _are_thousands(groups):
        return f"{whole}.{fraction}"  # "1.000" stays apart from "1"
    return f"{whole}.{fraction.rstrip('0')}".rstrip(".")


def _trimmed(digits: str) -> str:
    return digits.lstrip("0") or "0"
