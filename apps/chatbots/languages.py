"""The languages that the visitors' pages speak by themselves; answers come in the language of the question."""

from collections.abc import Mapping

DEFAULT = "en"
# Each in its own words, as people look for it in a list.
LANGUAGES: Mapping[str, str] = {
    "en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "pt": "Português",
    "ar": "العربية", "hi": "हिन्दी", "ja": "日本語", "zh": "中文",
}  # fmt: skip
RIGHT_TO_LEFT = {"ar"}
