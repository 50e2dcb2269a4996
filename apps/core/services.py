"""Hands out the product's services by name, built on first use from the dotted paths in `settings.SERVICES`.

Core imports nothing above it: the classes named here live in their own apps and are looked up when they are asked for.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

from django.conf import settings

from apps.core.error_handling import SettingsError

_built: dict[str, Any] = {}
_building = threading.RLock()  # a service may ask for another one while it is made


class ServiceRegistry:
    """One instance of each service per process."""

    @classmethod
    def get(cls, name: str) -> Any:
        """Return the service `name`, made on first use. Raises SettingsError for a name that settings don't know."""
        if name not in _built:
            with _building:
                if name not in _built:
                    _built[name] = cls._wrapped(name, cls._factory(name)())
        return _built[name]

    @classmethod
    @contextmanager
    def override(cls, name: str, service: Any) -> Iterator[None]:
        """Hand out `service` for `name` while the block runs (for tests)."""
        before = dict(_built)
        _built[name] = service
        try:
            yield
        finally:
            _built.pop(name, None)
            if name in before:
                _built[name] = before[name]

    @classmethod
    def reset(cls) -> None:
        """Forget every service that was made."""
        _built.clear()

    @staticmethod
    def _wrapped(name: str, service: Any) -> Any:
        """Return the service in what settings put round it: metrics, a breaker."""
        for path in settings.SERVICE_WRAPPERS.get(name, ()):
            service = load(path)(service)
        return service

    @staticmethod
    def _factory(name: str) -> Callable[[], Any]:
        try:
            path = settings.SERVICES[name]
        except KeyError:
            raise SettingsError(
                f"There is no service named {name!r}. Known: {', '.join(sorted(settings.SERVICES))}."
            ) from None
        factory: Callable[[], Any] = load(path)
        return factory


def load(path: str) -> Any:
    """Import what a dotted path names."""
    module, _, attribute = path.rpartition(".")
    return getattr(import_module(module), attribute)


# The domain services, under the names the rest of the world imports them by.
_EXPORTED = {
    "UserService": "users",
    "ChatbotService": "chatbots",
    "KnowledgeSourceService": "knowledge_sources",
    "DocumentService": "documents",
    "ChatService": "chat",
    "PrivacyService": "privacy",
}


def __getattr__(name: str) -> Any:
    if name in _EXPORTED:
        return load(settings.SERVICES[_EXPORTED[name]])
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
