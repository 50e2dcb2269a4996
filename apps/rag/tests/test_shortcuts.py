"""Shortcuts of the filter give what the long way round gives: each is held against a plain way of doing the same."""

import random
import re
import sys
import unicodedata
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.rag.privacy_filter import phrases
from apps.rag.privacy_filter.figures import normalise
from apps.rag.privacy_filter.negative import NegativeGate, oddness
from apps.rag.privacy_filter.negative.fingerprints import RUN, HashSet, run_symbols, shift_symbols, window_hashes
from apps.rag.privacy_filter.negative.folding import WORD, fold, words_of
from apps.rag.privacy_filter.negative.oddness import odd_places
from apps.rag.privacy_filter.splitter import INVISIBLE, visible
from apps.rag.sentences import CANDIDATE, _candidates
from apps.rag.tests.secrets_told import HARMLESS, SECRET, TOLD, forbidden

SCREEN = forbidden().screen()
ANY_TEXT = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=60)
NEAR_PROSE = st.text(alphabet="ab cdXY12 .,!?…。\n[]()“”’é–•0_\t\u200b", max_size=60)


@pytest.mark.parametrize("way", [*sorted(TOLD), "harmless"])
def test_sentences_that_are_looked_at_together_are_judged_as_one_by_one(way: str) -> None:
    rng = random.Random(way)  # noqa: S311  # no secret
    for _ in range(20):
        told = [f"{text} " for text in rng.sample(HARMLESS, 3)]
        if way != "harmless":
            told.insert(rng.randrange(4), f"{TOLD[way](SECRET)} ")
        together, singly = NegativeGate(SCREEN), NegativeGate(SCREEN)
        count = next((place for place, text in enumerate(told) if not singly.admits(text)), len(told))
        assert together.admitted(told) == count
        assert together.hits == singly.hits
        assert together.admitted(["Ask Gwendolyn."]) == 0


def test_a_gate_that_is_closed_admits_none_of_several() -> None:
    gate = NegativeGate(SCREEN)
    gate.feed(f"{SECRET}\n")
    assert gate.is_closed
    assert gate.admitted(["Good morning. ", "Good night."]) == 0


@given(st.from_regex(phrases._REFUSALS))
def test_whatever_is_a_refusal_by_its_pattern_holds_a_hint_of_one(text: str) -> None:
    lowered = " ".join(text.casefold().split())
    if phrases._REFUSALS.search(lowered):
        assert phrases.is_refusal(text)


@given(st.one_of(ANY_TEXT, NEAR_PROSE))
def test_texts_are_folded_and_parted_as_by_patterns_alone(text: str) -> None:
    assert visible(text) == INVISIBLE.sub("", text)
    folded = fold(text)
    assert words_of(folded) == WORD.findall(folded)
    between = re.compile(r"\[\d{1,3}\]|^[ \t]*\d{1,3}[.)](?=\s)", re.MULTILINE)
    if text.isascii():
        assert folded == between.sub("", INVISIBLE.sub("", text)).lower()


@given(NEAR_PROSE, st.integers(0, 10))
def test_ends_of_sentences_are_found_as_by_their_pattern_alone(text: str, place: int) -> None:
    found = [(match.span(), match.lastgroup) for match in _candidates(text, place)]
    assert found == [(match.span(), match.lastgroup) for match in CANDIDATE.finditer(text, place)]


def test_every_digit_there_is_becomes_a_plain_one() -> None:
    digits = "".join(c for c in map(chr, range(sys.maxunicode + 1)) if c.isdecimal())
    assert normalise(digits) == "".join(str(unicodedata.decimal(c)) for c in digits)


@given(st.text(alphabet="abcxyz19 é", max_size=80))
def test_hashes_and_distances_are_those_of_their_definitions(text: str) -> None:
    symbols = run_symbols(text)
    hashes = window_hashes(symbols)
    assert len(hashes) == max(0, len(symbols) - RUN + 1)
    windows = {tuple(symbols[place : place + RUN]) for place in range(len(hashes))}
    assert len(set(hashes.tolist())) == len(windows)
    letters = [ord(c) for c in text if "a" <= c <= "z"]
    steps = [(after - before) % 26 for before, after in pairwise(letters)]
    moved, turned = shift_symbols(text)
    for one in range(len(steps)):
        for other in range(len(steps)):
            assert (moved[one] == moved[other]) == (steps[one] == steps[other])
            assert (moved[one] == turned[other]) == ((steps[one] + steps[other]) % 26 == 0)


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_set_of_hashes_finds_what_is_in_it_and_nothing_else(known: int, asked: int) -> None:
    rng = np.random.default_rng(known * 1000 + asked)
    hashes = np.unique(rng.integers(0, 2**64, known, dtype=np.uint64))
    some = np.concatenate([rng.integers(0, 2**64, asked, dtype=np.uint64), rng.permutation(hashes)[: asked // 2]])
    assert HashSet(hashes).find(some).tolist() == np.flatnonzero(np.isin(some, hashes)).tolist()


@given(st.text(alphabet="aB0 .#é", max_size=60))
def test_odd_places_are_those_of_every_pattern(text: str) -> None:
    classes = text.encode("ascii", "replace").translate(oddness._CLASSES)
    pairs = (*oddness._PAIRS, *oddness._LONG_WORDS, *oddness._FIGURES, *oddness._POINTS_APART)
    expected = [*oddness._matching(classes, pairs)]
    expected += oddness._matching(classes.translate(oddness._SAME), oddness._PATTERNS_APART)
    expected += [match.start() for match in re.finditer(rb"0(?=[^aA0]{1,8}0{1,7}[^aA0]{1,8}0)", classes)]
    assert set(odd_places(text)) == set(expected)
