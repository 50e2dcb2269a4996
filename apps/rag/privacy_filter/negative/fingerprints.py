"""Fingerprints of runs of text: 64-bit hashes of every 24 letters in a row, and the sets they are looked up in.

Two kinds. A *run* is hashed by its letters and digits. A *shift* is hashed by the distances from letter to letter
(a to z only), which stay the same when a text is moved along the alphabet; so one look finds ROT-n for every n, and one
at the distances turned round finds Atbash. Their symbols differ, so both kinds can be looked up in one set.

24 letters are about five English words. A run of 12 words has 56 letters on average, half a sentence 30 to 45; shorter
runs than 24 are shared by texts that have nothing to do with each other (docs/adr/0022). Characters of scripts without
spaces count three times, so there 8 characters are a run. Of a guarded text every fourth position is kept: 2 bytes a
character for runs and 2 for shifts, and whatever has 27 letters in a row (28 for shifts) holds one that was kept.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

RUN = 24
STRIDE = 4
DENSE = 3  # symbols that a character of a script without spaces counts for
LEAST_OWN = 8  # symbols of a kept window that stand in no open one
LEAST_PERIOD = 3  # a run that repeats itself after so few letters ("xxxx…", "0101…") says nothing

Hashes = NDArray[np.uint64]
_NO_HASHES: Hashes = np.empty(0, np.uint64)
_BASE = 0x9E3779B97F4A7C15
_MIXER = np.uint64(0xD6E8FEB86659FD93)
_FIRST_DENSE = 0x2E80  # ideographs, kana and Hangul; nothing below is dense
_DISTANCE = (np.arange(1, 27, dtype=np.uint64) * np.uint64(0xA24BAED4963EE407)) ^ np.uint64(0x9FB21C651E98DF25)
_BITS = (10, 25)  # least and most of the size of a set's table


def run_symbols(letters: str) -> Hashes:
    """Return the letters of a text as symbols to be hashed."""
    if letters.isascii():
        return _ASCII[np.frombuffer(letters.encode(), np.uint8)]
    points = np.frombuffer(letters.encode("utf-32-le", "replace"), np.uint32)
    return _mixed(np.repeat(points, np.where(points >= _FIRST_DENSE, DENSE, 1)).astype(np.uint64))


def shift_symbols(letters: str) -> tuple[Hashes, Hashes]:
    """Return the distances between a text's Latin letters as symbols, and the same for the alphabet turned round."""
    codes = np.frombuffer(letters.encode("ascii", "ignore"), np.uint8)
    codes = codes[(codes >= ord("a")) & (codes <= ord("z"))].astype(np.int16)
    distances = np.diff(codes) % 26
    return _DISTANCE[distances], _DISTANCE[-distances % 26]


def window_hashes(symbols: Hashes) -> Hashes:
    """Return the hash of every RUN symbols in a row, in order; hashes of halves make those of the whole."""
    length = RUN
    if len(symbols) < length:
        return _NO_HASHES
    count = len(symbols) - length + 1
    part, size = symbols, 1
    whole, covered = np.zeros(len(symbols), np.uint64), 0
    while size <= length:
        if length & size:
            whole = whole[: len(part) - covered] * _power(size) + part[covered:]
            covered += size
        if 2 * size <= length:
            part = part[:-size] * _power(size) + part[size:]
        size *= 2
    return _mixed(whole[:count])


def telling(symbols: Hashes, is_open: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return which windows of a guarded text are kept, given which of them stand in open text too.

    Kept is every fourth one and the last, unless it repeats itself, or unless all but a few of its symbols belong to
    windows that are open: what goes on after a quotation begins with letters that anything else may begin with too.
    """
    count = len(is_open)
    says = _is_varied(symbols, count)
    edges = np.zeros(len(symbols) + 1, np.int64)
    np.add.at(edges, np.flatnonzero(is_open), 1)
    np.add.at(edges, np.flatnonzero(is_open) + RUN, -1)
    own = np.concatenate([[0], np.cumsum(np.cumsum(edges)[:-1] == 0)])
    says &= own[RUN:] - own[:-RUN] >= LEAST_OWN
    every_fourth = np.arange(count) % STRIDE == 0
    every_fourth[-1:] = True
    kept: NDArray[np.bool_] = says & every_fourth
    return kept


def _is_varied(symbols: Hashes, count: int) -> NDArray[np.bool_]:
    """Return which windows don't repeat the same few symbols all along."""
    varied = np.ones(count, bool)
    for period in range(1, LEAST_PERIOD + 1):
        same = np.concatenate([[0], np.cumsum(symbols[period:] == symbols[:-period])])
        within = RUN - period
        varied &= (same[within:] - same[:-within])[:count] < within
    return varied


def united(parts: Iterable[Hashes]) -> Hashes:
    """Return hashes sorted, each once."""
    gathered = list(parts)
    return np.unique(np.concatenate(gathered)) if gathered else _NO_HASHES


class HashSet:
    """A set of fingerprints that is asked for many at a time: a table of bits sorts out what can't be in it."""

    def __init__(self, hashes: Hashes) -> None:
        self.hashes = hashes
        bits = min(max(len(hashes).bit_length() + 4, _BITS[0]), _BITS[1])
        self._drop = np.uint64(64 - bits)
        self._table = np.zeros(1 << bits, bool)
        self._table[self._places(hashes)] = True

    def find(self, asked: Hashes) -> NDArray[np.intp]:
        """Return the positions in `asked` of the fingerprints that are in the set."""
        maybe = np.flatnonzero(self._table[self._places(asked)])
        if not len(maybe) or not len(self.hashes):
            return maybe[:0]
        candidates = asked[maybe]
        places = np.minimum(np.searchsorted(self.hashes, candidates), len(self.hashes) - 1)
        return np.compress(self.hashes[places] == candidates, maybe)

    def _places(self, hashes: Hashes) -> NDArray[np.int64]:
        return (hashes >> self._drop).view(np.int64)


def _power(exponent: int) -> np.uint64:
    return np.uint64(pow(_BASE, exponent, 1 << 64))


def _mixed(values: Hashes) -> Hashes:
    """Spread values over all 64 bits, so that sums of neighbours don't meet and the high bits tell most."""
    spread = values * _MIXER
    spread ^= spread >> np.uint64(32)
    spread *= _MIXER
    return spread


_ASCII = _mixed(np.arange(128, dtype=np.uint64))
