"""Alice's and Bob's bots side by side, for tests of what a visitor of one may read of the other."""

from typing import Any

import psycopg
from django.db import connection

from apps.retrieval.tests.shelf import Shelf

Connection = psycopg.Connection[tuple[Any, ...]]
ALICES, HIDDEN, BOBS = "Alice's warranty is two years", "the secret margin is 43 %", "Bob's toner is out of stock"


class World:
    """Alice's bot with a citable and a learn-only passage, and Bob's with a citable one."""

    def __init__(self) -> None:
        self.alice, self.bob = Shelf(name="Alice's bot"), Shelf(name="Bob's bot")
        self.alice.put(ALICES)
        self.alice.put(HIDDEN, citable=False)
        self.bob.put(BOBS)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")  # what PostgreSQL keeps of values could tell them too
