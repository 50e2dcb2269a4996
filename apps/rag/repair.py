"""Puts right what a model wrote and the check stopped: one further call, for all of it at once."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import aclosing

from apps.core.error_handling import ProviderError
from apps.rag.draft import Draft
from apps.rag.llm_service import LLMService, Prompt, Stop, Token
from apps.rag.prompts import repair_prompt

REPAIR_SECONDS = 8.0
MOST_REPAIRED = 12  # sentences; an answer with more of them isn't worth it
_NUMBERED = re.compile(r"^\s*(\d{1,2})\s*[.):]\s*(.*\S)?\s*$")
_NOTHING = re.compile(r"[\s—–\-.*_]*")


async def repaired(
    llm: LLMService, prompt: Prompt, *, written: str, sentences: Sequence[str], draft: Draft
) -> dict[int, str]:
    """Return what the model writes in place of each sentence, by its place; nothing for those that it leaves out.

    Nothing at all when the model fails or takes too long: the answer goes on without.
    """
    if not 0 < len(sentences) <= MOST_REPAIRED:
        return {}
    asked = repair_prompt(prompt, written=written, sentences=sentences)
    draft.trace.prompted(asked)
    parts: list[str] = []
    try:
        async with asyncio.timeout(REPAIR_SECONDS), aclosing(llm.generate(asked)) as answer:
            async for part in answer:
                if isinstance(part, Token):
                    parts.append(part.text)
                elif isinstance(part, Stop):
                    draft.stopped(llm, part)
    except (ProviderError, TimeoutError):
        return {}
    return numbered("".join(parts), len(sentences))


def numbered(text: str, most: int) -> dict[int, str]:
    """Return the lines "1. …" by their places from 0 on; a line without a number answers the only sentence."""
    found = [match for line in text.splitlines() if (match := _NUMBERED.match(line))]
    lines = {int(match[1]) - 1: match[2] or "" for match in found if 1 <= int(match[1]) <= most}
    if not lines and most == 1 and text.strip():
        lines = {0: text.strip().splitlines()[0]}
    return {place: line for place, line in lines.items() if not _NOTHING.fullmatch(line)}
