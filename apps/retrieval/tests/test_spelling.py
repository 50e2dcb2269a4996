"""Visitors mistype words; what is in Alice's citable sources is understood, and nothing else shows through."""

import asyncio
from collections.abc import Iterator

import pytest

from apps.chatbots.models import Chatbot
from apps.core.database.visitor import close_visitor_pool
from apps.retrieval import spelling
from apps.retrieval.lexical import analyze, query_terms, term_id
from apps.retrieval.tests.shelf import Shelf

pytestmark = pytest.mark.django_db(transaction=True)

HANDBOOK = (
    "The maximum for the flexible spending account is 3,300 dollars a year.",
    "Every three years there is a six week paid sabbatical.",
    "Our office is in Barcelona; visitors park in the garage of Größmann.",
)
MANUAL = (
    "Die Mindestladung stellen Sie unter Fahrzeuge ein: Wallbox einstellen, dann die Hausbatterie.",
    "Der Wechselrichter wird nicht eingebunden.",
)
SECRET = "The takeover of Quixworth is planned for autumn."


@pytest.fixture
def handbook() -> Iterator[Shelf]:
    shelf = Shelf(name="Alice's handbook")
    shelf.put(*HANDBOOK)
    shelf.put(SECRET, citable=False)
    Shelf(name="Bob's bot").put("Bob sells zeppelins")
    yield shelf
    Chatbot.objects.all().delete()


@pytest.fixture
def manual() -> Iterator[Shelf]:
    shelf = Shelf(name="Alice's manual")
    shelf.put(*MANUAL, language="de")
    yield shelf
    Chatbot.objects.all().delete()


def corrected(shelf: Shelf, query: str, language: str = "en") -> str:
    async def correct() -> str:
        try:
            return await spelling.correct(shelf.chatbot.pk, query, language)
        finally:
            await close_visitor_pool()

    return asyncio.run(correct())


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("maximun for the flexibel spending acount", "maximum for the flexible spending account"),
        ("What is the asbbatical?", "What is the sabbatical?"),
        ("SABBTAICAL", "SABBATICAL"),
        ("Sabatical", "Sabbatical"),
        ("Where is Bracelona?", "Where is Barcelona?"),
        ("hwat is the maximum", "what is the maximum"),
        ("flexible-spneding", "flexible-spending"),
    ],
)
def test_a_mistyped_word_is_corrected_to_one_of_the_sources(handbook: Shelf, typed: str, meant: str) -> None:
    assert corrected(handbook, typed) == meant


@pytest.mark.parametrize(
    "query",
    [
        "What is the maximum for the flexible spending accounts?",  # all of it is known
        "season",  # "reason" or not, it is a word
        "Is there a gym membership benefit?",
        "Who is Karle?",
        "RX-2207-D maxmium2 http://example.org/maxmium user@maxmium.example",
        "FSPA",  # capitals
        "",
        "？",
        "zeppelinn",  # Bob's
    ],
)
def test_what_is_no_mistake_is_left_alone(handbook: Shelf, query: str) -> None:
    assert corrected(handbook, query) == query


def test_a_word_that_only_a_learn_only_source_has_corrects_nothing(handbook: Shelf) -> None:
    assert corrected(handbook, "Quixwroth takeoevr") == corrected(Shelf(name="Empty"), "Quixwroth takeoevr")
    handbook.put(SECRET)  # the same source made citable: the test could have failed
    assert "Quixworth" in corrected(handbook, "Quixwroth takeoevr")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("wie kan ich die mindestladung einstelen", "wie kan ich die mindestladung einstellen"),
        ("Wechselricther", "Wechselrichter"),
        ("Was ist die Hausbattreie?", "Was ist die Hausbatterie?"),
        ("Wlache Wallbox?", "Wlache Wallbox?"),
        ("Wlecher Wechselrichter?", "Welcher Wechselrichter?"),
    ],
)
def test_german_words_are_corrected_too(manual: Shelf, typed: str, meant: str) -> None:
    assert corrected(manual, typed, "de") == meant


@pytest.mark.parametrize(
    "query",
    [
        "Wallboxeinstellung",  # no passage has it, but both its parts
        "Fahrzeugs",
        "eingebundene Wechselrichtern",
        "Elektriker",
        "Garantie auf die Waschmaschine",
    ],
)
def test_german_compounds_and_inflected_words_are_no_mistakes(manual: Shelf, query: str) -> None:
    assert corrected(manual, query, "de") == query


def test_an_empty_chatbot_corrects_nothing_of_its_own(db: None) -> None:
    assert corrected(Shelf(), "Wechselricther", "de") == "Wechselricther"


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    ("one", "other"), [("Groessmann", "Größmann"), ("Größmann", "Groessmann"), ("Mueller", "Müller")]
)
def test_an_umlaut_and_its_two_letters_find_each_other(language: str, one: str, other: str) -> None:
    in_the_index = {term_id(term) for term in analyze(one, language)}
    assert in_the_index & set(query_terms(other, [language]))


def test_question_words_of_chinese_and_japanese_are_not_searched_for() -> None:
    assert set(query_terms("如何导出密码库？", ["zh"])) == set(query_terms("导出密码库", ["zh"]))
    assert set(query_terms("保証期間はどのくらいですか？", ["ja"])) == set(query_terms("保証期間", ["ja"]))
    assert set(query_terms("目的地在哪里", ["zh"])) >= {term_id("目的"), term_id("的地")}
