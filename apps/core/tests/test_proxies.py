"""Alice's machine names proxies for other programs; Tacit asks no server of her own through them."""

import pytest

from apps.core.proxies import find_proxy, proxy_address


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "REQUEST_METHOD"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("variables", "address", "used"),
    [
        ({}, "https://models.example/v1", None),
        ({"HTTPS_PROXY": "http://proxy.example:3128"}, "https://models.example/v1", "http://proxy.example:3128"),
        ({"HTTPS_PROXY": "proxy.example:3128"}, "https://models.example/v1", "http://proxy.example:3128"),
        ({"ALL_PROXY": "http://proxy.example:3128"}, "https://models.example/v1", "http://proxy.example:3128"),
        ({"HTTP_PROXY": "http://proxy.example:3128"}, "https://models.example/v1", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": ".example"}, "https://models.example/v1", None),
        ({"HTTPS_PROXY": "http://p:1", "NO_PROXY": "*"}, "https://models.example/v1", None),
        ({"ALL_PROXY": "socks5://p:1", "NO_PROXY": "models.example"}, "https://models.example/v1", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://127.0.0.1:11434/v1", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://127.8.8.8/v1", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://localhost:11434/v1", None),
        ({"ALL_PROXY": "socks5://p:1"}, "http://[::1]:11434/v1", None),
        ({"HTTP_PROXY": "http://p:1"}, "http://localhost.example/v1", "http://p:1"),
    ],
)
def test_which_proxy_is_used(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], address: str, used: str | None
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert proxy_address(find_proxy(address)) == used


def test_a_proxy_is_told_by_its_variable_and_place_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://alice:hunter2@proxy.example:3128")
    proxy = find_proxy("https://models.example/v1")
    assert proxy
    assert (proxy.variable, proxy.place) == ("HTTPS_PROXY", "proxy.example:3128")
    assert "hunter2" not in f"{proxy!r}{proxy.problem}"
