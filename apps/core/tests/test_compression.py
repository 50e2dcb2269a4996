"""Static files go out compressed to who can read that, and as they are to who can't."""

import gzip
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import AsyncClient

SCRIPT = "/static/widget/share_page.js"


async def got(accept: str = "gzip, deflate, br", path: str = SCRIPT, **headers: str) -> tuple[Any, bytes]:
    response: Any = await AsyncClient().get(path, headers={"Accept-Encoding": accept, **headers})
    if response.streaming:
        return response, b"".join([part async for part in response])
    return response, response.content


def on_disk() -> bytes:
    path = finders.find("widget/share_page.js")
    assert isinstance(path, str)
    with open(path, "rb") as file:  # noqa: PTH123
        return file.read()


async def test_a_browser_gets_a_script_compressed_and_whole() -> None:
    response, body = await got()

    assert response["Content-Encoding"] == "gzip"
    assert int(response["Content-Length"]) == len(body)
    assert len(body) < len(on_disk()) / 2
    assert gzip.decompress(body) == on_disk()
    assert response["Content-Type"].startswith("text/javascript")
    assert response["Vary"] == "Accept-Encoding"
    assert "max-age" in response["Cache-Control"]


async def test_the_second_visitor_gets_the_same_bytes() -> None:
    assert (await got())[1] == (await got())[1]


@pytest.mark.parametrize("headers", [{"accept": "identity"}, {"Range": "bytes=0-99"}])
async def test_who_asks_for_plain_bytes_gets_plain_bytes(headers: dict[str, str]) -> None:
    response, body = await got(**headers)

    assert not response.has_header("Content-Encoding")
    assert on_disk().startswith(body[:100])
    assert response.status_code == 206 or response["Vary"] == "Accept-Encoding"


async def test_pages_are_none_of_its_business() -> None:
    response, _ = await got(path="/static/widget/none.js")
    assert response.status_code == 404
    assert not response.has_header("Content-Encoding")
