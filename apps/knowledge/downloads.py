"""Hands an owner the original file of a source, so that no browser opens it."""

from collections.abc import AsyncIterator, Iterator
from urllib.parse import quote

from django.http import StreamingHttpResponse

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.core.database.threads import in_database
from apps.knowledge import originals
from apps.knowledge.models import Source


def download_of(source: Source) -> StreamingHttpResponse:
    """Return the original as an attachment, and record that it was asked for. Raises NotFoundError if none is kept."""
    audit.record(Action.SOURCE_OPENED, source, what="original")
    # Whatever the file is, the browser saves it and runs nothing of it.
    response = StreamingHttpResponse(sent(originals.pieces(source)), content_type="application/octet-stream")
    name = source.file_name.rsplit("/", 1)[-1] or "original"
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["Content-Length"] = str(source.size)
    response["Content-Security-Policy"] = "sandbox"
    return response


async def sent(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield pieces one by one; given as they are, all of them would be read before the first is sent."""
    while piece := await in_database(next, pieces, b""):
        yield piece
