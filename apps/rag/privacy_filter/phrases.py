"""Sentences in which a model says that it can't answer, however it words that."""

import re

from apps.rag.languages import NO_ANSWERS

_OWN = frozenset(" ".join(sentence.casefold().split()).rstrip(".。। ") for sentence in NO_ANSWERS.values())

_SOURCE = r"(?:passages?|documents?|sources?|excerpts?|context|texts?|(?:provided |available )?information|materials?)"
_ENGLISH = (
    r"\bi (?:do not|don't|cannot|can't|could not|couldn't|am unable to|'m unable to|was unable to) (?:currently )?"
    r"(?:know|have (?:any |enough |that |this |the |specific |sufficient )*"
    r"(?:information|details|answer|data|knowledge)|find (?:any|that|this|the|information|an answer)|answer|"
    r"provide (?:an answer|information|that|details)|help with|determine)",
    rf"\b{_SOURCE} (?:provided |given |above |available )?(?:do(?:es)? not|don't|doesn't|did not) "
    r"(?:contain|mention|provide|say|state|include|specify|cover|address|discuss|indicate|give|have|list)",
    r"\b(?:there is|there's|i have) (?:no|not enough|insufficient) (?:\w+ )?(?:information|mention|details|data)",
    r"\b(?:not|isn't|aren't|never) (?:explicitly |specifically )?"
    r"(?:mentioned|provided|specified|stated|found|covered|available|included|given|discussed) (?:in|by) "
    rf"(?:the |these |any |this |your |my )*{_SOURCE}",
)
_GERMAN = (
    r"\bich (?:weiß (?:es |das )?(?:leider )?nicht|habe (?:dazu |darüber |hierzu |leider )*keine|"
    r"kann (?:die frage |das |diese frage |dazu |leider )*(?:nicht|keine))",
    r"\b(?:passagen|dokumente?n?|quellen?|texte?n?|informationen|kontext|abschnitte?n?)\b.{0,40}"
    r"\b(?:enthalten|enthält|erwähnen|erwähnt|nennen|nennt|geben|gibt)\b.{0,40}\b(?:keine|kein|keinen|nicht)\b",
)
_FRENCH = (
    r"\bje (?:ne sais pas|n'ai (?:pas|aucune)|ne (?:dispose|trouve|peux) pas)",
    r"\b(?:passages?|documents?|sources?|textes?|contexte)\b.{0,40}"
    r"\bne (?:contien\w+|mentionn\w+|fourni\w+|précis\w+|indiqu\w+)\b",
)
_SPANISH = (
    r"\bno (?:lo sé|sé\b|tengo (?:esa |suficiente |ninguna )?información|"
    r"dispongo de|puedo responder|encuentro|encontré)",
    r"\b(?:pasajes?|documentos?|fuentes?|textos?|contexto)\b.{0,40}"
    r"\bno (?:contien\w+|mencion\w+|proporcion\w+|indic\w+|especific\w+)",
)
_PORTUGUESE = (
    r"\b(?:eu )?não (?:sei\b|tenho (?:essa |nenhuma )?informaç|encontrei|posso responder|disponho)",
    r"\b(?:trechos?|passagens|documentos?|fontes?|textos?|contexto)\b.{0,40}"
    r"\bnão (?:cont\w+|mencion\w+|fornec\w+|indic\w+|especific\w+)",
)
_OTHERS = (
    r"لا أعرف|لا (?:توجد|تتوفر) (?:لدي )?معلومات|ليس(?:ت)? لدي (?:أي )?معلومات",
    r"لا (?:تذكر|تحتوي) (?:المقاطع|المصادر|النصوص)",
    r"मुझे (?:नहीं पता|पता नहीं)|जानकारी नहीं (?:है|मिली|दी)|कोई जानकारी नहीं",
    r"わかりません|分かりません|情報(?:は|が)(?:ありません|見つかりません|含まれていません)",
    r"記載(?:は|が|されて)(?:ありません|いません)",
    r"我不知道|没有(?:相关|这方面|足够)?的?信息|(?:没有|未)(?:提到|提及|提供|包含|说明)|无法(?:回答|确定|提供)",
)
# A sentence with none of these holds none of the patterns: to look for a few words is much faster.
_HINTS = (
    "not ", "n't", "unable", "no ", "insufficient", "never ", "nicht", "kein", "n'ai",
    "ne sais", "ne dispose", "ne trouve", "ne peux", "ne contien", "ne mentionn", "ne fourni", "ne pr", "ne indiqu",
)  # fmt: skip
_FURTHER_HINTS = (*_HINTS, "não", "لا", "ليس", "नहीं", "ません", "不", "没有", "未", "无法")
_REFUSALS = re.compile("|".join((*_ENGLISH, *_GERMAN, *_FRENCH, *_SPANISH, *_PORTUGUESE, *_OTHERS)))


def is_refusal(sentence: str) -> bool:
    """Tell whether a sentence says that there is no answer."""
    lowered = " ".join(sentence.casefold().replace("’", "'").split())
    if lowered.rstrip(".。। ") in _OWN:
        return True
    hints = _HINTS if lowered.isascii() else _FURTHER_HINTS
    return any(map(lowered.__contains__, hints)) and _REFUSALS.search(lowered) is not None
