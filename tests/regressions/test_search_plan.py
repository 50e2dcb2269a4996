"""Search over a few thousand passages takes the way that is quick, whatever the planner believes."""

import pytest
from django.db import connection

WANTED = {"enable_seqscan=off", "enable_indexscan=off", "random_page_cost=1.1"}


@pytest.mark.django_db
def test_candidates_by_words_never_scan_a_whole_chatbot() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT proconfig, prorows FROM pg_proc WHERE proname = 'lexical_candidates'")
        ((settings, rows),) = cursor.fetchall()
    assert set(settings) >= WANTED
    assert rows == 100
