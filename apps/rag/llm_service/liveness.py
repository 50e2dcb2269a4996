"""Tells a model's server that is slow to begin from one that is dead, so that nobody waits for the dead one."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

import openai
from openai import AsyncOpenAI

Opened = TypeVar("Opened")


async def opened_alive(opening: Awaitable[Opened], client: AsyncOpenAI, *, patience: float, probe: float) -> Opened:
    """Wait for a response to begin. Raises TimeoutError if after `patience` seconds the server answers nothing at all.

    A server that loads a model, or queues requests, still lists its models at once. One whose process hangs takes
    connections, for the kernel does that, and says nothing to anybody. `probe` is how many seconds it is given.
    """
    task = asyncio.ensure_future(opening)
    try:
        done, _ = await asyncio.wait({task}, timeout=patience)
        if not done and not await _answers(client, probe):
            raise TimeoutError
        return await task
    finally:
        task.cancel()


async def _answers(client: AsyncOpenAI, seconds: float) -> bool:
    """Tell whether a server answers anything, be it that it knows no such address."""
    try:
        async with asyncio.timeout(seconds):
            await client.models.with_raw_response.list()
    except openai.APIStatusError:
        return True
    except (openai.APIError, TimeoutError):
        return False
    return True
