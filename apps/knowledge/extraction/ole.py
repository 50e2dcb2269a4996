"""Reads the directory and the streams of an OLE compound file, the container of old Office files."""

import struct

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_HEADER = 512
_ENTRY = 128
_LAST_SECTOR = 0xFFFFFFFA
_NOTHING = 0xFFFFFFFF
_MOST_SECTORS = 4_096
_STREAM = 2


def root_names(data: bytes) -> set[str]:
    """Return the names of the streams and storages at the top of the file; empty if the file is damaged."""
    try:
        entries = _directory(data)
        return _children(entries)
    except (struct.error, IndexError):
        return set()


def stream(data: bytes, name: str) -> bytes:
    """Return a stream of the file by name, whatever storage it is in; empty if there is none or the file is damaged."""
    try:
        entries = _directory(data)
        for entry in entries:
            if _name(entry) == name and entry[66] == _STREAM:
                return _content(data, entries[0], entry)
    except (struct.error, IndexError):
        pass
    return b""


def _content(data: bytes, root: bytes, entry: bytes) -> bytes:
    first, length = struct.unpack_from("<II", entry, 116)
    size = 1 << min(16, struct.unpack_from("<H", data, 30)[0])
    table = _allocation_table(data, size)
    if length >= struct.unpack_from("<I", data, 56)[0]:
        return _chain(data[size:], first, table, size)[:length]
    # A small stream lies in the root's own, in smaller sectors with a table of their own.
    small = 1 << min(16, struct.unpack_from("<H", data, 32)[0])
    whole = _chain(data[size:], struct.unpack_from("<I", root, 116)[0], table, size)
    listed = _chain(data[size:], struct.unpack_from("<I", data, 60)[0], table, size)
    small_table = list(struct.unpack(f"<{len(listed) // 4}I", listed))
    return _chain(whole, first, small_table, small)[:length]


def _chain(sectors: bytes, sector: int, table: list[int], size: int) -> bytes:
    parts: list[bytes] = []
    while sector < _LAST_SECTOR and len(parts) <= len(table):
        parts.append(sectors[sector * size : (sector + 1) * size])
        sector = table[sector]
    return b"".join(parts)


def _name(entry: bytes) -> str:
    length = min(64, struct.unpack_from("<H", entry, 64)[0])
    return entry[: max(0, length - 2)].decode("utf-16-le", "replace")


def _directory(data: bytes) -> list[bytes]:
    size = 1 << min(16, struct.unpack_from("<H", data, 30)[0])
    table = _allocation_table(data, size)
    sector = struct.unpack_from("<I", data, 48)[0]
    entries: list[bytes] = []
    seen: set[int] = set()
    while sector < _LAST_SECTOR and sector not in seen and len(seen) < _MOST_SECTORS:
        seen.add(sector)
        start = (sector + 1) * size
        entries += [data[place : place + _ENTRY] for place in range(start, min(start + size, len(data)), _ENTRY)]
        sector = table[sector]
    return entries


def _allocation_table(data: bytes, size: int) -> list[int]:
    """Return for each sector the next one of its chain; the header's 109 parts hold 7 MB of small sectors."""
    table: list[int] = []
    for sector in _table_sectors(data, size):
        start = (sector + 1) * size
        table += struct.unpack_from(f"<{size // 4}I", data, start)
    return table


def _table_sectors(data: bytes, size: int) -> list[int]:
    sectors = list(struct.unpack_from("<109I", data, 76))
    more, seen = struct.unpack_from("<I", data, 68)[0], 0
    while more < _LAST_SECTOR and seen < _MOST_SECTORS:
        *part, more = struct.unpack_from(f"<{size // 4}I", data, (more + 1) * size)
        sectors += part
        seen += 1
    return [sector for sector in sectors if sector < _LAST_SECTOR]


def _children(entries: list[bytes]) -> set[str]:
    """Walk the tree of names that hangs on the first entry, the root."""
    names: set[str] = set()
    pending, seen = [struct.unpack_from("<I", entries[0], 76)[0]], set[int]()
    while pending:
        number = pending.pop()
        if number >= min(_NOTHING, len(entries)) or number in seen:
            continue
        seen.add(number)
        entry = entries[number]
        names.add(_name(entry))
        pending += struct.unpack_from("<II", entry, 68)
    return names
