"""What is true of one thing passes, and the same said of another does not, in several languages."""

import pytest

from apps.core.chunking import BlockKind, Part
from apps.rag.privacy_filter import PrivacyFilter
from apps.rag.tests.shop import hit, shop_context

FERRIES = (
    "The ferry to Mosby costs 12 dollars. The ferry to Karle costs 15 dollars. The ferry to Ellery leaves at nine. "
    "The ferry to Stord leaves at eleven. Ms. Nwosu teaches pottery. Mr. Lindqvist teaches weaving."
)
LAMPS = "The lamp LX-40 costs 30 dollars. It is green.\n\nThe lamp LX-50 costs 45 dollars. It is red."
PARTS = (
    "The filter RX-2207-B fits the Corvus dryer and costs 18 dollars.\n"
    "The filter RX-2207-C fits the Corvus Mini dryer and costs 21 dollars.\n"
    "Error E17 means that the drum is blocked. Error E71 means that the door is open."
)
LIGHTS = (
    "Light: Red tank; Meaning: The tank is empty; What to do: Fill it with water\n"
    "Light: Blinking cup; Meaning: The temperature sensor has failed; What to do: Call the service\n"
    "Light: Steady drop; Meaning: Descaling is due; What to do: Descale the machine"
)
MACHINES = (
    "Model: Wren; Price: £649; Colours: lake blue, oat; Weight: 8 kg\n"
    "Model: Heron; Price: £1,290; Colours: slate, copper; Weight: 21 kg\n"
    "Model: Lark; Price: £249; Colours: oat; Weight: 3 kg"
)
COFFEE = (
    "The Wren has one thermoblock and is ready in 40 seconds; the Heron has two boilers and is ready in nine minutes."
    "\n\n"
    "A factory renewed Wren costs £519 and has two years of warranty. You have thirty mornings to try it."
)
STEPS = (
    "To reset the machine:\n\n1. Hold the power button for ten seconds.\n2. Unplug the cable.\n3. Wait until the lamp "
    "is out.\n\nTo descale the machine:\n\n"
    "1. Fill the tank with descaler.\n2. Press the cup key twice.\n3. Rinse the tank."
)
KEYS = (
    "The blue key opens the cellar. The red key opens the attic. "
    "The office in Bergen opens at eight. The office in Tromso opens at ten."
)
HOURS = "Opening hours\n\nMonday: 9 to 17\nTuesday: 9 to 17\nSaturday: 10 to 14\nSunday: closed"
PLANS = (
    "Plans\n\n* Basic – 5 GB storage, 3 users\n* Team – 50 GB storage, 20 users\n"
    "* Enterprise – unlimited storage, phone support"
)
CAMPING = (
    "The pitch at the lake costs 18 euros a night. The pitch in the wood costs 14 euros a night. Showers are free. "
    "Firewood costs 5 euros a bag. Dogs are allowed in the wood but not at the lake."
)
STAFF = (
    "Full-time staff have 28 days of holiday a year. Part-time staff have 14 days of holiday a year. "
    "Parental leave is 16 weeks at full pay. Sick leave is paid for six weeks."
)
PORTS = "Port 8080 is used by the web server. Port 5432 is used by the database. The cache listens on port 6379."
RETURNS = (
    "Q: Can I return a cleaner?\nA: Yes, within 30 days of purchase.\n\n"
    "Q: Do you ship to France?\nA: Yes, we ship to all of Europe. It takes 5 days."
)
COURSES = "The pottery course begins on 3 May 2027. The weaving course begins on 5 June 2027."
MITGLIEDER = (
    "Der Jahresbeitrag beträgt 120 Euro für Erwachsene und 60 Euro für Jugendliche. "
    "Die Fähre nach Mosby kostet 12 Euro. Die Fähre nach Karle kostet 15 Euro. "
    "Frau Größmann gibt die Schlüssel aus. Herr Petersen leitet den Segelkurs."
)
BATEAUX = "Le bateau pour Dinard coûte 9 euros. Le bateau pour Cancale coûte 14 euros. Le musée ouvre à dix heures."
TRENES = "El tren a Toledo cuesta 14 euros. El tren a Segovia cuesta 11 euros. La piscina cierra los lunes."
BALSAS = "A balsa para Olhão custa 8 euros. A balsa para Tavira custa 5 euros. O museu fecha às segundas."
CHINESE = "去东岛的船票是12元。去西岛的船票是15元。博物馆九点开门。"
JAPANESE = "東島行きの船は1200円です。西島行きの船は1500円です。"


