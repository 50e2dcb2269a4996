"""Reads an answer out of a server's chunks, and stops at what no sound answer has."""

from typing import Any

from apps.core.error_handling import ProviderAnswerError, ProviderUnavailableError
from apps.rag.llm_service.answer_text import TextTransform
from apps.rag.llm_service.content import field, text_of, thought_of
from apps.rag.llm_service.protocol import Stop, StopReason, Usage

LONGEST_ANSWER = 16_000  # characters; the request asks for far less
LONGEST_THINKING = 400_000
LONGEST_BLANK = 1_000  # characters of white space in a row


class AnswerReader:
    """Follows one answer chunk by chunk. `text` makes plain text of what the model writes."""

    def __init__(self, text: TextTransform) -> None:
        self.has_begun = False  # whether any word came, of the answer or of the thinking before it
        self.has_moved = False  # whether the chunk read last brought the answer on
        self.has_finished = False  # whether the server said that the answer is complete
        self.is_done = False  # whether nothing more is to be read
        self._text = text
        self._reason = StopReason.CUT_OFF  # until the server says otherwise
        self._usage: Usage | None = None
        self._read = 0
        self._written = 0
        self._blank = 0

    @property
    def is_empty(self) -> bool:
        """Whether a finished answer has neither a word nor a refusal in it."""
        return self.has_finished and self._written == self._blank and self._reason is not StopReason.NO_ANSWER

    def read(self, chunk: object) -> str:
        """Return the answer's text in a chunk, which is JSON; None as a chunk is the end of the stream."""
        self.has_moved = False
        if chunk is None:
            self.is_done = True
            return ""
        self._read_usage(field(chunk, "usage"))
        choices = field(chunk, "choices")
        if choices is not None and not isinstance(choices, list):
            raise ProviderAnswerError
        return self._read_choice(choices[0]) if choices else ""

    def rest(self) -> str:
        """Return what was held back at the end."""
        return self._counted(self._text.flush())

    def stop(self) -> Stop:
        """Return how the answer ended. Raises ProviderUnavailableError if it just broke off."""
        if not self.has_finished and self._written <= LONGEST_ANSWER and self._reason is not StopReason.NO_ANSWER:
            raise ProviderUnavailableError
        return Stop(reason=self._reason, usage=self._usage)

    def _read_choice(self, choice: Any) -> str:
        message = field(choice, "message")  # an answer in one piece
        delta = field(choice, "delta") or message
        content, thought = text_of(field(delta, "content")), thought_of(delta)
        reason = field(choice, "finish_reason") or ("stop" if message else None)
        self._finish(reason, refusal=field(delta, "refusal"))
        self._read += len(content) + len(thought)
        if self._read > LONGEST_THINKING:
            raise ProviderAnswerError
        self.has_moved = bool(content.strip() or thought) or self.has_finished
        self.has_begun = self.has_begun or self.has_moved
        return self._counted(self._text.feed(content)) if content else ""

    def _counted(self, text: str) -> str:
        self._written += len(text)
        self._blank = self._blank + len(text) if not text.strip() else len(text) - len(text.rstrip())
        if self._blank > LONGEST_BLANK:
            raise ProviderAnswerError
        if self._written > LONGEST_ANSWER:
            self.is_done, self._reason = True, StopReason.CUT_OFF
        return text

    def _finish(self, reason: object, *, refusal: object) -> None:
        if refusal:
            self._reason = StopReason.NO_ANSWER
        if reason:
            self.has_finished = True
            if self._reason is not StopReason.NO_ANSWER:
                self._reason = StopReason.COMPLETE if reason in {"stop", "eos", "end_turn"} else StopReason.CUT_OFF

    def _read_usage(self, usage: object) -> None:
        prompt, completion = field(usage, "prompt_tokens"), field(usage, "completion_tokens")
        if isinstance(prompt, int) and isinstance(completion, int):
            self._usage = Usage(prompt_tokens=prompt, completion_tokens=completion)
