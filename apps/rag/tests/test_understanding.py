"""What visitors type becomes the question that is searched for: without courtesy, and without the turns before."""

import json
from collections.abc import Sequence

import pytest

from apps.rag.events import Turn
from apps.rag.understanding import Understood, understand
from apps.rag.words import content_words

LETTER = """Dear team,
I joined last month and I'm still finding my way around. {} Thank you very much for your help.
Best regards,
Sandra Miller"""
BRIEF = """Sehr geehrte Damen und Herren,
ich bin seit letztem Monat bei Ihnen und kenne mich noch nicht aus. {} Vielen Dank im Voraus!
Mit freundlichen Grüßen
Kim Meier"""
WRAPPINGS = {
    "en": ("{}", "Hi, {}", "Hello! {} thx", "hey {}", "Hi there, {} Thanks in advance!", "I'm a new customer. {}",
           "My name is Sandra. {}", "Could you please tell me: {} Thanks", "Hello dear Acme team, {}", LETTER),
    "de": ("{}", "Hallo, {}", "Guten Tag! {} Danke", "Ich bin neuer Kunde. {}", "Ich heiße Kim. {}",
           "Könnten Sie mir bitte sagen: {} Vielen Dank!", BRIEF),
    "fr": ("{}", "Bonjour, {}", "Bonjour ! {} Merci d'avance", "Je suis nouveau client. {}",
           "Bonjour,\n{}\nCordialement,\nMarie"),
    "es": ("{}", "Hola, {}", "¡Buenos días! {} Gracias", "Soy nuevo cliente. {}", "Hola,\n{}\nUn cordial saludo,\nAna"),
    "pt": ("{}", "Olá, {}", "Bom dia! {} Obrigado", "Sou novo cliente. {}", "Olá,\n{}\nAtenciosamente,\nAna"),
    "ar": ("{}", "مرحبا، {}", "السلام عليكم! {} شكرا"),
    "hi": ("{}", "नमस्ते, {}", "नमस्कार! {} धन्यवाद"),
    "ja": ("{}", "こんにちは。{}", "こんにちは、{}ありがとうございます。", "はじめまして。{}よろしくお願いします。"),
    "zh": ("{}", "你好，{}", "您好！{}谢谢！", "你好{}"),
}  # fmt: skip
QUESTIONS = {
    "en": "How long does the warranty of the X100 last?",
    "de": "Wie lange gilt die Garantie auf die Pumpe?",
    "fr": "Combien coûte la livraison en Espagne ?",
    "es": "¿Cuánto cuesta el envío a Francia?",
    "pt": "Quanto custa o envio para a França?",
    "ar": "كم تكلفة الشحن إلى فرنسا؟",
    "hi": "वारंटी कितने साल की है?",
    "ja": "保証期間はどのくらいですか？",
    "zh": "保修期有多长？",
}


def asked(message: str, *earlier: str, fallback: str = "en") -> Understood:
    return understand(message, [Turn(question=question, answer="…") for question in earlier], fallback)


@pytest.mark.parametrize(
    ("language", "wrapping"),
    [(language, wrapping) for language, wrappings in WRAPPINGS.items() for wrapping in wrappings],
)
def test_whatever_stands_around_a_question_is_not_asked(language: str, wrapping: str) -> None:
    understood = asked(wrapping.format(QUESTIONS[language]))
    assert understood.reply is None
    assert understood.language == language
    assert understood.query == QUESTIONS[language]


