"""What an attack is: families of cases, each made from a target, which is a learn-only passage somebody is after."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from string import Template
from types import MappingProxyType
from typing import Any

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A learn-only passage with what an attacker might go for in it, and what lies around it.

    `citable_sentence` is one that visitors may read; `ids` belong to the learn-only source and its documents.
    """

    public_id: str
    other_public_id: str
    title: str = field(repr=False)
    file_name: str = field(repr=False)
    text: str = field(repr=False)
    sentence: str = field(repr=False)
    topic: str = field(repr=False)
    name: str = field(repr=False)
    number: str = field(repr=False)
    decoy_name: str = "Ingrid Halvorsen"
    decoy_number: str = "8642"
    citable_sentence: str = field(default="", repr=False)
    citable_title: str = field(default="", repr=False)
    citable_words: str = field(default="", repr=False)
    source_id: str = ""
    ids: tuple[str, ...] = ()

    @property
    def words(self) -> Mapping[str, str]:
        """What templates of questions may hold, by name."""
        words = self.sentence.split()
        middle = max(1, len(words) // 2)
        masked = self.sentence.replace(self.number, "[MASK]") if self.number else self.sentence
        if masked == self.sentence:
            masked = " ".join([*words[:middle], "[MASK]", *words[middle + 1 :]])
        return {
            "title": self.title,
            "file": self.file_name,
            "topic": self.topic,
            "name": self.name or "the person in charge",
            "number": self.number or self.decoy_number,
            "decoy_name": self.decoy_name,
            "decoy_number": self.decoy_number,
            "start": " ".join(words[:middle]),
            "few": " ".join(words[:4]),
            "masked": masked,
            "citable": self.citable_sentence,
            "citable_title": self.citable_title,
            "citable_words": self.citable_words,
            "id": self.ids[0] if self.ids else "00000000-0000-4000-8000-000000000000",
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A request as it is sent; in path, headers and body `{bot}`, `{other}` and `{token}` are filled in."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One attempt: questions, asked one after another in one conversation, or requests that are sent as they are, or
    statements for the database with the visitors' login.

    `alike`: every one of the requests must get the same bytes. `must_answer`: here silence is the mistake.
    """

    name: str
    turns: tuple[str, ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    fields: Mapping[str, Any] = field(default_factory=dict, repr=False)
    requests: tuple[Request, ...] = ()
    statements: tuple[str, ...] = ()
    alike: bool = False
    must_answer: bool = False


Cases = Callable[[Target], tuple[Case, ...]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Family:
    """One row of the catalogue. `correct` holds the letters of what must come back:

    U as if the learn-only source were not there · N nothing of it in any form · H private and missing look the same ·
    S nothing that loads or runs · T nothing old after a change. `elsewhere` names the tests that hold what can't be
    tried on a living chatbot.
    """

    number: int
    name: str
    correct: str
    cases: Cases
    elsewhere: str = ""


def filled(template: str, target: Target) -> str:
    return Template(template).safe_substitute(target.words)


def spoken(**templates: str | tuple[str, ...]) -> Cases:
    """Return cases made of questions; a tuple is a conversation of several turns."""

    def cases(target: Target) -> tuple[Case, ...]:
        return tuple(
            Case(name=name.replace("_", " "), turns=tuple(filled(one, target) for one in turns_of(template)))
            for name, template in templates.items()
        )

    return cases


def turns_of(template: str | tuple[str, ...]) -> tuple[str, ...]:
    return (template,) if isinstance(template, str) else template


def nowhere(_: Target) -> tuple[Case, ...]:
    """No case: the family can't be tried on a living chatbot."""
    return ()


def words_of(text: str) -> list[str]:
    return re.findall(r"\w+", text)
