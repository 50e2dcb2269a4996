"""How much a file may cost: its size, its reader's time and memory, and what comes out."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class ExtractionLimits:
    """Limits for one file. The defaults let through any document that people write.

    `cpu_seconds` is what ends a reader that loops; `wall_seconds` allows for a busy machine and ends one that hangs.

    `memory_bytes` is what the reader may take on top of the parsers themselves. `archive_ratio` is how often
    larger than its packed form a member of a ZIP may be; text rarely reaches 20.
    """

    file_bytes: int = 100 * MIB
    wall_seconds: float = 400.0
    cpu_seconds: int = 200
    memory_bytes: int = 1536 * MIB
    output_bytes: int = 400 * MIB
    output_characters: int = 100_000_000
    documents: int = 250_000
    pages: int = 3_000
    archive_members: int = 2_000
    archive_bytes: int = 400 * MIB
    archive_ratio: int = 150
    archive_nesting: int = 4


DEFAULT_LIMITS = ExtractionLimits()
