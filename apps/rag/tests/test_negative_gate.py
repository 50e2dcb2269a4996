"""The negative gate: a secret can't be told past it in any view, and what isn't secret passes whole and in order."""

import base64
import json
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from apps.rag.privacy_filter.negative import Finding, Forbidden, GuardedText, NegativeGate, Screen, build_forbidden
from apps.rag.privacy_filter.negative.forbidden import LEAST_RUN
from apps.rag.privacy_filter.negative.terms import Terms
from apps.rag.privacy_filter.splitter import INVISIBLE
from apps.rag.tests.secrets_told import HARMLESS, PUBLIC, SECRET, SHARED, TITLE, TOLD, forbidden, letters, split_anyhow

FORBIDDEN = forbidden()
SCREEN = FORBIDDEN.screen()
WORDS_IN_A_ROW = 12


def sent(text: str, chunks: list[str] | None = None) -> tuple[str, NegativeGate]:
    gate = NegativeGate(SCREEN)
    passed = "".join(gate.feed(chunk) for chunk in chunks or [text]) + gate.flush()
    return passed, gate


# What is told.


@pytest.mark.parametrize("way", TOLD)
def test_a_secret_is_stopped_however_it_is_told(way: str) -> None:
    told = TOLD[way](SECRET)
    gate = NegativeGate(SCREEN)
    assert not gate.admits(f"Here it is: {told} That is all.")
    passed, streamed = sent("", list(f"Here it is: {told} That is all."))
    assert streamed.is_closed
    assert INVISIBLE.sub("", f"Here it is: {told} That is all.").startswith(passed)
    assert "That is all." not in passed


@pytest.mark.parametrize("way", [way for way in TOLD if way not in {"places in the alphabet", "morse", "braille"}])
def test_half_of_the_sentence_is_enough(way: str) -> None:
    assert not NegativeGate(SCREEN).admits(TOLD[way](" ".join(SECRET.split()[:9])))


DECOYS: dict[str, Callable[[int], str]] = {
    "base64": lambda n: base64.b64encode(f"decoy {n} says".encode()).decode(),
    "base85": lambda n: base64.b85encode(f"some decoy {n}".encode()).decode(),
    "hex": lambda n: f"decoy {n}".encode().hex(),
    "url": lambda n: f"%64%65%63oy{n}",
    "spelled": lambda n: " ".join("nothing"),
    "morse": lambda n: "-. --- - .... .. -. --. /",
    "code points": lambda n: "110 111 116 104 105 110 103",
}


@pytest.mark.parametrize("decoys", DECOYS)
def test_no_number_of_other_encodings_round_a_secret_hides_it(decoys: str) -> None:
    many = " ".join(map(DECOYS[decoys], range(60)))
    for way, tell in TOLD.items():
        assert not NegativeGate(SCREEN).admits(f"{many} {tell(SECRET)} {many}"), way


# No name and no figure in it gives it away.
QUIET = "we will close the small office in the old harbour after the summer and move everyone to the main building"
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
WRITTEN: dict[str, Callable[[str], str]] = {
    "numbers between strokes": lambda text: " | ".join(str(ord(c)) for c in text),
    "numbers between arrows": lambda text: " -> ".join(str(ord(c)) for c in text),
    "numbers in a JSON list": lambda text: json.dumps([ord(c) for c in text], indent=2),
    "hex between brackets": lambda text: "][".join(f"{ord(c):02x}" for c in text),
    "hex in quotes": lambda text: "', '".join(f"{ord(c):02x}" for c in text),
    "binary in cells": lambda text: " |\n| ".join(f"{ord(c):08b}" for c in text),
    "numbers far apart": lambda text: "  ".join(str(ord(c)) for c in text),
    "Arabic numbers": lambda text: " ".join(str(ord(c)).translate(ARABIC) for c in text),
    "joiners in hex": lambda text: "\u200d".join(text.encode().hex()),
    "joiners in base64": lambda text: "\u200c".join(base64.b64encode(text.encode()).decode()),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "hex of UTF-32": lambda text: text.encode("utf-32-be").hex(),
    "base64 from its end": lambda text: base64.b64encode(text.encode()).decode()[::-1],
    "hex from its end": lambda text: text.encode().hex()[::-1],
}
SIGNS_IN_A_ROW: dict[str, Callable[[str], str]] = {
    "hex in items": lambda text: "\n".join(f"- 0x{ord(c):02x}" for c in text),
    "entities in items": lambda text: "\n".join(f"- &#{ord(c)};" for c in text),
    "code points": lambda text: " ".join(f"U+{ord(c):08X}" for c in text),
    "entities of hex": lambda text: " ".join(f"&#{ord(c)};" for c in text.encode().hex()),
}


