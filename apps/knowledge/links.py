"""Steering links for a chatbot's owner: "visitors asking about this are led to that", with a way to take one away."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import cast

from django.db import transaction

from apps.accounts import audit
from apps.accounts.audit import Action
from apps.chatbots.models import Chatbot
from apps.core.error_handling import NotFoundError
from apps.core.services import ServiceRegistry
from apps.knowledge.models import Source
from apps.retrieval.models import RemovedSteeringLink, SteeringHint
from apps.retrieval.steering import Link, links_of, remove_link, restore_links


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """One end of a link: a passage's words, and the source it came from."""

    source_id: uuid.UUID
    source_title: str = field(repr=False)
    title: str = field(repr=False)
    text: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class SteeringLink:
    """Visitors who ask about what `learn_only` says are led to `citable`; `weight` is how alike the two are, 0 to 1."""

    id: uuid.UUID
    weight: float
    learn_only: End
    citable: End


class SteeringLinkService:
    """The steering links of a chatbot; what they show of learn-only sources is for its owner alone."""

    def count(self, chatbot: Chatbot) -> int:
        return SteeringHint.objects.filter(chatbot=chatbot).count()

    def removed(self, chatbot: Chatbot) -> int:
        """Return how many links the owner took away."""
        return RemovedSteeringLink.objects.filter(chatbot=chatbot).count()

    def read(self, chatbot: Chatbot, *, first: int = 0, most: int | None = None) -> list[SteeringLink]:
        """Return links, by learn-only document, and record that they were looked at: they quote learn-only text."""
        links = with_sources(links_of(chatbot.pk, first=first, most=most))
        audit.record(Action.LINKS_OPENED, chatbot, links=len(links))
        return links

    @transaction.atomic
    def remove(self, chatbot: Chatbot, link_id: uuid.UUID) -> None:
        """Take a link away; it does not come back with the next ingest. Raises NotFoundError."""
        link = next(iter(with_sources(links_of(chatbot.pk, link_id=link_id))), None)
        if link is None:
            raise NotFoundError("This chatbot has no link with that id.")
        note, answer = link.learn_only.source_title, link.citable.source_title
        audit.record(Action.LINK_REMOVED, chatbot, learn_only_source=note, citable_source=answer)
        remove_link(chatbot.pk, link_id)

    @transaction.atomic
    def restore(self, chatbot: Chatbot) -> None:
        """Let all links that were taken away come back, as soon as a worker has linked anew."""
        audit.record(Action.LINK_RESTORED, chatbot, links=self.removed(chatbot))
        restore_links(chatbot.pk)


def with_sources(links: Iterable[Link]) -> list[SteeringLink]:
    """Return links with the titles of the sources at both ends."""
    links = list(links)
    ids = {source for link in links for source in (link.learn_only_source_id, link.citable_source_id)}
    titles = dict(Source.objects.filter(pk__in=ids).values_list("pk", "title"))
    return [
        SteeringLink(
            id=link.id,
            weight=link.weight,
            learn_only=End(
                source_id=link.learn_only_source_id,
                source_title=titles.get(link.learn_only_source_id, ""),
                title=link.learn_only_title,
                text=link.learn_only_text,
            ),
            citable=End(
                source_id=link.citable_source_id,
                source_title=titles.get(link.citable_source_id, ""),
                title=link.citable_title,
                text=link.citable_text,
            ),
        )
        for link in links
    ]


def steering_links() -> SteeringLinkService:
    """Return the service of the links that learn-only passages lead by."""
    return cast("SteeringLinkService", ServiceRegistry.get("steering_links"))
