"""Owners' and visitors' code paths meet in no cache.

Everything in the product that remembers something from one request to the next stands on the list below, with what it
remembers. Nothing on it holds text of a document, a question or an answer, but what says so, and that one's key has to
hold bot, audience and policy version. Whoever adds a cache adds a line here, and finds this sentence.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.conftest import Owner
from tests.privacy_construction.conftest import QUESTION, SECRET_WORDS, source_named

ROOT = Path(__file__).parents[2]
CACHING = {"cache", "lru_cache"}  # what an object keeps of itself goes with it
STORES = {"dict", "OrderedDict", "defaultdict", "WeakKeyDictionary", "WeakValueDictionary", "list", "set", "deque"}
# Stores by `file:name`: what is remembered.
KNOWN = {
    "apps/conversations/answer_views.py:_waiting": "how many requests wait for other processes; no answers",
    # The only store of what is said: one answer each while it is made, by its message's id. Who asks for it has shown
    # the token of its conversation, and what is told once more is looked at anew.
    "apps/conversations/running.py:_running": "the answers that this process is making",
    "apps/conversations/standing.py:_desks": "who waits for a look at the database, by event loop and bot; no answers",
    "apps/conversations/limits_admission.py:_keepers": "which places of open answers are held; no answers",
    "apps/core/circuit_breaker/watching.py:_listeners": "who wants to hear of circuits",
    "apps/core/error_reports.py:_listeners": "who wants to hear of errors",
    "apps/incidents/checking.py:tests_in()": "names of tests",
    "apps/incidents/documents.py:known_incidents()": "the incidents that docs/ describes",
    "apps/observability/health.py:last_migrations()": "names of migrations",
    "apps/observability/metered_chat.py:observers": "who wants to hear of answers' figures",
    "apps/core/database/visitor.py:_pools": "connections; each is bound to one bot for one transaction",
    "apps/core/outbound/connection.py:_certificates()": "the certificates that this machine trusts",
    "apps/core/services.py:_built": "services by name",
    "apps/knowledge/likeness.py:permutations()": "fixed numbers",
    "apps/observability/leaktest/revision.py:code_revision()": "a digest of the code",
    # Hashes and terms of learn-only text. Only the filter of visitors' answers asks for them; the key is the bot and
    # its guard's version, which any change of its passages raises.
    "apps/rag/guarding.py:_screens": "what one bot's answers may not hold, by bot and version",
    "apps/rag/privacy_filter/negative/folding.py:_plain_sign()": "single characters as they look",
    "apps/rag/privacy_filter/negative/folding.py:_look_alikes()": "a table of look-alikes",
    "apps/rag/privacy_filter/courtesies.py:_binding_stems()": "a list of words that comes with the product",
    "apps/rag/privacy_filter/courtesies.py:_stems()": "a list of words that comes with the product",
    "apps/rag/reading/decision.py:_fitted()": "weights that come with the product",
    "apps/rag/understanding/phrases.py:phrases_of()": "a list of words that comes with the product",
    "apps/rag/understanding/small_talk.py:_mistyped()": "which of our words a single word may be",
    "apps/rag/understanding/small_talk.py:_spelled()": "which of our words a single word is",
    "apps/rag/synonyms.py:_table()": "a list of words that comes with the product",
    "apps/rag/words.py:_empty_stems()": "a list of words that comes with the product",
    "apps/rag/words.py:_negation_words()": "a list of words that comes with the product",
    "apps/retrieval/everyday_words.py:_question_words()": "a list of words that comes with the product",
    "apps/retrieval/everyday_words.py:everyday_words()": "the whole words of a model's tokenizer",
    "apps/retrieval/languages.py:_identifier()": "a language model of a library's",
    "apps/retrieval/lexical.py:_tokens()": "the stems of single words",
    "apps/retrieval/lexical.py:term_id()": "the numbers of single words",
    "apps/retrieval/providers.py:_by_spec": "embedding models by setting",
    "apps/core/reader/registry.py:_warn_once()": "which warnings were given",
    "apps/retrieval/search_sql.py:search_statement()": "statements of our own, by size of the vectors",
    "apps/widget/texts.py:texts_for()": "the words of the visitor's pages, by language",
}


def caches() -> Iterator[str]:
    """Yield what remembers: cached functions, and containers that a module starts empty or a decorator fills."""
    for folder in ("apps", "config"):
        for file in sorted((ROOT / folder).rglob("*.py")):
            name = file.relative_to(ROOT)
            if "tests" in name.parts or "migrations" in name.parts:
                continue
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and any(
                    map(is_caching, node.decorator_list)
                ):
                    yield f"{name}:{node.name}()"
            yield from (f"{name}:{one}" for one in empty_containers(ast.parse(file.read_text()).body))


def is_caching(decorator: ast.expr) -> bool:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return (called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")) in CACHING


def empty_containers(body: list[ast.stmt]) -> Iterator[str]:
    for statement in body:
        targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
        value = getattr(statement, "value", None)
        empty = (isinstance(value, ast.Dict) and not value.keys) or (isinstance(value, ast.List) and not value.elts)
        made = isinstance(value, ast.Call) and getattr(value.func, "id", "") in STORES and not value.args
        if empty or made:
            yield from (one.id for one in targets if isinstance(one, ast.Name))


def test_every_cache_is_known_and_holds_nothing_of_owners_or_visitors() -> None:
    assert set(caches()) == set(KNOWN)


def test_django_s_own_cache_is_not_used() -> None:
    """It would be one for all bots and both audiences."""
    using = [
        str(file.relative_to(ROOT))
        for folder in ("apps", "config")
        for file in (ROOT / folder).rglob("*.py")
        if "tests" not in file.parts
        and re.search(r"django\.core\.cache|cache_page|cache_control\(|CACHES\b", file.read_text())
    ]
    assert using == []


def test_what_an_owner_looked_at_is_never_what_a_visitor_gets(alice: Owner, bot: dict[str, Any]) -> None:
    """The owner reads a learn-only source and searches for its words; a visitor who asks the same hears none of it."""
    source = source_named(alice, bot, "floor.md")
    read = alice.api.get(f"/chatbots/{bot['id']}/sources/{source['id']}/documents")
    question = "Who settles warranty claims?"
    alice.api.post(f"/chatbots/{bot['id']}/search", json={"query": question})
    told = alice.ask(bot, question)

    assert "Gwendolyn" in read.text
    assert not any(word in str(told).casefold() for word in SECRET_WORDS)


def test_no_answer_is_kept_over_a_change(alice: Owner, bot: dict[str, Any]) -> None:
    """Whoever asks again after a flip gets an answer from what is citable now, and after another flip again."""
    address = f"/chatbots/{bot['id']}/sources/{source_named(alice, bot, 'warranty.md')['id']}"
    said = [alice.ask(bot, QUESTION)["text"]]
    for disclosure in ("learn_only", "citable"):
        alice.api.patch(address, json={"disclosure": disclosure})
        said.append(alice.ask(bot, QUESTION)["text"])

    assert ["24 months" in text for text in said] == [True, False, True]


def test_nothing_of_the_api_may_be_kept_by_a_browser_or_a_proxy(alice: Owner, bot: dict[str, Any]) -> None:
    for path in ("", f"/{bot['id']}", f"/{bot['id']}/sources", f"/{bot['id']}/conversations"):
        response = alice.api.get(f"/chatbots{path}")
        assert response.headers["cache-control"] == "no-store", path
        assert not {"etag", "last-modified", "expires"} & {name.lower() for name in response.headers}