def says(text: str, source: str, question: str = "", language: str = "en") -> str:
    """Return what gets through of a model's words, with one passage as their source."""
    context = shop_context(hit(1, "Page", source))
    checker = PrivacyFilter(context=context, question=question, language=language)
    return "".join(checked.text for checked in checker.feed(text) + checker.flush())


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("The ferry to Mosby costs 12 dollars.", FERRIES),
        ("The ferry to Mosby costs 12 dollars, and the ferry to Karle 15 dollars.", FERRIES),
        ("The ferries to Mosby and Karle cost 12 and 15 dollars.", FERRIES),
        ("Mr. Lindqvist teaches weaving.", FERRIES),
        ("The ferry to Stord leaves at eleven.", FERRIES),
        ("The lamp LX-40 is green.", LAMPS),
        ("The LX-50 costs 45 dollars and is red.", LAMPS),
        ("The RX-2207-C filter fits the Corvus Mini dryer.", PARTS),
        ("E71 means the door is open.", PARTS),
        ("A red tank light means that the tank is empty.", LIGHTS),
        ("If the cup is blinking, the temperature sensor has failed: call the service.", LIGHTS),
        ("The Wren costs £649 and weighs 8 kg.", MACHINES),
        ("The Heron comes in slate and copper.", MACHINES),
        ("The Wren costs £649, the Heron £1,290 and the Lark £249.", MACHINES),
        ("The Heron is ready in nine minutes.", COFFEE),
        ("The Wren is ready in 40 seconds, while the Heron takes nine minutes.", COFFEE),
        ("A factory renewed Wren has a warranty of two years and costs £519.", COFFEE),
        ("To reset the machine, hold the power button for ten seconds.", STEPS),
        ("To descale the machine, follow these steps:\n\n1. Fill the tank with descaler.", STEPS),
        ("The red key opens the attic.", KEYS),
        ("On Saturday we are open from 10 to 14.", HOURS),
        ("We are closed on Sunday.", HOURS),
        ("The Team plan has 50 GB storage and 20 users.", PLANS),
        ("The pitch in the wood costs 14 euros a night.", CAMPING),
        ("Showers are free and firewood costs 5 euros a bag.", CAMPING),
        ("Dogs are allowed in the wood.", CAMPING),
        ("Part-time staff have 14 days of holiday.", STAFF),
        ("The web server uses port 8080 and the database port 5432.", PORTS),
        ("You can return a cleaner within 30 days.", RETURNS),
        ("Shipping to France takes 5 days.", RETURNS),
        ("The weaving course begins on June 5, 2027.", COURSES),
        ("The office in Tromso opens at ten.", KEYS),
    ],
)  # fmt: skip
def test_what_the_source_says_of_a_thing_passes(sentence: str, source: str) -> None:
    shown = says(sentence, source)
    assert all(word in shown for word in sentence.split()[-2:])


