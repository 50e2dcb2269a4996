"""Carol uploads pages of her site: what they say comes out, what stands on every page does not."""

import pytest

from apps.knowledge.extraction import ExtractionLimits
from apps.knowledge.extraction.reading import extract_bytes

Outline = list[tuple[str, int, str]]
STORY = "".join(
    f"<p>The {room} room looks to the river, and whoever stays there hears the ferry every morning at a quarter "
    "to six, in summer as in winter.</p>"
    for room in ("blue", "red", "green", "white", "brown", "grey", "long", "low", "small", "large")
)


def outline(after: str = "", *, within: str = "", end: str = "", story: str = STORY) -> Outline:
    """Return what comes out of a page, but for its heading and its story."""
    page = (
        "<!doctype html><html><head><title>River Inn</title></head><body><header><nav><a href='/'>Home</a></nav>"
        f"</header><main><h1>River Inn</h1>{story}{within}{story and STORY}{end}</main>{after}</body></html>"
    )
    (document,) = extract_bytes(page.encode(), file_name="inn.html", limits=ExtractionLimits()).documents
    found = [(block.kind.value, block.level, block.text) for block in document.blocks]
    assert found[0] == ("heading", 1, "River Inn")
    return [block for block in found[1:] if "hears the ferry" not in block[2]]


SITE = ("heading", 1, "River Inn")


def test_opening_hours_and_address_in_a_footer_are_read() -> None:
    footer = "<footer><p>Kitchen: Wed to Sun, 12 to 21. 3 Ferry Lane, Orme. Phone 555 0188.</p></footer>"
    expected = [SITE, ("paragraph", 0, "Kitchen: Wed to Sun, 12 to 21. 3 Ferry Lane, Orme. Phone 555 0188.")]
    assert outline(footer) == expected
    assert outline(footer, story="") == expected, "on a short page too"


def test_a_section_of_a_footer_comes_whole_and_the_links_beside_it_stay_out() -> None:
    footer = """<footer><div><h4>Kitchen</h4><p>Wed–Sun 12–21</p><p>Mon closed</p></div><div><h4>More</h4><ul>
    <li><a href="/jobs">Jobs</a></li><li><a href="/press">Press</a></li><li><a href="/shop">Shop</a></li></ul></div>
    <p><a href="/imprint">Imprint</a> · <a href="/privacy">Privacy</a></p><p>© 2019–2024 River Inn Ltd.</p></footer>"""
    assert outline(footer) == [
        SITE,
        ("heading", 4, "Kitchen"),
        ("paragraph", 0, "Wed–Sun 12–21"),
        ("paragraph", 0, "Mon closed"),
    ]


@pytest.mark.parametrize(
    "fact",
    [
        "Open daily from 9 am",
        "Mo–Fr 9.00–17.30 Uhr",
        "营业时间:9:00～18:00",
        "Call (555) 010-0188",
        "Fährgasse 3, 79100 Orme",
        "desk@inn.example",
    ],
)
def test_facts_of_a_footer_are_known_in_many_forms(fact: str) -> None:
    assert outline(f"<footer><p>{fact}</p></footer>") == [SITE, ("paragraph", 0, fact)]


@pytest.mark.parametrize(
    "boilerplate",
    [
        "Imprint",
        "© 2019–2024 River Inn Ltd. All rights reserved.",
        "Last updated 2024-05-01",
        "More than 2.000.000 guests since 1904",
        "Built with PageMaker 2.1",
        "<a href='/imprint'>Imprint</a> | <a href='/privacy'>Privacy 2024</a>",
    ],
)
def test_what_every_footer_says_stays_out(boilerplate: str) -> None:
    assert outline(f"<footer><p>{boilerplate}</p></footer>") == []


def test_what_the_page_says_itself_is_not_said_again_by_its_footer() -> None:
    fact = "<p>Call 555 0188 until eight in the evening.</p>"
    assert outline(f"<footer>{fact}</footer>", within=fact) == [
        ("paragraph", 0, "Call 555 0188 until eight in the evening.")
    ]


def test_the_foot_of_an_article_is_not_that_of_the_site() -> None:
    assert outline("<article><p>Read more of us.</p><footer>By Ann, 3 Ferry Lane, Orme</footer></article>") == []


def cards(*lines: str) -> str:
    """Return three price plans as divs; each line may use the plan's name and price."""
    plans = (("Rower", 9), ("Sailor", 29), ("Captain", 99))
    return "<h2>Berths</h2>" + "".join(
        f"<div class='card'><h3>{name}</h3>{''.join(lines).format(name=name, price=price)}</div>"
        for name, price in plans
    )


PRICE, BUTTON = "<div>€{price} a month</div>", "<a class='button' href='/book/{name}'>Book {name}</a>"


def test_the_cards_on_a_page_keep_their_lines_under_their_names() -> None:
    expected = [
        ("heading", 2, "Berths"),
        ("heading", 3, "Rower"),
        ("paragraph", 0, "€9 a month"),
        ("heading", 3, "Sailor"),
        ("paragraph", 0, "€29 a month"),
        ("heading", 3, "Captain"),
        ("paragraph", 0, "€99 a month"),
    ]
    assert outline(within=cards(PRICE, BUTTON)) == expected
    assert outline(within=cards(PRICE), story="") == expected, "on a short page too"


def test_price_plans_that_end_a_page_are_part_of_it_and_teasers_and_comments_are_not() -> None:
    teasers = "".join(
        f"<div><h3><a href='/{name}'>All about the {name}</a></h3><div>5 min read</div></div>"
        for name in ("eel", "net")
    )
    comments = "".join(f"<div><h4>{name}</h4><div>Nice place!</div></div>" for name in ("Mallory", "Trent"))
    found = [text for _, _, text in outline(end=cards(PRICE) + teasers + comments)]
    assert found == ["Berths", "Rower", "€9 a month", "Sailor", "€29 a month", "Captain", "€99 a month"]


def test_a_price_between_paragraphs_is_not_lost_for_being_short() -> None:
    line = "<p>The large boat takes twelve people, and the ferryman steers it for you as far as the weir.</p>"
    found = outline(within=f"<h2>Boats</h2><div>$ 40 an hour</div>{line}")
    assert ("paragraph", 0, "$ 40 an hour") in found