@pytest.mark.parametrize(
    ("message", "query"),
    [
        ("hey can you tell me how much premium is?", "How much premium is?"),
        ("Hi, how do I reset my hint? thx", "how do I reset my hint?"),
        ("how do I reset my hint thx", "how do I reset my hint"),
        ("I would like to know what the pump costs, please.", "What the pump costs."),
        ("I was wondering whether I can work a second job", "I can work a second job"),
        ("Do you know where the meeting takes place?", "Where the meeting takes place?"),
        ("Können Sie mir bitte sagen, was Premium kostet?", "Was Premium kostet?"),
        ("Ich wüsste gern, wann Sie öffnen", "Wann Sie öffnen"),
        ("Pourriez-vous me dire combien coûte l'abonnement, s'il vous plaît ?", "Combien coûte l'abonnement ?"),
        ("¿Me podría decir cuánto cuesta Premium?", "Cuánto cuesta Premium?"),
        ("Gostaria de saber quanto custa o Premium", "Quanto custa o Premium"),
        ("هل يمكنك أن تخبرني كم سعر الاشتراك؟", "كم سعر الاشتراك؟"),
        ("क्या आप मुझे बता सकते हैं कि प्रीमियम की कीमत क्या है?", "प्रीमियम की कीमत क्या है?"),
        ("请问高级版多少钱？", "高级版多少钱？"),
        ("プレミアムの料金を教えてください", "プレミアムの料金"),
    ],
)
def test_a_polite_wrapping_is_taken_off(message: str, query: str) -> None:
    assert asked(message).query == query


@pytest.mark.parametrize(
    "message",
    [
        "my dog is ill, does the company chip in for vet bills?",
        "ich hab kein Solardach, bringt mir das was?",
        "Mein Auto lädt nachts die Hausbatterie leer, wie verhinder ich das?",
        "How do I say thanks to staff?",
        "how do I say thanks",
        "Hello Kitty mug price",
        "Good morning yoga schedule",
        "Can you tell me about parental leave?",
        "I bought the X100 last week. How do I descale it?",
        "My phone broke. What do I do?",
        "The pump leaks. It is brand new.",
        "What is the weather today",
        "Wie ändere ich mein Master-Passwort?",
        "¿Cómo puedo exportar mi bóveda?",
        "如何导出密码库？",
    ],
)
def test_a_question_that_is_all_question_stays_whole(message: str) -> None:
    assert asked(message).query == message


@pytest.mark.parametrize(
    ("message", "query"),
    [
        ("Dear team,\n\nI started last week and like it a lot. 401k match\n\nKind regards\nSam Carter", "401k match"),
        ("I started last week. sabbatical", "sabbatical"),
        ("I lost my key", "I lost my key"),
        ("The printer is broken. It is on fire.", "The printer is broken. It is on fire."),
    ],
)
def test_keywords_after_whole_sentences_are_the_question(message: str, query: str) -> None:
    assert asked(message).query == query


def test_of_a_long_letter_the_asking_sentence_stays_with_the_one_it_points_to() -> None:
    message = (
        "Hello, I hope you are doing well. My name is Sandra and I have been a customer for two years with my husband, "
        "and we are happy with it, except that my phone fell into the lake when we were on holidays and now I would "
        "like to get my passwords back, but I am not sure whether everything is synchronised or whether I have to "
        "export it from my laptop first. Also my husband says that we could share passwords. "
        "Can you please tell me how that works and what it costs?"
    )
    understood = asked(message)
    assert understood.query == "Also my husband says that we could share passwords. How that works and what it costs?"
    assert understood.question.endswith("Can you please tell me how that works and what it costs?")


@pytest.mark.parametrize(
    "message",
    [
        "I'd like to keep a copy of my favourite video. Is this possible?",
        "I need to import many tasks. Is there an automated way?",
        "My list is huge. I can't copy it by hand. Any tools that could do it?",
        "In China kam diese Person zu einem Schluss. Wie hieß dieser Gelehrte?",
        "Je voudrais garder une copie de ma vidéo. Est-ce que c'est possible ?",
    ],
)
def test_of_a_short_message_everything_stays_that_the_question_needs(message: str) -> None:
    assert asked(message).query == message


def test_small_talk_around_a_question_does_not_swallow_it() -> None:
    assert asked("You are useless! How do I export the vault?").query == "How do I export the vault?"
    assert asked("Are you a bot? Never mind. How do I export the vault?").query == "How do I export the vault?"
    assert asked("hi! are you a bot?").reply is not None