@pytest.mark.parametrize(
    ("sentence", "source"),
    [
        ("The ferry to Mosby costs 15 dollars. [1]", FERRIES),
        ("The ferry to Karle costs 12 dollars.", FERRIES),
        ("The ferry to Ellery leaves at eleven.", FERRIES),
        ("The ferries to Mosby and Karle cost 15 and 12 dollars.", FERRIES),
        ("Mr. Lindqvist teaches pottery. [1]", FERRIES),
        ("Ms. Nwosu teaches weaving and Mr. Lindqvist teaches pottery.", FERRIES),
        ("The LX-40 lamp is red. [1]", LAMPS),
        ("The lamp LX-40 costs 45 dollars.", LAMPS),
        ("The LX-50 is green and costs 45 dollars.", LAMPS),
        ("The RX-2207-C filter costs 18 dollars.", PARTS),
        ("Error E71 means that the drum is blocked.", PARTS),
        ("A red tank light means temperature sensor failed. [1]", LIGHTS),
        ("A blinking cup means that descaling is due.", LIGHTS),
        ("If the drop is steady, call the service.", LIGHTS),
        ("The Wren costs £1,290.", MACHINES),
        ("The Wren comes in slate and copper.", MACHINES),
        ("The Wren costs £649, the Heron £249.", MACHINES),
        ("The Lark weighs 21 kg.", MACHINES),
        ("The Heron is ready in 40 seconds.", COFFEE),
        ("The Wren has two boilers.", COFFEE),
        ("To reset the machine, fill the tank with descaler.", STEPS),
        ("To reset the machine:\n\n1. Fill the tank with descaler.\n2. Press the cup key twice.", STEPS),
        ("To descale the machine, hold the power button for ten seconds.", STEPS),
        ("The blue key opens the attic.", KEYS),
        ("On Sunday we are open from 10 to 14.", HOURS),
        ("We are closed on Saturday.", HOURS),
        ("The Basic plan has 50 GB storage.", PLANS),
        ("The Team plan includes phone support.", PLANS),
        ("The pitch at the lake costs 14 euros a night.", CAMPING),
        ("Showers cost 5 euros.", CAMPING),
        ("Firewood is free.", CAMPING),
        ("Dogs are allowed at the lake.", CAMPING),
        ("Part-time staff have 28 days of holiday.", STAFF),
        ("Sick leave is paid for 16 weeks.", STAFF),
        ("Parental leave is paid for six weeks.", STAFF),
        ("The database uses port 8080.", PORTS),
        ("The cache listens on port 5432.", PORTS),
        ("You can return a cleaner within 5 days.", RETURNS),
        ("Shipping to France takes 30 days.", RETURNS),
        ("The weaving course begins on 3 May 2027.", COURSES),
        ("The office in Bergen opens at ten.", KEYS),
    ],
)  # fmt: skip
def test_what_the_source_says_of_another_thing_does_not(sentence: str, source: str) -> None:
    assert says(sentence, source) == ""


@pytest.mark.parametrize(
    ("language", "source", "true", "false"),
    [
        ("de", MITGLIEDER, "Die Fähre nach Mosby kostet 12 Euro.", "Die Fähre nach Mosby kostet 15 Euro."),
        ("de", MITGLIEDER, "Erwachsene zahlen 120 Euro Jahresbeitrag.", "Jugendliche zahlen 120 Euro Jahresbeitrag."),
        ("de", MITGLIEDER, "Der Jahresbeitrag beträgt 60 Euro für Jugendliche.", "Frau Größmann leitet den Segelkurs."),
        ("fr", BATEAUX, "Le bateau pour Dinard coûte 9 euros.", "Le bateau pour Dinard coûte 14 euros."),
        ("es", TRENES, "El tren a Segovia cuesta 11 euros.", "El tren a Segovia cuesta 14 euros."),
        ("pt", BALSAS, "A balsa para Tavira custa 5 euros.", "A balsa para Tavira custa 8 euros."),
        ("zh", CHINESE, "去东岛的船票是12元。", "去东岛的船票是15元。"),
        ("ja", JAPANESE, "東島行きの船は1200円です。", "東島行きの船は1500円です。"),
    ],
)
def test_in_other_languages_too(language: str, source: str, true: str, false: str) -> None:
    assert says(true, source, language=language) != ""
    assert says(false, source, language=language) == ""


