"""Groups texts into batches, so that a model computes little padding and a request stays within its limits."""

from collections.abc import Iterator, Sequence


def batches_by_length(lengths: Sequence[int], *, max_tokens: int) -> Iterator[list[int]]:
    """Places of texts, shortest first; no batch is larger than `max_tokens` once padded to its longest text.

    A text that is longer than that by itself has a batch of its own.
    """
    batch: list[int] = []
    for place in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[place] > max_tokens:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def batches_in_order(lengths: Sequence[int], *, max_tokens: int, max_texts: int) -> Iterator[slice]:
    """Neighbouring texts that together have at most `max_tokens` tokens and number at most `max_texts`."""
    start, tokens = 0, 0
    for place, length in enumerate(lengths):
        if place > start and (tokens + length > max_tokens or place - start == max_texts):
            yield slice(start, place)
            start, tokens = place, 0
        tokens += length
    if start < len(lengths):
        yield slice(start, len(lengths))
