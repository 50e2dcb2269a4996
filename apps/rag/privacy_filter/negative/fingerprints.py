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
_STEPS = np.arange(-25, 26)  # from any letter to any other
_FORWARDS, _TURNED = _DISTANCE[_STEPS % 26], _DISTANCE[-_STEPS % 26]
_NO_LATIN = bytes(code for code in range(256) if not ord("a") <= code <= ord("z"))
_BITS = (10, 25)  # least and most of the size of a set's table


def run_symbols(letters: str) -> Hashes:
    """Return the letters of a text as symbols to be hashed."""
    if letters.isascii():
        return _ASCII[np.frombuffer(letters.encode(), np.uint8)]
    points = np.frombuffer(letters.encode("utf-32-le", "replace"), np.uint32)
    return _mixed(np.repeat(points, np.where(points >= _FIRST_DENSE, DENSE, 1)).astype(np.uint64))


def shift_symbols(letters: str) -> tuple[Hashes, Hashes]:
    """Return the distances between a text's Latin letters as symbols, and the same for the alphabet turned round."""
    codes = np.frombuffer(letters.encode("ascii", "ignore").translate(None, _NO_LATIN), np.uint8)
    steps = codes[1:] + np.uint8(25) - codes[:-1]
    return _FORWARDS[steps], _TURNED[steps]


def window_hashes(symbols: Hashes) -> Hashes:
    """Return the hash of every RUN symbols in a row, in order; hashes of halves make those of the whole."""
    if len(symbols) < RUN:
        return _NO_HASHES
    parts, size = {1: symbols}, 1
    while 2 * size <= RUN:
        part = parts[size][:-size] * _POWERS[size]
        part += parts[size][size:]
        size *= 2
        parts[size] = part
    whole, covered = parts[_SIZES[0]], _SIZES[0]
    for size in _SIZES[1:]:
        count = len(symbols) - covered - size + 1
        whole = whole[:count] * _POWERS[size]
        whole += parts[size][covered:]
        covered += size
    return _mixed(whole)


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
    """A set of fingerprints that is asked for many at a time.

    Two tables, each by other bits of a hash, sort out what can't be in it; a bit for each place keeps them in the
    processor's cache.
    """

    def __init__(self, hashes: Hashes) -> None:
        self.hashes = hashes
        bits = min(max(len(hashes).bit_length() + 4, _BITS[0]), _BITS[1])
        self._high, self._low = np.uint64(64 - bits), np.uint64((1 << bits) - 1)
        self._tables = [_packed(places, bits) for places in (hashes >> self._high, hashes & self._low)]

    def find(self, asked: Hashes) -> NDArray[np.intp]:
        """Return the positions in `asked` of the fingerprints that are in the set."""
        maybe = np.flatnonzero(_in_table(self._tables[0], asked >> self._high))
        maybe = maybe[np.flatnonzero(_in_table(self._tables[1], asked[maybe] & self._low))]
        if not len(maybe) or not len(self.hashes):
            return maybe[:0]
        candidates = asked[maybe]
        places = np.minimum(np.searchsorted(self.hashes, candidates), len(self.hashes) - 1)
        return np.compress(self.hashes[places] == candidates, maybe)


def _packed(places: Hashes, bits: int) -> NDArray[np.uint8]:
    table = np.zeros(1 << bits, bool)
    table[places.view(np.int64)] = True
    return np.packbits(table, bitorder="little")


def _in_table(table: NDArray[np.uint8], places: Hashes) -> NDArray[np.uint8]:
    """Return for each place 1 if its bit is set and else 0."""
    within = places.astype(np.uint8) & np.uint8(7)
    return (table[(places >> np.uint64(3)).view(np.int64)] >> within) & np.uint8(1)


def _mixed(values: Hashes) -> Hashes:
    """Spread values over all 64 bits, so that sums of neighbours don't meet and the high bits tell most."""
    spread = values * _MIXER
    spread ^= spread >> np.uint64(32)
    spread *= _MIXER
    return spread


_POWERS = {1 << bit: np.uint64(pow(_BASE, 1 << bit, 1 << 64)) for bit in range(RUN.bit_length())}
_SIZES = [size for size in _POWERS if RUN & size]  # the halves of halves that a run is put together from
_ASCII = _mixed(np.arange(128, dtype=np.uint64))
