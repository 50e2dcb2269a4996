"""What is said where the documents don't answer, or answer several questions: what there is, and what is meant."""

from collections.abc import Mapping, Sequence

from apps.rag.languages import DEFAULT, no_answer

_NOTHING_ON: Mapping[str, str] = {
    "en": "I found nothing on {things}.",
    "de": "Zu {things} habe ich nichts gefunden.",
    "fr": "Je n'ai rien trouvé sur {things}.",
    "es": "No he encontrado nada sobre {things}.",
    "pt": "Não encontrei nada sobre {things}.",
    "it": "Non ho trovato nulla su {things}.",
    "nl": "Ik heb niets gevonden over {things}.",
    "ar": "لم أجد شيئًا عن {things}.",
    "hi": "मुझे {things} के बारे में कुछ नहीं मिला।",
    "ja": "{things} についての情報は見つかりませんでした。",
    "zh": "我没有找到关于 {things} 的信息。",
}
_INSTEAD: Mapping[str, str] = {
    "en": "This is the closest I have:",
    "de": "Am nächsten kommt dem:",
    "fr": "Voici ce que j'ai de plus proche :",
    "es": "Esto es lo más parecido que tengo:",
    "pt": "Isto é o mais próximo que tenho:",
    "it": "Questo è ciò che più si avvicina:",
    "nl": "Dit komt er het dichtst bij:",
    "ar": "هذا أقرب ما لدي:",
    "hi": "इसके सबसे नज़दीक यह है:",
    "ja": "最も近い内容は次のとおりです。",
    "zh": "最接近的内容是：",
}
_TOPICS: Mapping[str, str] = {
    "en": "You could ask me about:",
    "de": "Sie können mich zum Beispiel fragen nach:",
    "fr": "Vous pouvez m'interroger par exemple sur :",
    "es": "Puede preguntarme, por ejemplo, sobre:",
    "pt": "Pode perguntar-me, por exemplo, sobre:",
    "it": "Può chiedermi, per esempio, di:",
    "nl": "U kunt me bijvoorbeeld vragen naar:",
    "ar": "يمكنك أن تسألني مثلًا عن:",
    "hi": "आप मुझसे इनके बारे में पूछ सकते हैं:",
    "ja": "次のことについてお尋ねいただけます。",
    "zh": "您可以问我，例如：",
}
_WHICH: Mapping[str, str] = {
    "en": "Which one do you mean?",
    "de": "Was davon meinen Sie?",
    "fr": "De quoi parlez-vous exactement ?",
    "es": "¿A cuál se refiere?",
    "pt": "A qual se refere?",
    "it": "A quale si riferisce?",
    "nl": "Welke bedoelt u?",
    "ar": "أيّها تقصد؟",
    "hi": "आपका मतलब किससे है?",
    "ja": "どれについてのご質問ですか。",
    "zh": "您指的是哪一个？",
}
_DEPENDS: Mapping[str, str] = {
    "en": "This may depend on which one you mean:",
    "de": "Das kann davon abhängen, was Sie meinen:",
    "fr": "Cela peut dépendre de ce dont vous parlez :",
    "es": "Esto puede depender de a cuál se refiere:",
    "pt": "Isto pode depender de a qual se refere:",
    "it": "Può dipendere da quale intende:",
    "nl": "Dit kan ervan afhangen welke u bedoelt:",
    "ar": "قد يعتمد ذلك على ما تقصده:",
    "hi": "यह इस पर निर्भर हो सकता है कि आपका मतलब किससे है:",
    "ja": "どれを指すかによって異なる場合があります。",
    "zh": "这可能取决于您指的是哪一个：",
}


def refusal(language: str, *, missing: Sequence[str] = (), topics: Sequence[str] = ()) -> str:
    """Return that there is no answer: nothing on what the question names, or nothing at all, and what else to ask."""
    lines = [nothing_on(missing, language) if missing else no_answer(language)]
    if topics:
        lines += ["", _listed(_in(_TOPICS, language), topics)]
    return "\n".join(lines)


def asking_back(language: str, *, meanings: Sequence[str]) -> str:
    """Return the question which of several things is meant."""
    return _listed(_in(_WHICH, language), meanings)


def depends_on_meaning(language: str, *, meanings: Sequence[str]) -> str:
    """Return what is added to an answer that fits one of several things."""
    return "\n\n" + _listed(_in(_DEPENDS, language), meanings)


def nothing_on_but(language: str, *, missing: Sequence[str]) -> str:
    """Return the words before what there is instead of what the question names."""
    return f"{nothing_on(missing, language)} {_in(_INSTEAD, language)}\n\n"


def nothing_on(things: Sequence[str], language: str) -> str:
    return _in(_NOTHING_ON, language).format(things=", ".join(things))


def _listed(words: str, things: Sequence[str]) -> str:
    return "\n".join((words, *(f"- {thing}" for thing in things)))


def _in(texts: Mapping[str, str], language: str) -> str:
    return texts.get(language, texts[DEFAULT])
