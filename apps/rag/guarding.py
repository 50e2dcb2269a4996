"""Makes what a chatbot's answers may not hold from its passages, and hands it out ready to be looked for."""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from apps.rag.privacy_filter.negative import Forbidden, GuardedText, Screen, build_forbidden
from apps.rag.privacy_filter.negative.forbidden import FORMAT
from apps.rag.privacy_filter.negative.terms import Terms
from apps.retrieval import guard
from apps.retrieval.guard import StoredGuard
from apps.retrieval.models import Passage

ATTEMPTS = 3  # at making one while the passages change
MOST_KEPT = 16  # chatbots whose screens one process keeps

_screens: OrderedDict[uuid.UUID, tuple[int, Screen]] = OrderedDict()
_keeping = threading.Lock()


def refresh(chatbot_id: uuid.UUID) -> bool:
    """Make a chatbot's guard anew if it is out of date. Return whether it is up to date now."""
    for _ in range(ATTEMPTS):
        if guard.current_version(chatbot_id, made_by=FORMAT) is not None:
            return True
        # Read before the passages: what changes meanwhile raises the count, and the guard is out of date again.
        version = guard.wanted_version(chatbot_id)
        if not version:
            return False
        forbidden = build_forbidden(
            _texts(guard.passages_of(chatbot_id, citable=False)),
            lambda: _texts(guard.passages_of(chatbot_id, citable=True)),
        )
        guard.keep(chatbot_id, _stored(version, forbidden), made_by=FORMAT)
    return guard.current_version(chatbot_id, made_by=FORMAT) is not None


def screen_of(chatbot_id: uuid.UUID) -> tuple[int, Screen] | None:
    """Return the version of a chatbot's guard and the guard ready to use, or None when it is out of date."""
    version = guard.current_version(chatbot_id, made_by=FORMAT)
    if version is None:
        return None
    with _keeping:
        kept = _screens.get(chatbot_id)
    if kept is None or kept[0] != version:
        # Outside of the lock, as that of a large chatbot takes a second: others must not wait for it.
        stored = guard.load(chatbot_id, made_by=FORMAT)
        if stored is None:
            return None
        kept = stored.version, _forbidden(stored).screen()
    with _keeping:
        _screens[chatbot_id] = kept
        _screens.move_to_end(chatbot_id)
        while len(_screens) > MOST_KEPT:
            _screens.popitem(last=False)
    return kept


def _texts(passages: Iterable[Passage]) -> Iterator[GuardedText]:
    for passage in passages:
        yield GuardedText(
            text=passage.text,
            headings=tuple(passage.heading_path),
            titles=tuple(filter(None, (passage.title, passage.external_id, _file_name(passage.url)))),
            language=passage.language,
        )


def _file_name(url: str) -> str:
    return unquote(PurePosixPath(urlsplit(url).path).name) if url else ""


def _stored(version: int, forbidden: Forbidden) -> StoredGuard:
    terms = {
        "words": sorted(forbidden.terms.words),
        "joined": sorted(forbidden.terms.joined),
        "numbers": sorted(forbidden.terms.numbers),
    }
    return StoredGuard(version=version, runs=forbidden.runs, shifts=forbidden.shifts, terms=terms)


def _forbidden(stored: StoredGuard) -> Forbidden:
    terms = Terms(**{kind: frozenset(listed) for kind, listed in stored.terms.items()})
    return Forbidden(runs=stored.runs, shifts=stored.shifts, terms=terms)
