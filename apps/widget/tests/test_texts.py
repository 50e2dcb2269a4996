"""Nine languages say the same: no text is missing, none is left in English, and every blank is there to be filled."""

import json
import re

import pytest

from apps.chatbots.languages import LANGUAGES, RIGHT_TO_LEFT
from apps.conversations.contact_form import LONGEST
from apps.widget.texts import FOLDER, choose_language, direction, spoken, texts_for

OTHERS = sorted(set(LANGUAGES) - {"en"})
WORD = re.compile(r"[A-Za-z]{2}")
BLANK = re.compile(r"%s|\{\w*\}|%\d|%\(")
# What is the same word in another language.
SAME = {
    ("de", "widget_launcher"), ("es", "widget_launcher"), ("pt", "widget_launcher"),
    ("fr", "conversation"), ("fr", "passage"), ("fr", "sources"), ("fr", "say_page"),
}  # fmt: skip
# By script: what a text in it must hold, unless it is all blanks and signs.
SCRIPTS = {"ar": r"[؀-ۿ]", "hi": r"[ऀ-ॿ]", "ja": r"[぀-ヿ一-鿿]", "zh": r"[一-鿿]"}


def read(language: str) -> dict[str, str]:
    found: dict[str, str] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_there_and_no_other(language: str) -> None:
    assert set(read(language)) == set(read("en"))


@pytest.mark.parametrize("language", OTHERS)
def test_every_blank_is_there_once(language: str) -> None:
    english = read("en")
    assert any("%s" in text for text in english.values())
    for key, text in read(language).items():
        assert BLANK.findall(text) == BLANK.findall(english[key]), key


@pytest.mark.parametrize("language", OTHERS)
def test_nothing_is_left_in_english(language: str) -> None:
    english = read("en")
    own = read(language)
    same = {key for key, text in own.items() if text == english[key] and WORD.search(text.replace("%s", ""))}
    assert {(language, key) for key in same} <= SAME
    if script := SCRIPTS.get(language):
        assert not [key for key, text in own.items() if not re.search(script, text) and re.search(r"\w{2}", text)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_texts_hold_no_markup_and_no_stray_space(language: str) -> None:
    for key, text in read(language).items():
        assert text == text.strip(), key
        assert text, key
        assert not re.search(r"[<>]|&\w+;|  ", text), key


def test_a_visitor_is_spoken_to_in_the_first_language_that_we_have() -> None:
    assert choose_language(of_bot="de-AT", asked="fr", accepted="es") == "de"
    assert choose_language(of_bot="it", asked="fr-CA", accepted="es") == "fr"
    assert choose_language(of_bot="", asked="", accepted="nl, zh-Hant;q=0.9, es;q=0.2") == "zh"
    assert choose_language(of_bot="", asked="xx", accepted="nonsense;;;") == "en"


def test_arabic_runs_from_right_to_left() -> None:
    assert direction("ar") == "rtl"
    assert {direction(language) for language in LANGUAGES if language not in RIGHT_TO_LEFT} == {"ltr"}


def test_the_script_finds_its_words_under_its_own_names() -> None:
    assert spoken(texts_for("en"))["again"] == texts_for("en")["say_again"]


def test_every_text_is_shown_somewhere() -> None:
    """A text that nothing shows any more would go on being translated."""
    files = [
        path
        for path in FOLDER.parent.rglob("*")
        if path.suffix in {".html", ".py", ".js"} and "tests" not in path.parts
    ]
    written = "\n".join(path.read_text(encoding="utf-8") for path in files)
    unused = [key for key in read("en") if not re.search(rf"\b{key.removeprefix('say_')}\b", written)]
    assert set(unused) <= {f"contact_{field}" for field in LONGEST}  # put together from the field's name