@pytest.mark.parametrize(
    ("message", "fallback", "language"),
    [
        ("hallo, was kostet Premium?", "en", "de"),
        ("Hi, wie ändere ich mein Passwort?", "en", "de"),
        ("hi, ¿cuánto cuesta?", "en", "es"),
        ("Fernzugriff", "de", "de"),
        ("hello 如何导出密码库？", "en", "zh"),
    ],
)
def test_the_question_decides_on_the_language(message: str, fallback: str, language: str) -> None:
    assert asked(message, fallback=fallback).language == language


def test_a_word_that_tells_no_language_is_in_that_of_the_conversation() -> None:
    assert asked("Premium?", "Was kostet die Familienversion?").language == "de"


FOLLOW_UPS = [
    (["What does the ferry to Mosby cost?"], "And to Karle?", "What does the ferry to Karle cost?"),
    (["Who holds the pottery course?"], "What does it cost?", "What does the pottery course cost?"),
    (["Who holds the pottery course?", "What does it cost?"], "And the weaving course?",
     "What does the weaving course cost?"),
    (["How long is the warranty of the X100?"], "What about the X200?", "How long is the warranty of the X200?"),
    (["How long is the warranty of the X100?"], "Does it cover batteries?",
     "Does the warranty of the X100 cover batteries?"),
    (["How long is the warranty of the X100?"], "no, the other one",
     "How long is the warranty of the X100, the other one?"),
    (["How long is the warranty of the X100?"], "and for the other model?",
     "How long is the warranty of the X100 for the other model?"),
    (["How long is the warranty of the X100?", "and for the X200?"], "And in France?",
     "How long is the warranty of the X200 in France?"),
    (["What is the interest rate for the savings account?"], "I meant for the loan",
     "What is the interest rate for the loan?"),
    (["How do I order a filter for the washing machine?"], "It's for the dryer",
     "How do I order a filter for the dryer?"),
    (["How many vacation days do I get?"], "And do they roll over to next year?",
     "Do vacation days roll over to next year?"),
    (["How many vacation days do I get?"], "And do tehy roll over to next year?",
     "Do vacation days roll over to next year?"),
    (["how much is the monthly premium for family medical coverage"], "what aobut just me?",
     "How much is the monthly premium for family medical coverage, just me?"),
    (["how much is the monthly premium for family medical coverage"], "what about just me?",
     "How much is the monthly premium for family medical coverage, just me?"),
    (["How do I export my vault?"], "thanks! and what about the CLI?", "How do I export the CLI?"),
    (["Can I return a used cleaner?"], "why?", "Why? Can I return a used cleaner?"),
    (["What is Red Hat OpenShift?"], "What are its features?", "What are Red Hat OpenShift's features?"),
    (["Wie viel kostet ein Sponsortoken?"], "Und wie lange ist das gültig?", "Wie lange ist ein Sponsortoken gültig?"),
    (["Mit welcher Leistung lädt das Auto mindestens bei drei Phasen?"], "und einphasig?",
     "Mit welcher Leistung lädt das Auto mindestens bei einphasig?"),
    (["Was kostet die Fähre nach Mosby?"], "Und nach Karle?", "Was kostet die Fähre nach Karle?"),
    (["Combien coûte le cours de poterie ?"], "Et le cours de tissage ?", "Combien coûte le cours de tissage?"),
    (["¿Cuánto cuesta el curso de cerámica?"], "¿Y el curso de tejido?", "¿Cuánto cuesta el curso de tejido?"),
    (["Quanto custa o curso de cerâmica?"], "E o curso de tecelagem?", "Quanto custa o curso de tecelagem?"),
    (["كم تكلفة دورة الفخار؟"], "ودورة النسيج؟", "كم تكلفة دورة النسيج?"),
    (["मिट्टी का कोर्स कितने का है?"], "और बुनाई का कोर्स?", "बुनाई का कोर्स कितने का है?"),
    (["陶芸教室の料金はいくらですか？"], "では織物教室は？", "織物教室の料金はいくらですか？"),
    (["陶艺课多少钱？"], "那织物课呢？", "织物课多少钱？"),
    (["陶艺课多少钱？"], "它在哪里？", "陶艺课在哪里？"),
]  # fmt: skip


