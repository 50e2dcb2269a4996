"""Every format that Tacit reads: a file goes in, and what it says comes out cited with its title and page."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import Owner
from tests.flows import documents

SHARED = Path(__file__).parents[3] / "shared" / "documents"


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What one file alone says: asked for, it is found in the quote of a citation with this title, page and address.

    The page of a presentation is the slide, that of a workbook the sheet.
    """

    file_name: str
    content: bytes = field(repr=False)
    question: str
    says: str
    title: str
    page: int | None = None
    url: str = ""


def shared(path: str) -> bytes:
    """A file nobody here can make; empty where the shared material is absent."""
    file = SHARED / path
    return file.read_bytes() if file.exists() else b""


def web_page(title: str, text: str) -> bytes:
    head = f"<!doctype html><html lang=en><head><title>{title}</title></head>"
    menu = "<nav><a href=/>Home</a> <a href=/about>About us</a></nav>"
    return f"{head}<body>{menu}<main><h1>{title}</h1><p>{text}</p></main></body></html>".encode()


FACTS = [
    Fact(
        file_name="tent.pdf",
        content=documents.pdf(
            [
                ["Osprey tent manual", "This manual is for the Osprey tent and its poles."],
                ["Care", "Dry the Osprey tent before you store it."],
                ["Technical data", "The Osprey tent weighs 2.4 kg with its poles.", "It sleeps three people."],
            ],
            title="Osprey tent manual",
        ),
        question="How much does the Osprey tent weigh?",
        says="2.4 kg",
        title="Osprey tent manual",
        page=3,
    ),
    Fact(
        file_name="returns.docx",
        content=documents.docx(
            "Lending library rules",
            ["Members of the lending library may keep a borrowed telescope for 19 days.", "Bring it back clean."],
        ),
        question="How long may members keep a borrowed telescope?",
        says="19 days",
        title="Lending library rules",
    ),
    Fact(
        file_name="fees.docx",
        content=documents.docx(
            "Fees of the marina",
            ["What a berth costs."],
            [("Boat", "Fee per night"), ("Dinghy", "6.50 EUR"), ("Catamaran", "48.20 EUR")],
        ),
        question="What is the fee per night for a catamaran?",
        says="48.20 EUR",
        title="Fees of the marina",
    ),
    Fact(
        file_name="kickoff.pptx",
        content=documents.pptx(
            [
                ("Harbour bridge project", "Why the harbour bridge is rebuilt", "Greet the guests."),
                ("Schedule", "The harbour bridge opens to cyclists on 14 September.", "Work goes on all summer."),
            ]
        ),
        question="When does the harbour bridge open to cyclists?",
        says="14 September",
        title="Harbour bridge project",
        page=2,
    ),
    Fact(
        file_name="kilns.xlsx",
        content=documents.xlsx(
            {
                "Kilns": [("Kiln", "Highest temperature", "Shelves"), ("Vesuv", "1280 °C", 4), ("Etna", "1340 °C", 6)],
                "Glazes": [("Glaze", "Colour"), ("Moss", "green")],
            }
        ),
        question="What is the highest temperature of the kiln Etna?",
        says="1340 °C",
        title="kilns",
        page=1,
    ),
    Fact(
        file_name="quiz.xls",
        content=shared("xls/tests-example.xls"),
        question="How high is the student activities fee in dollars?",
        says="95",
        title="quiz",
        page=1,
    ),
    Fact(
        file_name="various.xlsb",
        content=shared("xlsb/testEXCEL_various.xlsb"),
        question="What does customFormat1 hold?",
        says="merchant1",
        title="various",
        page=1,
    ),
    Fact(
        file_name="orchard.ods",
        content=documents.ods("Trees", [("Apple variety", "Trees", "Age"), ("Boskoop", 12, 40), ("Klarapfel", 31, 7)]),
        question="How many trees of the apple variety Klarapfel are there?",
        says="31",
        title="orchard",
        page=1,
    ),
    Fact(
        file_name="ferries.csv",
        content=documents.delimited(
            [("Ferry line", "Crossing time"), ("Alvik to Bergo", "35 minutes"), ("Alvik to Sund", "80 minutes")]
        ),
        question="What is the crossing time of the ferry line Alvik to Sund?",
        says="80 minutes",
        title="ferries",
    ),
    Fact(
        file_name="lamps.tsv",
        content=documents.delimited([("Lamp", "Burning hours"), ("Firefly", "9000"), ("Glowworm", "25000")], "\t"),
        question="How many burning hours has the lamp Glowworm?",
        says="25000",
        title="lamps",
    ),
    Fact(
        file_name="drone.html",
        content=web_page("Kestrel drone", "The Kestrel drone flies for 31 minutes on one battery. Land it in time."),
        question="How many minutes does the Kestrel drone fly on one battery?",
        says="31 minutes",
        title="Kestrel drone",
    ),
    Fact(
        file_name="loom.md",
        content=b"# Heron loom\n\n## Setting up\n\nThe Heron loom needs 12 square metres of floor.\n",
        question="How much floor does the Heron loom need?",
        says="12 square metres",
        title="Heron loom",
    ),
    Fact(
        file_name="compost.txt",
        content=b"About the compost.\n\nThe compost from the Linden garden is ripe after seven months.\n",
        question="After how many months is the compost from the Linden garden ripe?",
        says="seven months",
        title="compost",
    ),
    Fact(
        file_name="outage.eml",
        content=documents.eml("Planned power cut", "The electrician switches off the sauna from 8 to 11 on Thursday."),
        question="When does the electrician switch off the sauna?",
        says="8 to 11 on Thursday",
        title="Planned power cut",
    ),
    Fact(
        file_name="choir.rtf",
        content=documents.rtf("Choir rehearsals", ["The children's choir rehearses on Wednesdays in the chapel."]),
        question="On which day does the children's choir rehearse?",
        says="Wednesdays",
        title="Choir rehearsals",
    ),
    Fact(
        file_name="bees.epub",
        content=documents.epub(
            "The beekeeper's year",
            {
                "Spring": "In spring the beekeeper checks the stores.",
                "Autumn": "Feed a hive 15 kg of sugar syrup in autumn.",
            },
        ),
        question="How much sugar syrup does a hive need in autumn?",
        says="15 kg",
        title="The beekeeper's year",
    ),
    Fact(
        file_name="chimney.odt",
        content=documents.odt("Chimney sweeping", ["The chimney sweep visits the bakery every 90 days."]),
        question="How often does the chimney sweep visit the bakery?",
        says="every 90 days",
        title="Chimney sweeping",
    ),
    Fact(
        file_name="tickets.jsonl",
        content=documents.json_lines(
            [
                {
                    "_id": "t-1",
                    "title": "Opening hours of the observatory",
                    "text": "The observatory opens at 21:30 on clear nights.",
                    "url": "https://help.example.org/observatory",
                },
                {"id": "t-2", "title": "Parking", "text": "Visitors of the planetarium park behind the mill."},
            ]
        ),
        question="When does the observatory open?",
        says="21:30",
        title="Opening hours of the observatory",
        url="https://help.example.org/observatory",
    ),
    Fact(
        file_name="papers.zip",
        content=documents.packed(
            {
                "skis/wax.md": "# Waxing skis\n\nIron the ski wax at 140 degrees.\n",
                "skis/edges.docx": documents.docx("Ski edges", ["Grind the ski edges to an angle of 88 degrees."]),
            }
        ),
        question="To which angle are the ski edges ground?",
        says="88 degrees",
        title="Ski edges",
    ),
]
UNDER_A_WRONG_NAME = [
    Fact(
        file_name="anchor.txt",
        content=documents.pdf([["Anchor chains", "The anchor chain of the Petrel is 55 metres long."]]),
        question="How long is the anchor chain of the Petrel?",
        says="55 metres",
        title="Anchor chains",
        page=1,
    ),
    Fact(
        file_name="sails.pdf",
        content=web_page("Sails of the Petrel", "The mainsail of the Petrel measures 42 square metres."),
        question="How large is the mainsail of the Petrel?",
        says="42 square metres",
        title="Sails of the Petrel",
    ),
    Fact(
        file_name="crew.doc",
        content=documents.docx("Crew list", ["The cook of the Petrel is called Tomasz."]),
        question="What is the cook of the Petrel called?",
        says="Tomasz",
        title="Crew list",
    ),
    Fact(
        file_name="engine",
        content=documents.xlsx({"Engine": [("Part", "Torque"), ("Propeller nut", "310 Nm"), ("Oil sump", "25 Nm")]}),
        question="What is the torque of the propeller nut?",
        says="310 Nm",
        title="engine",
        page=1,
    ),
    Fact(
        file_name="buoys.json",
        content=documents.delimited(
            [("Buoy", "Light"), ("Norrgrund", "flashes every 6 seconds"), ("Vikgrund", "dark")]
        ),
        question="How does the light of the buoy Norrgrund flash?",
        says="every 6 seconds",
        title="buoys",
    ),
]


