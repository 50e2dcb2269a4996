"""A visitor who asks for a person is understood in nine languages, and one who asks about people is not mistaken."""

import pytest

from apps.conversations.contact_wish import LONGEST_WISH, wants_a_person

ASKS = """
Can I talk to a human?
I want to speak with a real person
how do I contact support?
please connect me to an agent
Could someone call me back?
human please
How can I reach you?
can you put me through to customer service
Kann ich mit einem Menschen sprechen?
Wie erreiche ich den Kundenservice?
Verbinden Sie mich bitte mit einem Berater
Gibt es einen Ansprechpartner?
Kann mich jemand anrufen?
Puis-je parler à un humain ?
Comment contacter le service client ?
Rappelez-moi s'il vous plaît
Je veux parler à une vraie personne
¿Puedo hablar con una persona?
¿Cómo puedo contactar con atención al cliente?
Llámenme por favor
Posso falar com um humano?
Como posso entrar em contato?
Gostaria de falar com alguém
هل يمكنني التحدث إلى شخص؟
أريد التحدث مع موظف
كيف أتواصل مع خدمة العملاء؟
क्या मैं किसी इंसान से बात कर सकता हूँ?
मुझे ग्राहक सेवा से संपर्क करना है
人間と話せますか？
担当者に連絡したいです
オペレーターにつないでください
我可以和真人说话吗？
转人工
怎么联系客服？
如何聯繫你們？
""".strip().splitlines()
ASKS_SOMETHING_ELSE = """
How long is the warranty?
How many people work in your company?
Which human resources policies apply?
Can a person under 18 rent a car?
Does the machine talk to the app?
Can I connect the machine to the network?
What does your support contract cost?
Wie viele Mitarbeiter haben Sie?
Wie verbinde ich die Maschine mit dem WLAN?
Was kostet der Service?
Combien de personnes travaillent chez vous ?
Personne ne sait ?
¿Cuántas personas trabajan aquí?
¿Qué incluye el servicio al cliente?
Quantas pessoas trabalham aí?
O que o suporte inclui?
كم عدد الموظفين؟
कितने कर्मचारी काम करते हैं?
社員は何人いますか？
保証期間はどのくらいですか？
你们有多少员工？
人工智能是什么？
我要买人工草皮
""".strip().splitlines()


@pytest.mark.parametrize("question", ASKS)
def test_who_asks_for_a_person_is_understood(question: str) -> None:
    assert wants_a_person(question)
    assert wants_a_person(question.upper())


@pytest.mark.parametrize("question", ASKS_SOMETHING_ELSE)
def test_who_asks_something_else_is_not_mistaken(question: str) -> None:
    assert not wants_a_person(question)


def test_a_page_of_text_is_no_wish_and_takes_no_time() -> None:
    assert not wants_a_person("Can I talk to a human? " + "x" * LONGEST_WISH)