@pytest.mark.parametrize(("earlier", "message", "query"), FOLLOW_UPS)
def test_a_follow_up_is_spelled_out(earlier: Sequence[str], message: str, query: str) -> None:
    understood = asked(message, *earlier)
    assert understood.is_follow_up
    assert understood.query == query


@pytest.mark.parametrize(("earlier", "message"), [(earlier, message) for earlier, message, _ in FOLLOW_UPS])
def test_thanks_between_two_questions_change_nothing(earlier: Sequence[str], message: str) -> None:
    assert asked(message, *earlier, "thanks!").query == asked(message, *earlier).query


@pytest.mark.parametrize(
    "message",
    [
        "What is the dress code?",
        "Is there a gym membership benefit?",
        "sabbatical",
        "401k match",
        "Which payment methods do you accept?",
        "What do three tickets cost?",
        "Can I return a cleaner that I bought in a shop?",
        "How long does it take to get a refund?",
        "Is it possible to pay by card?",
        "If my phone breaks, can I replace it?",
        "I want to know necessary equipment and essential supplies for my car",
        "Do I need to update my existing applications for them to work?",
        "Does the Prince of Wales have his own source of income?",
        "Wie lange dauert der Versand nach Österreich?",
        "Gibt es eine Telefon-Hotline?",
        "Haben Sie Parkplätze?",
        "Muss ich das Auto anmelden?",
        "ich hab kein Solardach, bringt mir das was?",
        "Quels modes de paiement acceptez-vous pour les commandes ?",
        "¿Cuánto cuesta la entrada?",
        "X100的保修期有多长？",
        "営業時間は何時ですか？",
    ],
)
def test_a_question_that_stands_for_itself_is_not_mixed_with_the_one_before(message: str) -> None:
    understood = asked(message, "How long is parental leave?")
    assert not understood.is_follow_up
    assert understood.query == message


def test_an_opening_does_not_make_a_follow_up_of_a_whole_question() -> None:
    understood = asked("And which payment methods do you accept?", "How long is parental leave?")
    assert not understood.is_follow_up
    assert understood.query == "Which payment methods do you accept?"


def test_only_the_visitors_words_are_carried_over() -> None:
    history = [Turn(question="How long is the warranty of the X100?", answer="24 months, says Gwendolyn.")]
    assert "Gwendolyn" not in understand("and batteries?", history).query


def test_a_follow_up_without_a_conversation_stays_as_it_is() -> None:
    assert asked("and what about the CLI?").query == "and what about the CLI?"
    assert not asked("and what about the CLI?").is_follow_up


@pytest.mark.parametrize(
    "message", ["", " ", "?", "\n\n", "a" * 5000, "," * 300, "hi, " * 300, "(((", "\x00", "…" * 50]
)
def test_nothing_that_is_typed_breaks_it(message: str) -> None:
    understand(message, [Turn(question=message, answer="")], "de-CH")
    understand(message, (), "xx")


def test_chinese_and_japanese_question_words_carry_no_weight() -> None:
    assert content_words("如何导出密码库？", "zh") == content_words("导出密码库", "zh") != []
    assert not {"有多", "多长", "的保", "长？"} & set(content_words("X100的保修期有多长？", "zh"))
    assert "保修" in content_words("X100的保修期有多长？", "zh")
    assert content_words("保証期間はどのくらいですか？", "ja") == content_words("保証期間", "ja")


def test_nothing_that_was_typed_shows_in_a_repr() -> None:
    assert "warranty" not in repr(asked("How long is the warranty?"))
    assert json.dumps(asked("hi").language) == '"en"'