@pytest.mark.parametrize("facts", [FACTS, UNDER_A_WRONG_NAME], ids=["right names", "wrong names"])
def test_what_each_file_says_is_cited(
    alice: Owner, work_off: Callable[[], None], subtests: pytest.Subtests, facts: list[Fact]
) -> None:
    bot = alice.make_bot()
    alice.upload(bot, *((fact.file_name, fact.content) for fact in facts if fact.content))
    work_off()
    states = {source["file_name"]: (source["status"], source["error"]) for source in alice.sources(bot)}

    for fact in facts:
        with subtests.test(fact.file_name):
            if not fact.content:
                pytest.skip("the shared documents are not here")
            assert states[fact.file_name] == ("ready", None)
            answer = alice.ask(bot, fact.question)
            assert answer["answered"] is True
            proofs = [one for one in answer["citations"] if fact.says in one["quote"]]
            assert [(one["title"], one["page"], one["url"]) for one in proofs] == [(fact.title, fact.page, fact.url)]
            assert fact.says in answer["text"]


def test_each_line_of_a_bulk_file_and_each_file_of_an_archive_is_a_document(
    alice: Owner, work_off: Callable[[], None]
) -> None:
    bot = alice.make_bot()
    bulk, archive = (next(fact for fact in FACTS if fact.file_name.endswith(end)) for end in (".jsonl", ".zip"))
    alice.upload(bot, (bulk.file_name, bulk.content), (archive.file_name, archive.content))
    work_off()

    of_bulk, of_archive = (
        alice.api.get(f"/chatbots/{bot['id']}/sources/{source['id']}/documents").json() for source in alice.sources(bot)
    )

    assert [(one["external_id"], one["title"], one["url"]) for one in of_bulk] == [
        ("t-1", "Opening hours of the observatory", "https://help.example.org/observatory"),
        ("t-2", "Parking", ""),
    ]
    assert {one["title"] for one in of_archive} == {"Waxing skis", "Ski edges"}
    hits = alice.api.post(f"/chatbots/{bot['id']}/search", json={"query": "planetarium parking", "k": 1}).json()["hits"]
    assert [(hit["external_id"], hit["title"]) for hit in hits] == [("t-2", "Parking")]