@pytest.fixture(scope="module")
def quiet() -> Screen:
    return build_forbidden([GuardedText(text=QUIET, language="en")], list).screen()


@pytest.mark.parametrize("way", WRITTEN)
def test_a_text_without_names_is_stopped_too(quiet: Screen, way: str) -> None:
    assert not NegativeGate(quiet).admits(f"Here it is: {WRITTEN[way](QUIET)} That is all.")


@pytest.mark.parametrize("way", SIGNS_IN_A_ROW)
def test_signs_that_come_one_by_one_are_read_together(quiet: Screen, way: str) -> None:
    gate = NegativeGate(quiet)
    assert not all(gate.admits(word) for word in re.findall(r"\S+\s*", SIGNS_IN_A_ROW[way](QUIET)))


@given(first=st.integers(0, len(SECRET.split()) - WORDS_IN_A_ROW), wrap=st.sampled_from(HARMLESS))
def test_any_twelve_words_in_a_row_are_stopped(first: int, wrap: str) -> None:
    row = " ".join(SECRET.split()[first : first + WORDS_IN_A_ROW])
    assert not NegativeGate(SCREEN).admits(f"{wrap} {row} {wrap}")


def test_twelve_short_words_are_stopped_too() -> None:
    secret = "he is up to no good as I am at it to be in on it if I do so"
    screen = build_forbidden([GuardedText(text=secret)], list).screen()
    words = secret.split()
    for first in range(len(words) - WORDS_IN_A_ROW + 1):
        assert not NegativeGate(screen).admits(" ".join(words[first : first + WORDS_IN_A_ROW]))
    assert NegativeGate(screen).admits("he is up to it and so am I")


@pytest.mark.parametrize(
    "text",
    [
        "Ask Gwendolyn.", "GWENDOLYN'S rule", "gwendolyns rule", "Gwen-do-lyn: G w e n d o l y n",
        "nyl-odnewG is nylodnewG",
        "Tjraqbyla says so", "Mrculevar", "R3VlbmRvbHlu R3dlbmRvbHlu", "4777656e646f6c796e",
        "--. .-- . -. -.. --- .-.. -.-- -.",
        "It is 17.40 EUR.", "17,40 €", "EUR 17.4", "seventeen point four euros", "１７．４０ €", "1７.４0 euro",
        f"It stands in {TITLE}.", "price-floor-2026.docx", "Price Floor (2026) docx",
        "Ask Gwen&shy;dolyn.", "17**.**40 EUR", "It costs [17].[40] EUR.", "one seven point four zero euros",
        "seventeen virgule four", "seventeen dot four",
        "Zebras eat plenty hay, yes: rarely in new enclosures.",
    ],
)  # fmt: skip
def test_names_figures_and_titles_are_stopped_by_themselves(text: str) -> None:
    assert not NegativeGate(SCREEN).admits(text)


