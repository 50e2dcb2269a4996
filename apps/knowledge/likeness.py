"""Tells whether two texts are the same but for their format: how many runs of words they have in common.

Each text gets a few numbers, its bands, such that two texts which are nearly the same have one in common and two that
are not hardly ever do (minimum hashes in bands); so a database finds the candidates by an index, and `likeness` judges
them by all their words.
"""

import re
from functools import cache
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

RUN = 5  # words in a row; in scripts without spaces, as many characters
ALIKE = (
    0.8  # share of all their runs that two texts have in common: one was saved in another format, or reworked a little
)
BANDS, ROWS = 8, 4  # two texts at ALIKE share a band in 98 of 100 cases, two with half of their runs in common in 40
PRIME = np.uint64(4294967311)  # the next prime after 2**32, so that every hash stays below 2**64
WORDS = re.compile(r"\w+")


def bands_of(text: str) -> list[int]:
    """Return a text's bands, as signed 64-bit numbers; none for a text without words."""
    runs = runs_of(text)
    if not runs.size:
        return []
    multipliers, additions = permutations()
    least = np.full(BANDS * ROWS, np.iinfo(np.uint64).max, dtype=np.uint64)
    for start in range(0, runs.size, 4096):  # a long text would fill the memory at once
        hashed = (runs[start : start + 4096, None] * multipliers + additions) % PRIME
        least = np.minimum(least, hashed.min(axis=0))
    grouped = np.ascontiguousarray(least.reshape(BANDS, ROWS))
    pairs = [(crc32(band.tobytes()), crc32(band.tobytes(), number)) for number, band in enumerate(grouped, 1)]
    return [int(np.int64(np.uint64(high << 32 | low))) for low, high in pairs]


def likeness(one: str, other: str) -> float:
    """Return which share of the runs of words of two texts stands in both, 0 to 1."""
    ours, theirs = runs_of(one), runs_of(other)
    common = np.intersect1d(ours, theirs, assume_unique=True).size
    return float(common / max(1, ours.size + theirs.size - common))


def runs_of(text: str) -> NDArray[np.uint64]:
    """Return the runs of words in a text as numbers, each once; case, signs and white space don't count."""
    words = WORDS.findall(text.casefold())
    if len(words) * 12 < sum(map(len, words)):  # hardly any spaces: a script that puts none between words
        words = list("".join(words))
    runs = {" ".join(words[place : place + RUN]) for place in range(max(1, len(words) - RUN + 1))} - {""}
    return np.unique(np.array([crc32(run.encode(errors="replace")) for run in runs], dtype=np.uint64))


@cache
def permutations() -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Return the factors and summands of the hash functions: the same on every machine."""
    fixed = np.random.Generator(np.random.PCG64(7264))
    numbers = fixed.integers(1, 2**31, size=(2, BANDS * ROWS), dtype=np.uint64)
    return numbers[0], numbers[1]
