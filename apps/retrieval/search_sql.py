"""The statements of the search, run as the visitor login under row-level security."""

from functools import cache

from apps.retrieval.models import TERM_SPACE

PARAMETERS_OF_BOT = """
SELECT space.id, space.name, space.spec, space.dimensions, statistics.languages, statistics.indexed
FROM index_statistics AS statistics JOIN embedding_space AS space ON space.id = statistics.space_id
WHERE statistics.chatbot_id = %s AND statistics.passages > 0
"""

# The question's terms with their IDF, from the document frequencies of this chatbot's citable passages, as a sparse
# vector; a term that no passage holds is left out, and a question without any known term has no vector. `rare` are the
# rarest of them that together stand in no more passages than an inverted index can give in time. Each term is looked up
# by itself: of a chatbot that is new since the tables were last analysed, the planner believes that it has one term,
# and would read all of them.
MOST_POSTINGS = 2000
QUESTION = f"""
WITH asked AS MATERIALIZED (
    SELECT asked.term, known.document_frequency,
           asked.frequency * ln(1 + (bot.passages - known.document_frequency + 0.5)
                                    / (known.document_frequency + 0.5)) AS weight,
           sum(known.document_frequency) OVER (ORDER BY known.document_frequency, asked.term) AS postings
    FROM unnest(%(terms)s::int[], %(frequencies)s::real[]) AS asked (term, frequency)
    CROSS JOIN LATERAL (
        SELECT term, document_frequency FROM term_statistic
        WHERE chatbot_id = %(chatbot)s AND term = asked.term LIMIT 1
    ) AS known
    JOIN index_statistics AS bot ON bot.chatbot_id = %(chatbot)s
),
question AS MATERIALIZED (
    SELECT ('{{' || string_agg(term || ':' || weight::real, ',' ORDER BY term) || '}}/{TERM_SPACE}')::sparsevec
               AS terms,
           coalesce(array_agg(term) FILTER (WHERE postings <= {MOST_POSTINGS}), '{{}}') AS rare
    FROM asked
),
"""

DENSE_EXACT = """
dense AS MATERIALIZED (
    SELECT id FROM citable_passage
    WHERE chatbot_id = %(chatbot)s AND space_id = %(space)s
    ORDER BY embedding <=> %(vector)s::halfvec LIMIT %(number)s
),
"""

LEXICAL_EXACT = """
lexical AS MATERIALIZED (
    SELECT id FROM citable_passage, question
    WHERE chatbot_id = %(chatbot)s AND space_id = %(space)s
    ORDER BY citable_passage.terms <#> question.terms LIMIT %(number)s
),
"""

DENSE_INDEXED = """
dense AS MATERIALIZED (
    SELECT id FROM citable_passage
    WHERE chatbot_id = %(chatbot)s AND space_id = %(space)s
    ORDER BY embedding::halfvec({dimensions}) <=> %(vector)s::halfvec({dimensions}) LIMIT %(number)s
),
"""

LEXICAL_INDEXED = """
lexical AS MATERIALIZED (
    SELECT found AS id FROM question, lexical_candidates(%(space)s, question.terms, question.rare, %(number)s) AS found
),
"""

# The hints nearest to the question. Written so that an index over a chatbot's many hints is used where there is one.
NEAREST_HINTS = 20
LEAST_SIMILARITY = 0.5  # of a question to a hint
HINTS = f"""
hint AS MATERIALIZED (
    SELECT id, weight, similarity
    FROM (
        SELECT citable_passage_id AS id, weight,
               1 - (embedding::halfvec({{dimensions}}) <=> %(vector)s::halfvec({{dimensions}})) AS similarity
        FROM steering_hint
        WHERE chatbot_id = %(chatbot)s AND space_id = %(space)s
        ORDER BY embedding::halfvec({{dimensions}}) <=> %(vector)s::halfvec({{dimensions}}) LIMIT {NEAREST_HINTS}
    ) AS nearest
    WHERE similarity > {LEAST_SIMILARITY}
),
"""
NO_HINTS = """
hint AS (SELECT NULL::uuid AS id, 0::real AS weight, 0::real AS similarity WHERE false),
"""