@pytest.mark.parametrize(
    ("sentence", "question"),
    [
        ("It costs 15 dollars.", "How much is the ferry to Mosby?"),
        ("Yes, the ferry to Mosby costs 15 dollars.", "Does the ferry to Mosby cost 15 dollars?"),
        ("Yes, the ferry to Mosby costs 12 dollars.", "Does the ferry to Mosby cost 15 dollars?"),
        ("Yes, Mr. Lindqvist teaches pottery.", "Does Mr. Lindqvist teach pottery?"),
        ("No, the ferry to Mosby costs 12 dollars.", "Does the ferry to Mosby cost 12 dollars?"),
    ],
)
def test_a_question_makes_nothing_true(sentence: str, question: str) -> None:
    assert says(sentence, FERRIES, question) == ""


def test_a_question_names_what_an_answer_is_about() -> None:
    assert says("It costs 12 dollars.", FERRIES, "How much is the ferry to Mosby?") == "It costs 12 dollars. [1]"
    assert says("Yes, it costs 12 dollars.", FERRIES, "Is the ferry to Mosby 12 dollars?").startswith("Yes, it costs")


def test_a_lone_yes_is_held_against_what_follows() -> None:
    question = "Does the ferry to Mosby cost 15 dollars?"
    assert (
        says("Yes. The ferry to Mosby costs 12 dollars.", FERRIES, question)
        == "The ferry to Mosby costs 12 dollars. [1]"
    )
    assert says("No. The ferry to Mosby costs 12 dollars.", FERRIES, question).startswith("No. The ferry")


@pytest.mark.parametrize(
    "courtesy",
    ["Sure, happy to help!", "Here is what I found:", "Here are the two steps you need to follow:", "Great question!"],
)
def test_a_courtesy_claims_nothing_and_waits_for_what_does(courtesy: str) -> None:
    assert says(courtesy, FERRIES) == ""
    assert says(f"{courtesy}\n\nMs. Nwosu teaches pottery.", FERRIES).startswith(courtesy)


def test_advice_without_facts_may_follow() -> None:
    advice = "If you need further assistance, please feel free to contact us."
    assert says(f"Ms. Nwosu teaches pottery. {advice}", FERRIES).endswith(advice)
    assert "bankrupt" not in says(f"Ms. Nwosu teaches pottery. {advice[:-1]}, as we are bankrupt.", FERRIES)


def test_a_citation_leads_to_the_page_that_its_quote_is_on() -> None:
    second = LAMPS.index("The lamp LX-50")
    places = [(0, second - 2, 3), (second, len(LAMPS), 4)]
    layout = tuple(Part(kind=BlockKind.PARAGRAPH, start=start, end=end, page=page) for start, end, page in places)
    context = shop_context(hit(1, "Lamps", LAMPS, page=3, layout=layout))
    checker = PrivacyFilter(context=context, question="", language="en")
    assert checker.feed("The lamp LX-50 costs 45 dollars. ") + checker.flush()
    assert [citation.page for citation in checker.citations] == [4]


CODE = "To list the boats:\n\n```\nboats --all\n```\n\nTo remove a boat:\n\n```\nboats --remove NAME\nboats --sync\n```"


@pytest.mark.parametrize(
    ("code", "passes"),
    [
        ("```\nboats --remove NAME\nboats --sync\n```", True),
        ("```\nboats --all\n```", True),
        ("```\nboats --all\nboats --sync\n```", False),
        ("```\nboats --remove --all\n```", False),
    ],
)
def test_code_is_the_sources_or_it_is_not_shown(code: str, passes: bool) -> None:
    source = CODE.replace("```\n", "").replace("\n```", "")
    assert bool(says(f"Use this:\n\n{code}\n", source)) is passes


@pytest.mark.parametrize(
    "sentence",
    ["In the array a[0] is the first value.", "The law [2019] forbids nets.", "The bridge was built in 1904 [12]."],
)
def test_brackets_of_the_source_stay_as_they_are(sentence: str) -> None:
    source = "The bridge was built in 1904 [12]. In the array a[0] is the first value. The law [2019] forbids nets."
    assert says(sentence, source) == f"{sentence} [1]"
    assert says(f"{sentence[:-1]} [1].", source).replace(" ", "") == f"{sentence[:-1]}[1].".replace(" ", "")
