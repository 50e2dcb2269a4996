"""Answers a greeting, thanks, a goodbye or "who are you?" as people do.

Only whole messages of a fixed list count, so nothing else gets in or out.

Such an answer counts as answered: it isn't a gap in the sources that an owner should look into. The wish to speak to a
person is one, and doesn't.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

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
_GOODBYES: Mapping[str, str] = {
    "en": "bye|goodbye|good bye|bye bye|see you|see you later|have a nice day|thanks bye|thank you bye|good night|ciao",
    "de": "tschüss|tschüs|auf wiedersehen|bis bald|bis später|schönen tag|schönen tag noch|danke tschüss|gute nacht",
    "fr": "au revoir|à bientôt|bonne journée|merci au revoir|bonne soirée",
    "es": "adiós|adios|hasta luego|hasta pronto|chao|gracias adiós",
    "pt": "tchau|adeus|até logo|até mais",
    "zh": "再见|拜拜",
    "ja": "さようなら|またね",
}
_WHO_ARE_YOU: Mapping[str, str] = {
    "en": "who are you|what are you|are you a bot|are you a robot|are you human|are you a human|are you real|"
    "are you a person|are you a real person|are you an ai|are you ai|are you chatgpt|is this a bot|"
    "who am i talking to|am i talking to a bot|what can you do|what can i ask|what can i ask you|"
    "how can you help|how can you help me|what is your name|what s your name|introduce yourself|how do you work",
    "de": "wer bist du|wer sind sie|was bist du|bist du ein bot|sind sie ein bot|bist du ein mensch|"
    "sind sie ein mensch|bist du eine ki|was kannst du|was können sie|wie heißt du|wie heißen sie",
    "fr": "qui es tu|qui êtes vous|es tu un robot|êtes vous un robot|es tu un humain|que peux tu faire",
    "es": "quién eres|quien eres|eres un bot|eres un robot|eres humano|qué puedes hacer",
    "pt": "quem é você|você é um robô|você é humano|o que você pode fazer",
    "zh": "你是谁|您是谁|你是机器人吗|你能做什么",
    "ja": "あなたは誰ですか|あなたはボットですか",
}
_TO_A_PERSON: Mapping[str, str] = {
    "en": "|".join(
        f"{opening}{wish} {person}"
        for opening in ("", "i want to ", "i d like to ", "i would like to ", "can i ", "could i ", "please let me ",
                        "let me ", "i need to ", "how can i ", "how do i ", "i wanna ")
        for wish in ("speak to", "talk to", "speak with", "talk with", "chat with")
        for person in ("a human", "a person", "a real person", "someone", "somebody", "an agent", "a human being",
                       "human", "a real human", "a human agent", "an operator")
    ) + "|human|human please|agent|agent please|operator|real person please",
    "de": "ich möchte mit einem menschen sprechen|ich will mit einem menschen sprechen|mit einem menschen sprechen|"
    "kann ich mit einem menschen sprechen|ich möchte mit jemandem sprechen|mitarbeiter sprechen|mensch bitte",
    "fr": "je veux parler à un humain|je voudrais parler à un humain|je veux parler à quelqu un|parler à un humain|"
    "je veux parler à une personne|parler à un conseiller",
    "es": "quiero hablar con una persona|quiero hablar con un humano|hablar con una persona|hablar con un agente",
    "pt": "quero falar com uma pessoa|quero falar com um humano|falar com um atendente",
}  # fmt: skip
_GOODBYE = {
    "en": "Goodbye! Come back whenever you have a question.",
    "de": "Auf Wiedersehen! Fragen Sie jederzeit wieder.",
    "fr": "Au revoir ! Revenez dès que vous avez une question.",
    "es": "¡Adiós! Vuelva cuando tenga una pregunta.",
    "pt": "Até logo! Volte quando tiver uma pergunta.",
    "zh": "再见！有问题随时再来。",
    "ja": "さようなら。ご質問があればいつでもどうぞ。",
}
_AN_ASSISTANT = {
    "en": "I'm an automated assistant. I answer questions from documents and show where each answer stands.",
    "de": "Ich bin ein automatischer Assistent. Ich beantworte Fragen aus Dokumenten und zeige, wo die Antwort steht.",
    "fr": "Je suis un assistant automatique. Je réponds à partir de documents et je montre d'où vient chaque réponse.",
    "es": "Soy un asistente automático. Respondo a partir de documentos y muestro dónde está cada respuesta.",
    "pt": "Sou um assistente automático. Respondo a partir de documentos e mostro onde está cada resposta.",
    "zh": "我是一个自动助手，根据文档回答问题，并注明答案的出处。",
    "ja": "私は自動アシスタントです。文書をもとに質問にお答えし、答えの出どころを示します。",
}
_NO_PERSON = {
    "en": "I'm an automated assistant that answers from documents, and I can't connect you to a person. "
    "You can ask me how to get in touch, and I'll look for it.",
    "de": "Ich bin ein automatischer Assistent, der aus Dokumenten antwortet, und kann Sie nicht mit einem Menschen "
    "verbinden. Fragen Sie mich gern nach den Kontaktdaten.",
    "fr": "Je suis un assistant automatique qui répond à partir de documents et je ne peux pas vous mettre en relation "
    "avec une personne. Vous pouvez me demander les coordonnées.",
    "es": "Soy un asistente automático que responde a partir de documentos y no puedo ponerle en contacto con una "
    "persona. Puede preguntarme por los datos de contacto.",
    "pt": "Sou um assistente automático que responde a partir de documentos e não posso ligar você a uma pessoa. "
    "Pode me perguntar pelos dados de contato.",
}


class SmallTalk(NamedTuple):
    """A reply of our own, and whether it gave what was asked for."""

    text: str
    answered: bool


_NO_LETTERS = re.compile(r"[\W\d_]+")
_REPLIES = {
    phrase.casefold(): SmallTalk(replies[language], phrases is not _TO_A_PERSON)
    for phrases, replies in (
        (_GREETINGS, _WELCOME),
        (_THANKS, _YOU_ARE_WELCOME),
        (_GOODBYES, _GOODBYE),
        (_WHO_ARE_YOU, _AN_ASSISTANT),
        (_TO_A_PERSON, _NO_PERSON),
    )
    for language, listed in phrases.items()
    for phrase in listed.split("|")
}


def small_talk(message: str) -> SmallTalk | None:
    """Return the reply to a message of the list, in its language; None for any other message."""
    if len(message) > 60:
        return None
    return _REPLIES.get(_NO_LETTERS.sub(" ", message.casefold()).strip()) or _REPLIES.get(
        "".join(message.casefold().split()).strip("!！.。~?？")
    )