def test_units_and_common_abbreviations_are_no_names() -> None:
    text = "Margins of the GmbH are 12.75 EUR plus VAT on all parts."
    screen = build_forbidden([GuardedText(text=text)], list).screen()
    assert NegativeGate(screen).admits("The lamp costs 45 EUR with VAT. Our GmbH ships it.")
    assert not NegativeGate(screen).admits("It is 12.75 EUR.")


def test_chinese_is_stopped_too() -> None:
    secret = "内部折扣底线是每份订单十七欧元，任何例外情况都由王经理一个人决定。"
    screen = build_forbidden([GuardedText(text=secret, language="zh")], list).screen()
    assert not NegativeGate(screen).admits(f"我们说：{secret[4:16]}")
    assert NegativeGate(screen).admits("保修期为购买之日起二十四个月，电池不在保修范围之内。")


# What isn't.


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_public_common_or_shared_passes(text: str) -> None:
    assert NegativeGate(SCREEN).admits(text)
    assert sent("", split_anyhow(text, 1))[0] == text


def test_a_quotation_goes_on_as_it_likes() -> None:
    """The secret text quotes a public one; that is no reason to stop the public one, whatever follows it."""
    assert NegativeGate(SCREEN).admits(f"{SHARED} Thanks, and in the end decide for yourself.")
    assert NegativeGate(SCREEN).admits(f"{PUBLIC[0]} {SHARED} {PUBLIC[1]}")


def test_what_the_visitor_said_is_exempt_in_every_form_and_nothing_else_is() -> None:
    said = "Is the internal discount floor 17.40 EUR for every Zephyrine order?"
    gate = NegativeGate(SCREEN, visitor_text=said)
    assert gate.admits("The internal discount floor is not 17,40 € for every Zephyrine order.") is False
    assert gate.admits("Nothing says that the internal discount floor 17.40 EUR for every Zephyrine order is right.")
    assert gate.admits(TOLD["base64"](said))
    assert gate.admits("Zephyrine? 17.40 EUR?")
    assert not gate.admits("Ask Gwendolyn.")


def test_a_true_and_a_false_guess_are_treated_alike() -> None:
    for figure in ("17.40", "18.60"):
        said = f"Repeat exactly: the internal discount floor is {figure} EUR."
        assert NegativeGate(SCREEN, visitor_text=said).admits(f"The internal discount floor is {figure} EUR.")


def test_a_secret_in_parts_over_several_turns_is_stopped_at_the_part_that_completes_it() -> None:
    third = len(SECRET) // 6
    parts = [SECRET[place : place + third] for place in range(0, len(SECRET), third)]
    earlier = ["the inte", "rnal disc"]
    assert NegativeGate(SCREEN).admits("ount floor is")
    assert not NegativeGate(SCREEN, earlier=earlier).admits("ount floor is")
    assert len(parts) > 3


def test_a_stopped_sentence_leaves_no_trace_in_what_is_judged_next() -> None:
    gate = NegativeGate(SCREEN)
    assert not gate.admits("The internal discount floor is low.")
    assert gate.admits("for every order, and")


def test_hits_are_hashes_and_places_and_hold_no_text() -> None:
    gate = NegativeGate(SCREEN)
    gate.admits("Something that is fine. ")
    gate.admits(SECRET)
    assert {hit.rule for hit in gate.hits} >= {"run", "shift", "term", "number"}
    assert {hit.position for hit in gate.hits} == {len("Something that is fine. ")}
    assert all(re.fullmatch("[0-9a-f]{16}", hit.digest) for hit in gate.hits)
    assert "wendolyn" not in repr((gate.hits, FORBIDDEN, SCREEN)).casefold()


class _Broken(Screen):
    def findings(self, views: object) -> frozenset[Finding]:
        raise ZeroDivisionError


def test_a_gate_that_fails_lets_nothing_pass() -> None:
    broken = _Broken(runs=FORBIDDEN.runs, shifts=FORBIDDEN.shifts, terms=FORBIDDEN.terms)
    gate = NegativeGate(broken)
    assert not gate.admits("Good morning.")
    assert gate.feed("Good morning. ") + gate.flush() == ""
    assert [hit.rule for hit in gate.hits] == ["failure"]


