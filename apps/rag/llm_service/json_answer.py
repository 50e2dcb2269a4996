"""Takes an answer out of the JSON that a model wraps it in: `{"answer": "…"}`."""

import json
import re

_NAMES = ("answer", "final_answer", "response", "reply", "text", "content", "message", "output", "result")
_FIRST_NAME = re.compile(r'\s*\{\s*"([^"\\]*)"\s*:')
_OPENING = re.compile(rf'\s*\{{\s*"(?:{"|".join(_NAMES)})"\s*:\s*"', re.IGNORECASE)
_MAY_OPEN = re.compile(r'\s{0,99}(?:\{\s*(?:".*)?)?', re.DOTALL)
_LONGEST_HELD = 16_000  # characters
# Whole signs of a JSON string; an escape that is not whole yet ends the match, and so does the end of the string.
_WHOLE = re.compile(r'(?:[^"\\]|\\u[dD][89abAB][\da-fA-F]{2}\\u[\da-fA-F]{4}|\\u(?![dD][89abAB])[\da-fA-F]{4}|\\[^u])*')
_ESCAPE = re.compile(r"(?:\\u[\da-fA-F]{4})+|\\[^u]", re.DOTALL)
_SIGNS = {"n": "\n", "t": "\t", "r": "", "b": "", "f": ""}


class JsonUnwrapper:
    """Streams the text of the first field when that is the answer; other objects are held until they are whole."""

    def __init__(self) -> None:
        self._held = ""
        self._is_open = True  # whether more of the answer may come
        self._is_plain = False  # whether the answer is no JSON
        self._in_string = False

    def feed(self, text: str) -> str:
        """Return what of the text belongs to the answer."""
        if self._is_plain:
            return text
        self._held += text
        if not self._in_string and (opening := _OPENING.match(self._held)):
            self._in_string, self._held = True, self._held[opening.end() :]
        if self._in_string:
            return self._decoded()
        holds = _MAY_OPEN.fullmatch(self._held) and len(self._held) < _LONGEST_HELD
        return "" if holds else self._release()

    def flush(self) -> str:
        """Return what was held back: the answer in it if it is JSON with one, all of it otherwise."""
        if self._in_string:
            return ""
        try:
            return answer_in(json.loads(self._held)) or self._release()
        except (ValueError, RecursionError):  # no JSON, or nested to wear us out
            return self._release()

    def _decoded(self) -> str:
        """Return the text that is whole; what stands behind the string's end is dropped."""
        if not self._is_open:
            return ""
        signs = _WHOLE.match(self._held)
        end = signs.end() if signs else 0
        text, self._held = self._held[:end], self._held[end:]
        self._is_open = not self._held.startswith('"')
        return _ESCAPE.sub(_unescape, text)

    def _release(self) -> str:
        self._is_plain = True
        held, self._held = self._held, ""
        return held


def opens_answer(text: str) -> bool:
    """Tell whether a text begins with an object whose first field is an answer."""
    first = _FIRST_NAME.match(text)
    return first is not None and first[1].lower() in _NAMES


def answer_in(value: object, *, depth: int = 2) -> str:
    """Return the answer in a decoded object or in one inside that, "" where there is none."""
    if not isinstance(value, dict) or not depth:
        return ""
    fields = {str(name).lower(): content for name, content in value.items()}
    for content in (fields[name] for name in _NAMES if name in fields):
        if isinstance(content, str):
            return content
        if isinstance(content, list) and all(isinstance(part, str) for part in content):
            return "\n".join(content)
        if inner := answer_in(content, depth=depth - 1):
            return inner
    return ""


def _unescape(escape: re.Match[str]) -> str:
    sign = escape.group()[1:]
    if sign[0] != "u":
        return _SIGNS.get(sign, sign)
    units = bytes.fromhex(escape.group().replace("\\u", ""))
    return units.decode("utf-16-be", errors="replace")
