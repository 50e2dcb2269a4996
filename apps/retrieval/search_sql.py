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
# rarest of them that together stand in no more passages than an inverted index can give in time.
MOST_POSTINGS = 2000
QUESTION = f"""
WITH asked AS MATERIALIZED (
    SELECT asked.term, known.document_frequency,
           asked.frequency * ln(1 + (bot.passages - known.document_frequency + 0.5)
                                    / (known.document_frequency + 0.5)) AS weight,
           sum(known.document_frequency) OVER (ORDER BY known.document_frequency, asked.term) AS postings
    FROM unnest(%(terms)s::int[], %(frequencies)s::real[]) AS asked (term, frequency)
    JOIN term_statistic AS known ON known.chatbot_id = %(chatbot)s AND known.term = asked.term
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

# Both scores for every candidate of either half.
SCORES = """
candidate AS (SELECT id FROM dense UNION SELECT id FROM lexical)
SELECT passage.id AS passage_id, document_id, external_id, title, url, heading_path, text, page,
       1 - (embedding <=> %(vector)s::halfvec) AS cosine,
       greatest(0, -coalesce(passage.terms <#> question.terms, 0)) AS bm25
FROM candidate JOIN citable_passage AS passage USING (id) CROSS JOIN question
WHERE passage.chatbot_id = %(chatbot)s
"""


@cache
def search_statement(dimensions: int, *, indexed: bool) -> str:
    """Return the search as one statement: exact for a small chatbot, through its own indexes for a large one."""
    if indexed:
        return QUESTION + DENSE_INDEXED.replace("{dimensions}", str(dimensions)) + LEXICAL_INDEXED + SCORES
    return QUESTION + DENSE_EXACT + LEXICAL_EXACT + SCORES
