"""The words of the visitor's pages and of the widget, in nine languages; no other file of theirs holds any."""

import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from django.utils.translation.trans_real import parse_accept_lang_header

from apps.chatbots.languages import DEFAULT, LANGUAGES, RIGHT_TO_LEFT

FOLDER = Path(__file__).parent / "texts"
SPOKEN = "say_"  # the keys of what the page's script says


@functools.cache
def texts_for(language: str) -> Mapping[str, str]:
    """Return every text by its key, in one of `LANGUAGES`, else in English."""
    return MappingProxyType(_read(DEFAULT) | (_read(language) if language in LANGUAGES else {}))


def spoken(texts: Mapping[str, str]) -> dict[str, str]:
    """Return the texts that the page's script says, by its own names for them."""
    return {key.removeprefix(SPOKEN): text for key, text in texts.items() if key.startswith(SPOKEN)}


def choose_language(*, of_bot: str, asked: str = "", accepted: str = "") -> str:
    """Return the first language we speak: the chatbot's, the one asked for, those of Accept-Language, English."""
    preferred = [of_bot, asked, *(tag for tag, _ in parse_accept_lang_header(accepted.lower()[:500]))]
    return next(_spoken_of(preferred), DEFAULT)


def direction(language: str) -> Literal["ltr", "rtl"]:
    return "rtl" if language in RIGHT_TO_LEFT else "ltr"


def _spoken_of(tags: Iterable[str]) -> Iterator[str]:
    languages = (tag.lower().replace("_", "-").partition("-")[0] for tag in tags)
    return (language for language in languages if language in LANGUAGES)


def _read(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found
