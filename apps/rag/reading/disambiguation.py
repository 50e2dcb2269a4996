"""Tells when a question fits several things alike, so that the visitor can be asked which one is meant.

"Are dogs allowed in the park?" with a passage on Long Point State Park and one on Sampson State Park: what sets their
headings apart is in neither case in the question, what they have in common is. Likewise the sections below the one that
is quoted: "Which states have paid leave?" with a passage on leave and, below it, one for each state.
"""

import re

from apps.rag.reading.blocks import Block
from apps.rag.reading.reading import Reading
from apps.rag.words import content_words

CLOSE = 0.3  # rank below the best block's up to which another one may be what is meant
MOST = 6  # things to choose from
_NUMBER = re.compile(r"\d+")


def meanings(reading: Reading, language: str) -> tuple[str, ...]:
    """Return the things that the question may be about, as headings name them, the best block's first; () if one."""
    if not reading.scored:
        return ()
    first = reading.scored[0]
    above = _words(" ".join(_headings(first.block)), language)
    found: dict[str, None] = {}
    below: dict[str, None] = {}
    for other in reading.scored[1:]:
        apart = _set_apart(first.block, other.block) if other.rank >= first.rank - CLOSE else None
        if apart is None:
            continue
        own, theirs = apart
        if own and _fits_both(reading.asked.words, _words(own, language), _words(theirs, language)):
            found |= {own: None, theirs: None}
        elif not own and _fits_below(reading.asked.words, above, _words(theirs, language)):
            below[theirs] = None
    return tuple(found or (below if len(below) > 1 else ()))[:MOST]


def _set_apart(one: Block, other: Block) -> tuple[str, str] | None:
    """Return the headings by which two blocks differ, from the document's title down; None where they don't.

    The first is "" where the other block is in a section below the one of the first.
    """
    own, theirs = _headings(one), _headings(other)
    only_own = [heading for heading in own if heading not in theirs]
    only_theirs = [heading for heading in theirs if heading not in own]
    return ("".join(only_own[:1]), only_theirs[0]) if only_theirs else None


def _headings(block: Block) -> list[str]:
    return [part for part in (block.passage.title, *block.passage.heading_path, block.about) if part]


def _fits_both(asked: frozenset[str], one: frozenset[str], other: frozenset[str]) -> bool:
    """Tell whether a question names what two headings have in common, and nothing of what sets each apart."""
    apart = (one - other, other - one)
    return bool(one & other & asked) and all(part and not part & asked for part in apart)


def _fits_below(asked: frozenset[str], above: frozenset[str], heading: frozenset[str]) -> bool:
    """Tell whether a question names what a heading is about, and nothing of what it adds to those above it."""
    added = heading - above
    return bool(heading & asked) and bool(added) and not added & asked


def _words(heading: str, language: str) -> frozenset[str]:
    return frozenset((*content_words(heading, language), *_NUMBER.findall(heading)))
