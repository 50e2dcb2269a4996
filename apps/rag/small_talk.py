"""Answers a greeting or thanks as people do. Only whole messages of a fixed list count, so nothing else gets in or out.

Such an answer counts as answered: it isn't a gap in the sources that an owner should look into.
"""

import re
from collections.abc import Mapping

_GREETINGS: Mapping[str, str] = {
    "en": "hi|hello|hey|hi there|hello there|hey there|good morning|good afternoon|good evening|good day|greetings",
    "de": "hallo|guten tag|guten morgen|guten abend|moin|servus|grüß gott|hallo zusammen",
    "fr": "bonjour|salut|bonsoir|coucou",
    "es": "hola|buenos días|buenas tardes|buenas noches|buenas|qué tal|hola qué tal",
    "pt": "olá|oi|bom dia|boa tarde|boa noite",
    "ar": "مرحبا|السلام عليكم|أهلا|صباح الخير|مساء الخير",
    "hi": "नमस्ते|नमस्कार|हैलो",
    "ja": "こんにちは|おはよう|おはようございます|こんばんは",
    "zh": "你好|您好|早上好|下午好|晚上好|嗨",
}
_THANKS: Mapping[str, str] = {
    "en": "thanks|thank you|thank you very much|thank you so much|thanks a lot|many thanks|thx|great thanks|ok thanks",
    "de": "danke|danke schön|dankeschön|vielen dank|danke sehr|herzlichen dank|super danke|ok danke",
    "fr": "merci|merci beaucoup|merci bien|ok merci",
    "es": "gracias|muchas gracias|mil gracias|ok gracias",
    "pt": "obrigado|obrigada|muito obrigado|muito obrigada|valeu",
    "ar": "شكرا|شكرا لك|شكرا جزيلا",
    "hi": "धन्यवाद|शुक्रिया|बहुत धन्यवाद",
    "ja": "ありがとう|ありがとうございます|どうもありがとう",
    "zh": "谢谢|谢谢你|多谢|非常感谢",
}
_WELCOME = {
    "en": "Hello! What would you like to know?",
    "de": "Hallo! Was möchten Sie wissen?",
    "fr": "Bonjour ! Que souhaitez-vous savoir ?",
    "es": "¡Hola! ¿Qué le gustaría saber?",
    "pt": "Olá! O que gostaria de saber?",
    "ar": "مرحبًا! ماذا تود أن تعرف؟",
    "hi": "नमस्ते! आप क्या जानना चाहेंगे?",
    "ja": "こんにちは。何をお知りになりたいですか？",
    "zh": "您好！您想了解什么？",
}
_YOU_ARE_WELCOME = {
    "en": "You're welcome! Is there anything else you would like to know?",
    "de": "Gern geschehen! Möchten Sie noch etwas wissen?",
    "fr": "Avec plaisir ! Souhaitez-vous savoir autre chose ?",
    "es": "¡De nada! ¿Le gustaría saber algo más?",
    "pt": "De nada! Gostaria de saber mais alguma coisa?",
    "ar": "على الرحب والسعة! هل تود معرفة شيء آخر؟",
    "hi": "आपका स्वागत है! क्या आप कुछ और जानना चाहेंगे?",
    "ja": "どういたしまして。ほかに知りたいことはありますか？",
    "zh": "不客气！您还想了解什么吗？",
}
_NO_LETTERS = re.compile(r"[\W\d_]+")
_REPLIES = {
    phrase.casefold(): replies[language]
    for phrases, replies in ((_GREETINGS, _WELCOME), (_THANKS, _YOU_ARE_WELCOME))
    for language, listed in phrases.items()
    for phrase in listed.split("|")
}


def small_talk(message: str) -> str | None:
    """Return the reply to a greeting or thanks, in its language; None for any other message."""
    if len(message) > 60:
        return None
    return _REPLIES.get(_NO_LETTERS.sub(" ", message.casefold()).strip()) or _REPLIES.get(
        "".join(message.casefold().split()).strip("!！.。~")
    )
