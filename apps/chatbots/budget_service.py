"""Hands out the budget.

Apart from it, since `apps.rag` asks for it and is imported before any of Django's models may be.
"""

from typing import TYPE_CHECKING, cast

from apps.core.services import ServiceRegistry

if TYPE_CHECKING:
    from apps.chatbots.budget import BudgetService


def budget() -> "BudgetService":
    """Return the service of what chatbots may spend on a language model."""
    return cast("BudgetService", ServiceRegistry.get("budget"))