# Both scores for every candidate of either half, fused as a convex sum of cosine and BM25 over its maximum. A hint that
# is closer to the question than every citable passage pulls up what it leads to, if that has something to do with the
# question. Texts are read of the best alone.
LEAD = 0.05  # of a hint over the closest citable passage, from which its pull is counted
RELEVANCE_FLOOR = 0.1  # the cosine that a passage itself must have for a hint to pull it
SCORES = f"""
candidate AS (SELECT id FROM dense UNION SELECT id FROM lexical UNION SELECT id FROM hint),
scored AS MATERIALIZED (
    SELECT passage.id, 1 - (embedding <=> %(vector)s::halfvec) AS cosine,
           greatest(0, -coalesce(passage.terms <#> question.terms, 0)) AS bm25
    FROM candidate JOIN citable_passage AS passage USING (id) CROSS JOIN question
    WHERE passage.chatbot_id = %(chatbot)s AND passage.space_id = %(space)s
),
closest AS (SELECT max(cosine) AS cosine, nullif(max(bm25), 0) AS bm25 FROM scored),
pulled AS (
    SELECT hint.id, max(hint.weight * (similarity - closest.cosine - {LEAD})) AS pull
    FROM hint CROSS JOIN closest JOIN scored ON scored.id = hint.id
    WHERE similarity > closest.cosine + {LEAD} AND scored.cosine >= {RELEVANCE_FLOOR}
    GROUP BY hint.id
),
best AS MATERIALIZED (
    SELECT id, scored.cosine, scored.bm25, pull,
           %(dense)s * scored.cosine + %(lexical)s * scored.bm25 / coalesce(closest.bm25, 1)
           + %(pull)s * coalesce(pull, 0) AS score
    FROM scored CROSS JOIN closest LEFT JOIN pulled USING (id)
    ORDER BY score DESC, id LIMIT %(k)s
)
SELECT id AS passage_id, document_id, external_id, title, url, heading_path, text, layout, page, score, cosine, bm25,
       pull IS NOT NULL AS steered
FROM best JOIN citable_passage AS passage USING (id)
WHERE passage.chatbot_id = %(chatbot)s
ORDER BY score DESC, id
"""


# The same where the question has no vector: its words alone decide, and a passage without any of them is none.
WORDS_ALONE = """
scored AS MATERIALIZED (
    SELECT passage.id, -(passage.terms <#> question.terms) AS bm25
    FROM lexical JOIN citable_passage AS passage USING (id) CROSS JOIN question
    WHERE passage.chatbot_id = %(chatbot)s AND passage.space_id = %(space)s
),
best AS MATERIALIZED (
    SELECT id, bm25, bm25 / max(bm25) OVER () AS score FROM scored WHERE bm25 > 0 ORDER BY score DESC, id LIMIT %(k)s
)
SELECT id AS passage_id, document_id, external_id, title, url, heading_path, text, layout, page, score,
       0.0::float8 AS cosine, bm25, false AS steered
FROM best JOIN citable_passage AS passage USING (id)
WHERE passage.chatbot_id = %(chatbot)s
ORDER BY score DESC, id
"""


@cache
def search_statement(dimensions: int, *, indexed: bool, steered: bool = False) -> str:
    """Return the search as one statement: exact for a small chatbot, through its own indexes for a large one."""
    halves = DENSE_INDEXED + LEXICAL_INDEXED if indexed else DENSE_EXACT + LEXICAL_EXACT
    hints = HINTS if steered else NO_HINTS
    return QUESTION + (halves + hints).replace("{dimensions}", str(dimensions)) + SCORES


def lexical_statement(*, indexed: bool) -> str:
    """Return the search by words alone, for a question whose vector can't be had."""
    return QUESTION + (LEXICAL_INDEXED if indexed else LEXICAL_EXACT) + WORDS_ALONE