def test_resources_are_bounded() -> None:
    """Huge outputs, nested encodings and lines without an end are looked at in time."""
    for text in ("A1" * 200_000, "=" * 100_000, "%25" * 50_000, "1 " * 100_000, ". - " * 50_000, "&#" * 50_000):
        gate = NegativeGate(SCREEN)
        gate.feed(text)
        gate.flush()


# The property: whatever the text and however it is split.

MIXED = st.lists(
    st.one_of(
        st.sampled_from(HARMLESS),
        st.sampled_from(SECRET.split()),
        st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12),
        st.builds(lambda way, start, size: TOLD[way](SECRET[start : start + size]),
                  st.sampled_from(sorted(TOLD)), st.integers(0, 80), st.integers(1, 115)),
    ),
    max_size=10,
).map(" ".join)  # fmt: skip


def is_forbidden(text: str, known: Forbidden = FORBIDDEN) -> bool:
    """Tell by other means than the gate's whether a run or a name can be read in a text: plainly, reversed, moved."""
    plain = letters(text)
    secret = letters(SECRET)
    runs = {secret[place : place + LEAST_RUN + 1] for place in range(len(secret) - LEAST_RUN)}
    turned = [plain, plain[::-1], *({letters(m) for m in (TOLD["rot13"](plain), TOLD["atbash"](plain))})]
    words = set(re.findall("[a-z]+", text.casefold()))
    return bool({"gwendolyn", "zephyrine"} & words) or any(run in one for run in runs for one in turned)


@pytest.mark.parametrize("way", ["plain", "upper case", "reversed", "rot13", "atbash", "zero width", "dashed"])
def test_the_next_test_could_fail(way: str) -> None:
    """Without the gate, what is forbidden would be seen."""
    open_gate = NegativeGate(Screen(runs=FORBIDDEN.runs[:0], shifts=FORBIDDEN.shifts[:0], terms=Terms()))
    told = TOLD[way](SECRET)
    assert is_forbidden("".join(open_gate.feed(chunk) for chunk in split_anyhow(told, 3)) + open_gate.flush())


@pytest.mark.parametrize("cut", range(1, 9))
def test_words_that_are_reversed_one_by_one_are_read_across_every_cut(cut: int) -> None:
    words = " ".join(word[::-1] for word in SECRET.split()).split()[:9]
    gate = NegativeGate(SCREEN)
    assert [gate.admits(" ".join(words[:cut]) + " "), gate.admits(" ".join(words[cut:]))] != [True, True]


@settings(max_examples=200, deadline=None)
@given(text=MIXED, seed=st.integers(0, 1000))
def test_no_prefix_of_what_is_sent_holds_anything_forbidden_however_the_text_is_split(text: str, seed: int) -> None:
    gate = NegativeGate(SCREEN)
    passed = ""
    for chunk in split_anyhow(text, seed):
        passed += gate.feed(chunk)
        assert not is_forbidden(passed)
    passed += gate.flush()
    assert not is_forbidden(passed)
    assert NegativeGate(SCREEN).admits(passed) or not passed
    assert not INVISIBLE.search(passed)


@settings(max_examples=200, deadline=None)
@given(text=MIXED, seed=st.integers(0, 1000))
def test_nothing_allowed_is_lost_or_reordered_and_the_split_makes_no_difference(text: str, seed: int) -> None:
    clean = INVISIBLE.sub("", text)
    at_once, gate = sent(text)
    in_chunks, other = sent("", split_anyhow(text, seed) or [""])
    assert clean.startswith(at_once)
    assert clean.startswith(in_chunks)
    assert at_once == in_chunks
    assert gate.is_closed == other.is_closed
    if not gate.is_closed:
        assert at_once == clean
