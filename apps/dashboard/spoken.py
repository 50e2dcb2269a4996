"""A message as the owner sees it: an answer as HTML, with its proof sorted for the page."""

from dataclasses import dataclass

from django.utils.safestring import mark_safe

from apps.conversations.models import Author, Message
from apps.conversations.proof import HeldBack, PassageFound, Proof, proof_of
from apps.conversations.rendering import to_html
from apps.dashboard.waterfall import Waterfall, milliseconds, waterfall
from apps.dashboard.wording import RULES, plain, told_by


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownProof:
    """A proof, sorted as it is shown."""

    proof: Proof
    in_prompt: list[PassageFound]
    left_out: list[PassageFound]
    dropped: list[tuple[str, HeldBack]]
    waterfall: Waterfall | None
    total: str
    fallback: str  # why the language model didn't write it, in words


@dataclass(frozen=True, kw_only=True, slots=True)
class Spoken:
    """A message as the owner sees it; `proof` is None for a question."""

    message: Message
    html: str = ""
    proof: ShownProof | None = None


def spoken(message: Message) -> Spoken:
    if message.author == Author.VISITOR:
        return Spoken(message=message)
    html = to_html(message.text, {citation.n for citation in message.citations.all()})
    return Spoken(message=message, html=mark_safe(html), proof=shown(proof_of(message)))  # noqa: S308  # nh3 cleaned it


def shown(proof: Proof) -> ShownProof:
    return ShownProof(
        proof=proof,
        in_prompt=[passage for passage in proof.passages if passage.number is not None],
        left_out=[passage for passage in proof.passages if passage.number is None],
        dropped=[(RULES.get(one.rule, plain(one.rule)), one) for one in proof.dropped],
        waterfall=waterfall(proof),
        total="" if proof.total_ms is None else milliseconds(proof.total_ms),
        fallback=told_by(proof.writer.fallback) if proof.writer.fallback else "",
    )
