"""Where an answer's time went, as bars one below the other: the figures of an SVG that the template draws."""

from collections.abc import Sequence
from dataclasses import dataclass

from apps.conversations.proof import Proof, Stage

WIDTH, NAMES, FIGURES = 400, 86, 64  # of the picture, of the names on its left, of the figures on its right
ROW, THICKNESS = 26, 14
NARROWEST = 2  # so that a stage of no time is still seen
WORDS = {
    "condense": "understand", "search": "search", "read": "read", "context": "choose", "generate": "write"
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Bar:
    name: str
    x: int
    y: int
    width: int
    text_y: int
    took: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Waterfall:
    """The bars, and where the first words went out (None when nothing did)."""

    bars: Sequence[Bar]
    height: int
    first_token_x: int | None
    summary: str


def waterfall(proof: Proof) -> Waterfall | None:
    """Return the picture of an answer's timings, or None for an answer without any."""
    if not proof.stages or not proof.total_ms:
        return None
    scale = (WIDTH - NAMES - FIGURES) / max(proof.total_ms, proof.stages[-1].began_ms + proof.stages[-1].took_ms)
    bars = [bar(row, stage, scale) for row, stage in enumerate(proof.stages)]
    first = proof.first_token_ms
    return Waterfall(
        bars=bars,
        height=len(bars) * ROW + 4,
        first_token_x=None if first is None else NAMES + round(first * scale),
        summary=", ".join(f"{one.name} {one.took}" for one in bars),
    )


def bar(row: int, stage: Stage, scale: float) -> Bar:
    y = row * ROW + (ROW - THICKNESS) // 2
    return Bar(
        name=WORDS.get(stage.name, stage.name),
        x=NAMES + round(stage.began_ms * scale),
        y=y,
        width=max(NARROWEST, round(stage.took_ms * scale)),
        text_y=y + THICKNESS - 2,
        took=milliseconds(stage.took_ms),
    )


def milliseconds(value: float) -> str:
    if value >= 1000:
        return f"{value / 1000:.1f} s"
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"
