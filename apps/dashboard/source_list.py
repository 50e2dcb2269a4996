"""Which sources the page lists: what is searched for, in which state and class, and in which order."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Lower
from django.http import QueryDict

from apps.knowledge.models import Disclosure, Source, SourceStatus

PER_PAGE = 50
LONGEST_SEARCH = 200
BUSY = (SourceStatus.QUEUED, SourceStatus.RUNNING)
STATES: Mapping[str, tuple[str, Q]] = {
    "busy": ("Being read", Q(status__in=BUSY)),
    "ready": ("Ready", Q(status=SourceStatus.READY)),
    "failed": ("Failed", Q(status=SourceStatus.FAILED)),
    "cancelled": ("Cancelled", Q(status=SourceStatus.CANCELLED)),
}
ORDERS: Mapping[str, tuple[str, tuple[Any, ...]]] = {
    "new": ("Newest first", ("-created_at", "-pk")),
    "old": ("Oldest first", ("created_at", "pk")),
    "changed": ("Changed last", ("-updated_at", "-pk")),
    "title": ("By name", (Lower("title"), "pk")),
    "passages": ("Most passages", ("-passage_count", "pk")),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """One of the filters that the page offers, and how many sources it lets through."""

    label: str
    query: str
    count: int
    chosen: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """A part of a chatbot's sources, as its address names it; what makes no sense in an address is left out."""

    search: str = ""
    state: str = ""
    disclosure: str = ""
    order: str = "new"
    page: str = ""

    @classmethod
    def asked(cls, query: QueryDict) -> "Listing":
        state, disclosure = query.get("state", ""), query.get("show", "")
        order, page = query.get("sort", ""), query.get("page", "")
        return cls(
            search=query.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH],
            state=state if state in STATES else "",
            disclosure=disclosure if disclosure in Disclosure.values else "",
            order=order if order in ORDERS else "new",
            page=page if page.isdecimal() and len(page) < 7 and page != "1" else "",
        )

    @property
    def query(self) -> str:
        """Return the part of an address that leads back here."""
        named = {"q": self.search, "state": self.state, "show": self.disclosure, "page": self.page}
        if self.order != "new":
            named["sort"] = self.order
        return urlencode({name: value for name, value in named.items() if value})

    @property
    def pages_query(self) -> str:
        """Return what follows the number of a page in an address."""
        query = replace(self, page="").query
        return f"&{query}" if query else ""

    @property
    def is_narrow(self) -> bool:
        return bool(self.search or self.state or self.disclosure)

    def of(self, sources: QuerySet[Source]) -> Page[Source]:
        """Return the page that is asked for."""
        if self.search:
            sources = sources.filter(
                Q(title__icontains=self.search) | Q(file_name__icontains=self.search) | Q(url__icontains=self.search)
            )
        if self.state:
            sources = sources.filter(STATES[self.state][1])
        if self.disclosure:
            sources = sources.filter(disclosure=self.disclosure)
        return Paginator(sources.order_by(*ORDERS[self.order][1]), PER_PAGE).get_page(self.page or 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """How many sources a chatbot has, in each state and class."""

    total: int
    states: Mapping[str, int]
    classes: Mapping[str, int]

    @property
    def busy(self) -> int:
        return self.states["busy"]


def count(sources: QuerySet[Source]) -> Counts:
    found = sources.order_by().aggregate(
        total=Count("pk"),
        **{name: Count("pk", filter=condition) for name, (_, condition) in STATES.items()},
        **{value: Count("pk", filter=Q(disclosure=value)) for value in Disclosure.values},
    )
    return Counts(
        total=found["total"],
        states={name: found[name] for name in STATES},
        classes={value: found[value] for value in Disclosure.values},
    )


def state_filters(listing: Listing, counts: Counts) -> list[Filter]:
    """Return the filters by state; a state that no source is in is offered only while it is chosen."""
    everything = Filter(
        label="All", query=replace(listing, state="", page="").query, count=counts.total, chosen=not listing.state
    )
    return [everything] + [
        Filter(
            label=label, query=replace(listing, state=name, page="").query, count=counts.states[name],
            chosen=listing.state == name,
        )
        for name, (label, _) in STATES.items()
        if counts.states[name] or listing.state == name
    ]  # fmt: skip


def class_filters(listing: Listing, counts: Counts) -> list[Filter]:
    both = Filter(
        label="Both classes", query=replace(listing, disclosure="", page="").query, count=counts.total,
        chosen=not listing.disclosure,
    )  # fmt: skip
    return [both] + [
        Filter(
            label=str(Disclosure(value).label), query=replace(listing, disclosure=value, page="").query,
            count=counts.classes[value], chosen=listing.disclosure == value,
        )
        for value in Disclosure.values
    ]  # fmt: skip
