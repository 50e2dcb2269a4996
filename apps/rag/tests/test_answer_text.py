"""Models wrap what they write: Mallory and Victor read plain sentences with citations, however the tokens are cut."""

import random
import uuid

import pytest

from apps.rag.context_builder import Context, ContextPassage
from apps.rag.llm_service.answer_text import answer_text

TEXTS = ("The warranty lasts 24 months.", "Batteries are not covered.", "(3) Switch the machine off.")


def context() -> Context:
    return Context(
        passages=tuple(
            ContextPassage(
                number=number,
                passage_id=uuid.uuid4(),
                document_id=uuid.uuid4(),
                title="Warranty",
                url="",
                heading_path=(),
                text=text,
                page=None,
                score=1.0,
                cosine=1.0,
            )
            for number, text in enumerate(TEXTS, 1)
        )
    )


def read(written: str, *, seed: int) -> str:
    """Return what comes of an answer that is cut into random pieces, or into none by seed 0."""
    cuts, transform, heard = random.Random(seed), answer_text(context()), ""  # noqa: S311
    while written:
        length = cuts.randint(1, 7) if seed else len(written)
        heard, written = heard + transform.feed(written[:length]), written[length:]
    return heard + transform.flush()


def is_read_as(written: str, expected: str) -> None:
    assert {read(written, seed=seed).strip() for seed in range(25)} == {expected.strip()}


SENTENCES = "The warranty lasts 24 months. [1]\nBatteries are not covered. [2]"


@pytest.mark.parametrize(
    "written",
    [
        f"```\n{SENTENCES}\n```",
        f"\n\n```text\n{SENTENCES}\n```\n",
        f"~~~\n{SENTENCES}\n~~~",
        f"```markdown\n{SENTENCES}```",
        f"<think>Hm.</think>\n```md\n{SENTENCES}\n```",
        f"```\n{SENTENCES}",
    ],
)
def test_a_fence_round_the_whole_answer_is_taken_off(written: str) -> None:
    is_read_as(written, SENTENCES)


@pytest.mark.parametrize(
    "sentence", ["保修期为24个月。", "The warranty (of parts) lasts two years (really).", "वारंटी 24 महीने है।"]
)
def test_prose_is_told_from_code_in_any_script(sentence: str) -> None:
    is_read_as(f"```\n{sentence}\n```", sentence)


def test_code_inside_a_fence_round_the_whole_answer_stays_code() -> None:
    inner = "Run this: [1]\n```bash\nnpm install\n```\nThen start it. [2]"
    is_read_as(f"```markdown\n{inner}\n```", inner)


@pytest.mark.parametrize(
    "written",
    [
        "```bash\nnpm install acme\n```\nRun this. [1]",
        "```\nnpm install acme\n```\nRun this. [1]",
        "```\n$ acme --version\nacme 1.2\n```",
        "```\nfor x in y: print(x)\n```",
        "```python\nprint('The warranty lasts 24 months. [1]')\n```",
        "Write `acme` or ```acme``` into the field. [1]",
        "```",
        "~~",
    ],
)
def test_code_keeps_its_fence(written: str) -> None:
    is_read_as(written, written)


@pytest.mark.parametrize(
    "written",
    [
        '{"answer": "The warranty lasts 24 months. [1]\\nBatteries are not covered. [2]"}',
        '{"Response": "The warranty lasts 24 months. [1]\\nBatteries are not covered. [2]", "citations": [1, 2]}',
        '```json\n{"answer": "The warranty lasts 24 months. [1]\\nBatteries are not covered. [2]"}\n```',
        '{"citations": [1, 2], "answer": ["The warranty lasts 24 months. [1]", "Batteries are not covered. [2]"]}',
        '{"output": {"text": "The warranty lasts 24 months. [1]\\nBatteries are not covered. [2]"}}',
        '{"answer": "The warranty lasts 24 months. [1]\\nBatteries are not covered. [2]',
    ],
)
def test_an_answer_comes_out_of_its_json(written: str) -> None:
    is_read_as(written, SENTENCES)


def test_escapes_in_json_are_read_and_halves_of_signs_harm_nothing() -> None:
    is_read_as(r'{"answer": "\"A\" \u00e4\ud83d\ude00 \/ \'b\' c:\\d"}', "\"A\" ä😀 / 'b' c:\\d")
    assert "\ud83d" not in read(r'{"answer": "a \ud83d b"}', seed=0)


@pytest.mark.parametrize("written", ["{name} is a placeholder. [1]", '{"x": 1}', "{", '{"answer": 5}', '{"a":' * 5000])
def test_what_is_no_answer_in_json_stays_as_it_is(written: str) -> None:
    is_read_as(written, written)


def test_an_answer_streams_out_of_fence_and_json() -> None:
    for opening in ("```\nThe warranty lasts 24 months. ", '{"answer": "The warranty lasts 24 months. '):
        transform = answer_text(context())
        heard = "".join(transform.feed(opening[place : place + 4]) for place in range(0, len(opening), 4))
        assert heard.startswith("The warranty lasts 24 months")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("The warranty lasts 24 months (1).", "The warranty lasts 24 months [1]."),
        ("The warranty lasts 24 months. (1) It is long. (2)", "The warranty lasts 24 months. [1] It is long. [2]"),
        ("The warranty lasts 24 months.(1)(2)", "The warranty lasts 24 months. [1][2]"),
        ("Both say so (1, 2).", "Both say so [1][2]."),
        ("- 24 months (1)\n- No batteries (2)", "- 24 months [1]\n- No batteries [2]"),
        ("保修期为24个月（1）。电池不在内(2)。", "保修期为24个月[1]。电池不在内[2]。"),
    ],
)
def test_round_citations_at_the_end_of_a_sentence_become_square(written: str, expected: str) -> None:
    is_read_as(written, expected)


@pytest.mark.parametrize(
    "written",
    [
        "Press button (2) and hold it. It beeps (1).",  # within a sentence it is no citation, so no other is sure
        "(1) Switch it off. (2) Rinse it.",
        "There are two steps: (1) switch it off. (2) rinse it.",
        "See paragraph (3).",  # a passage has it
        "It is said to last (9).",  # no such passage
        "Founded long ago (1998).",
        "The warranty lasts 24 months [1]. See step (2).",
        "Call f(1).",
        "```\nprint (1)\n```",
        "(1)",
        "A bracket that stays open (1, 2",
    ],
)
def test_other_numbers_in_round_brackets_stay(written: str) -> None:
    is_read_as(written, written)


def test_without_passages_nothing_is_a_citation() -> None:
    transform = answer_text(Context())
    assert transform.feed("How long does it last (1)?") + transform.flush() == "How long does it last (1)?"
