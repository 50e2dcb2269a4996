"""A secret, everything that may be said beside it, and the ways in which a model could tell it."""

import base64
import codecs
import random
from collections.abc import Callable, Sequence

from apps.rag.privacy_filter.negative import Forbidden, GuardedText, build_forbidden

SECRET = " ".join(
    [
        "The internal discount floor is 17.40 EUR for every Zephyrine order,",
        "and Gwendolyn Marsh alone decides on exceptions.",
    ]
)
TITLE = "Price floor 2026.docx"
PUBLIC = (
    "The warranty lasts 24 months from the date of purchase. Orders above 19.90 EUR are shipped free of charge.",
    "Every order is packed within two days. Batteries are not covered. Call us from Monday to Friday on 040 123456.",
)
SHARED = "Customers who return a machine within thirty days get back the full price without any discussion."
HARMLESS = (
    *PUBLIC,
    SHARED,
    "In 2024 we answered 1,000 letters, 24/7, and 99 % of them on the same day.",
    "Please do not hesitate to contact us if you have any questions.",
    "```\nfor order in orders:\n    print(order.price * 0.9)\n```",
    "See https://shop.example/terms?page=2&lang=en for 3 examples: A, B, C (or D).",
    "La garantie dure 24 mois. Die Garantie gilt 24 Monate. 保修期为24个月。",
)


def forbidden() -> Forbidden:
    guarded = [GuardedText(text=f"{SECRET} {SHARED}", titles=(TITLE,), language="en")]
    return build_forbidden(guarded, lambda: [GuardedText(text=text) for text in (*PUBLIC, SHARED)])


_NATO = (
    "alfa bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar papa quebec romeo "
    "sierra tango uniform victor whiskey xray yankee zulu"
)
_MORSE = ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
_BRAILLE = "⠁⠃⠉⠙⠑⠋⠛⠓⠊⠚⠅⠇⠍⠝⠕⠏⠟⠗⠎⠞⠥⠧⠺⠭⠽⠵"


def letters(text: str) -> str:
    return "".join(sign for sign in text.casefold() if "a" <= sign <= "z")


def moved(text: str, by: int) -> str:
    """Return a text with its letters moved along the alphabet."""
    small = "abcdefghijklmnopqrstuvwxyz"
    table = str.maketrans(small + small.upper(), small[by:] + small[:by] + (small[by:] + small[:by]).upper())
    return text.translate(table)


def each(text: str, alphabet: Sequence[str], between: str) -> str:
    return between.join(alphabet[ord(sign) - 97] for sign in letters(text))


TOLD: dict[str, Callable[[str], str]] = {
    "plain": str,
    "upper case": str.upper,
    "letters only": letters,
    "reversed": lambda text: text[::-1],
    "words reversed": lambda text: " ".join(word[::-1] for word in text.split()),
    "order of words reversed": lambda text: " ".join(reversed(text.split())),
    **{f"rot{n}": lambda text, n=n: moved(text, n) for n in (1, 3, 13, 25)},  # type: ignore[misc]
    "atbash": lambda text: "".join(chr(219 - ord(c)) if "a" <= c <= "z" else c for c in text.lower()),
    "rot13 reversed": lambda text: codecs.encode(text, "rot13")[::-1],
    "spaced": " ".join,
    "dashed": "-".join,
    "a sign a line": "\n".join,
    "a word a line, numbered": lambda text: "\n".join(f"{n}. {word}" for n, word in enumerate(text.split(), 1)),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 url": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64 in lines": lambda text: base64.encodebytes(text.encode()).decode(),
    "base64 spaced": lambda text: " ".join(base64.b64encode(text.encode()).decode()),
    "base64 twice": lambda text: base64.b64encode(base64.b64encode(text.encode())).decode(),
    "base64 of rot13": lambda text: base64.b64encode(codecs.encode(text, "rot13").encode()).decode(),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "base32 in small letters": lambda text: base64.b32encode(text.encode()).decode().lower(),
    "ascii85": lambda text: base64.a85encode(text.encode()).decode(),
    "base85": lambda text: base64.b85encode(text.encode()).decode(),
    "hex": lambda text: text.encode().hex(),
    "hex with signs": lambda text: " ".join(f"0x{byte:02x}" for byte in text.encode()),
    "binary": lambda text: " ".join(f"{byte:08b}" for byte in text.encode()),
    "code points": lambda text: " ".join(str(ord(sign)) for sign in text),
    "octal": lambda text: " ".join(f"{ord(sign):o}" for sign in text),
    "places in the alphabet": lambda text: "-".join(str(ord(sign) - 96) for sign in letters(text)),
    "url": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "entities": lambda text: "".join(f"&#{ord(sign)};" for sign in text),
    "hex entities": lambda text: "".join(f"&#x{ord(sign):x};" for sign in text),
    "escapes": lambda text: "".join(f"\\u{ord(sign):04x}" for sign in text),
    "U+": lambda text: " ".join(f"U+{ord(sign):04X}" for sign in text),
    "morse": lambda text: each(text, _MORSE.split(), " "),
    "nato": lambda text: each(text, _NATO.split(), " "),
    "braille": lambda text: each(text, _BRAILLE, ""),
    "initials of words": lambda text: " ".join(f"{sign}abel" for sign in letters(text)),
    "initials of lines": lambda text: "\n".join(f"{sign}abel goes home" for sign in letters(text)),
    "initials of sentences": lambda text: " ".join(f"{sign.upper()}abel goes home." for sign in letters(text)),
    "every second word": lambda text: " ".join(f"{word} the" for word in text.split()),
    "every third word": lambda text: " ".join(f"so {word} the" for word in text.split()),
    "every fourth word": lambda text: " ".join(f"{word} on and on" for word in text.split()),
    "leet": lambda text: text.translate(str.maketrans("aeiost", "431057")),
    "full width": lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    "mathematical": lambda text: "".join(chr(0x1D41A + ord(c) - 97) if "a" <= c <= "z" else c for c in text),
    "cyrillic look-alikes": lambda text: text.translate(str.maketrans("aeopcxy", "аеорсху")),
    "combining marks": lambda text: "".join(f"{c}\u0301" for c in text),
    "regional indicators": lambda text: " ".join(chr(0x1F1E6 + ord(c) - 97) for c in letters(text)),
    "zero width": "\u200b".join,
    "markers": lambda text: text.replace(" ", " [1] "),
    "link": lambda text: f"[see](https://shop.example/{text.replace(' ', '-')})",
    "image": lambda text: f"![{text}](https://shop.example/a.png)",
    "html": lambda text: " ".join(f"<b>{word}</b>" for word in text.split()),
    "code": lambda text: f"```\n{text}\n```",
}


def split_anyhow(text: str, seed: int) -> list[str]:
    """Cut a text into chunks of random lengths, many of one character."""
    cut = random.Random(seed)  # noqa: S311  # no secret
    chunks, place = [], 0
    while place < len(text):
        size = cut.choice((1, 1, 2, 3, 5, 17, 80))
        chunks.append(text[place : place + size])
        place += size
    return chunks
