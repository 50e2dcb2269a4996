"""Whether a visitor asks for a person: words for reaching near words for people, in nine languages.

It is a table and no model: the same question always gives the same, and nobody waits for it. Both directions are
mistaken at times. A form that is offered in vain is in nobody's way, and one can always be asked for in other words.
"""

import re
import unicodedata
from collections.abc import Iterable

LONGEST_WISH = 600  # characters; who asks for a person does not write a page about it
WITHIN = r"[^.!?;:\n。！？；؟।]{0,28}?"  # between the two words: no end of a sentence


def near(*words: str, bounded: bool = True) -> str:
    """Return a pattern for alternatives that follow each other within a few words; bounded ones are whole words."""
    edge = r"\b" if bounded else ""
    return WITHIN.join(f"{edge}(?:{alternatives}){edge}" for alternatives in words)


def alone(words: str) -> str:
    """Return a pattern for a question that consists of nothing else."""
    return rf"^\W*(?:{words})\W*$"


EN_PEOPLE = (
    "human(?: being| agent| person)?|(?:real|actual|live) (?:person|people|human|agent|"
    "someone)|person|someone|somebody|"
    "agent|representative|rep|operator|advis[oe]r|consultant|staff(?: member)?|employee|colleague|"
    "(?:customer )?(?:support|service|care)(?: team| agent| staff)?|help ?desk|sales(?: team)?|your team|the team|"
    "supervisor|member of staff|salesperson"
)
EN = (
    near(r"talk|speak|chat|talking|speaking|chatting", "to|with", EN_PEOPLE),
    near("connect|transfer|forward|put|pass|hand", "me|us|through|over", EN_PEOPLE),
    near("contact|reach|call|phone|e-?mail|message|write to|get in touch with|get hold of|get a hold of",
         f"you|(?:{EN_PEOPLE})"),
    near("get in touch|customer service number|support number|phone number of your"),
    near(
        "want|need|prefer|get me|give me|like|is there|are there",
        "human(?! resources)|(?:real|actual|live) (?:person|people|human|agent)|live chat|human agent|"
        "representative",
    ),
    near(
        "call me back|call me|ring me|phone me|contact me|get back to me|have (?:someone|somebody) (?:call|"
        "contact|write)",
    ),
    near(
        "can|could|would",
        "someone|somebody|anyone|anybody",
        "call|contact|phone|ring|e-?mail|write to|get back to",
        "me|us",
    ),
    alone("(?:an? )?(?:real |live |actual )?(?:human|person|agent|representative|operator|human being|live chat|"
          "customer (?:service|support)|support)(?: please)?"),
)  # fmt: skip

DE_PEOPLE = (
    r"mensch(?:en)?|person|jemand\w*|mitarbeiter\w*|berater\w*|ansprechpartner\w*|ansprechperson\w*|kolleg\w*|"
    r"kundenservice|kundendienst|kundenbetreu\w*|support\w*|service\w*|team|agent\w*|sachbearbeiter\w*|verkäufer\w*|"
    r"ihnen|euch|sie|hotline"
)
DE = (
    near(
        "mit",
        DE_PEOPLE,
        "sprechen|spreche|reden|rede|telefonieren|chatten|chatte|schreiben|verbinden|verbunden|verbinde",
    ),
    near("verbinde|verbinden sie|stellen sie|leiten sie", "mich|uns", "mit|zu|an", DE_PEOPLE),
    near(r"kontaktieren|kontaktiere|erreichen|erreiche|anrufen|anschreiben", DE_PEOPLE),
    near(DE_PEOPLE, "kontaktieren|erreichen|erreiche|anrufen|anschreiben"),
    near(r"ansprechpartner\w*|ansprechperson\w*|kontakt aufnehmen|in kontakt treten|rückruf\w*|zurückrufen"),
    near(r"ruf(?:en|t)?", "mich|uns", "an|zurück"),
    near("jemand", "mich|uns|mir", r"anrufen|anruft|kontaktieren|melden|meldet|zurückrufen|schreiben"),
    near(r"echte\w*|richtige\w*|wirkliche\w*", r"mensch\w*|person|mitarbeiter\w*|berater\w*"),
    alone("(?:einen? )?(?:mensch(?:en)?|mitarbeiter(?:in)?|berater(?:in)?|kundenservice|"
          "kundendienst|support)(?: bitte)?"),
)  # fmt: skip

FR_PEOPLE = (
    r"humain\w*|être humain|quelqu['’]un|personne|vraie personne|conseill\w+|agent\w*|"
    r"opérat\w+|employé\w*|collègue\w*|"
    r"service client\w*|service après[ -]vente|support|équipe|représentant\w*|interlocut\w+|vendeu\w+|responsable"
)
FR = (
    near("parler|parle|discuter|échanger|chatter|tchater|dialoguer", "à|a|au|avec", FR_PEOPLE),
    near(
        "contacter|joindre|appeler|écrire à|mettre en (?:relation|contact) avec|mis en (?:relation|"
        "contact) avec|entrer en contact avec",
         f"vous|(?:{FR_PEOPLE})"),
    near("vous", "contacter|joindre|appeler|écrire"),
    near("passez-moi|transférez-moi|mettez-moi", FR_PEOPLE),
    near("rappelez-moi|appelez-moi|contactez-moi|être rappelée?|me rappeler"),
    near("vrai|véritable|réel", "humain|personne|conseiller"),
    near("vraie", "personne"),
    alone("(?:une? )?(?:humain|conseiller|conseillère|agent|personne|service client)(?: s['’]il vous pla[iî]t)?"),
)  # fmt: skip

ES_PEOPLE = (
    r"human[oa]s?|ser humano|persona(?: real)?|alguien|agente\w*|asesor\w*|operador\w*|representante\w*|emplead[oa]s?|"
    "atención al cliente|servicio (?:de atención )?al cliente|soporte|equipo|"
    r"encargad[oa]|vendedor\w*|comercial|ustedes"
)
ES = (
    near("hablar|hablo|conversar|chatear|comunicarme|contactar(?:me)?|platicar", "con", ES_PEOPLE),
    near("contactar|contacto|llamar|escribir", f"a|con|al|les?|(?:{ES_PEOPLE})", ES_PEOPLE),
    near(
        "contactarles|contactarlos|contactaros|llamarles|llamarlos|escribirles|comunicarme con|"
        "ponerme en contacto|contactarte",
    ),
    near("pás[ae]me|páseme|conécteme|comuníqueme|ponme|transfiérame", "con|a", ES_PEOPLE),
    near("llámenme|llámame|llámeme|contácten?me|que me (?:llamen|llame|contacten|contacte)|devuélvanme la llamada"),
    near("persona|humano", "real|de verdad"),
    alone("(?:una? )?(?:human[oa]|persona|agente|asesor[a]?|atención al cliente|soporte)(?:,? por favor)?"),
)  # fmt: skip

PT_PEOPLE = (
    r"human[oa]s?|ser humano|pessoa(?: real| de verdade)?|alguém|atendente\w*|agente\w*|operador\w*|representante\w*|"
    r"funcionári[oa]s?|consultor\w*|vendedor\w*|atendimento(?: ao cliente| humano)?|"
    "apoio ao cliente|suporte|equipe|equipa|vocês"
)
PT = (
    near("falar|falo|conversar|contactar|contatar|comunicar", "com", PT_PEOPLE),
    near("contactar|contatar|contato|contacto|ligar", "com|para|a|ao|o|os", PT_PEOPLE),
    near("contactá-los|contatá-los|contactar-vos|contactar vocês|contatar vocês|entrar em contato|entrar em contacto"),
    near("me passe|passe-me|me transfira|transfira-me|me conecte|ligue-me", "para|a|com", PT_PEOPLE),
    near("me liguem?|liguem?[- ]me|me contatem?|contactem-me|que me liguem?|retornem? (?:a|minha) ligação"),
    near("pessoa|humano", "real|de verdade"),
    near("atendimento humano|atendente humano"),
    alone("(?:uma? )?(?:human[oa]|pessoa|atendente|agente|suporte|atendimento)(?:,? por favor)?"),
)  # fmt: skip

# From here on words are not parted by what a pattern sees as their edges: prefixes are written together with them.
AR_PEOPLE = (
    "إنسان|انسان|شخص|بشر|موظف|ممثل|مندوب|مستشار|أحد|احد|خدمة العملاء|خدمه العملاء|خدمة الزبائن|الدعم|"
    "دعم العملاء|فريق|وكيل|مسؤول"
)
AR = (
    near(
        "تحدث|أتحدث|اتحدث|التحدث|أتكلم|اتكلم|التكلم|تكلم|التواصل|أتواصل|اتواصل|الاتصال|أتصل|اتصل|الدردشة|"
        "أكلم|اكلم|تواصل",
         AR_PEOPLE, bounded=False),
    near("حولني|حوّلني|وصلني|وصّلني|تحويلي", AR_PEOPLE, bounded=False),
    near(
        "التواصل معكم|الاتصال بكم|أتواصل معكم|اتواصل معكم|أتصل بكم|اتصل بكم|اتصلوا بي|اتصل بي|تواصلوا معي",
        bounded=False,
    ),
    near("شخص حقيقي|موظف بشري|إنسان حقيقي|انسان حقيقي", bounded=False),
    alone("(?:موظف|إنسان|انسان|خدمة العملاء)(?: من فضلك)?"),
)  # fmt: skip

HI_PEOPLE = (
    "इंसान|इन्सान|मनुष्य|व्यक्ति|आदमी|किसी|प्रतिनिधि|एजेंट|कर्मचारी|सलाहकार|ग्राहक सेवा|कस्टमर केयर|कस्टमर सर्विस|सपोर्ट|टीम|आपसे|आप से"
)
HI = (
    near(HI_PEOPLE, "से|को", "बात|संपर्क|सम्पर्क|जोड़|जोड़|कनेक्ट|चैट|मिला", bounded=False),
    near("आपसे|आप से", "बात|संपर्क|सम्पर्क", bounded=False),
    near(
        "असली (?:इंसान|व्यक्ति|आदमी)|वास्तविक व्यक्ति|मुझे (?:कॉल|फोन|फ़ोन) (?:करें|करो|कीजिए)|मुझसे संपर्क",
        bounded=False,
    ),
    alone("(?:इंसान|एजेंट|प्रतिनिधि|ग्राहक सेवा|कस्टमर केयर)"),
)  # fmt: skip

JA_PEOPLE = (
    "人間|担当者|担当の方|担当の人|オペレーター|オペレータ|スタッフ|係員|係の人|係の方|社員|店員|人と|人に|"
    "誰か|有人|サポート|カスタマー|窓口|営業"
)
JA = (
    near(JA_PEOPLE, "話|はなし|相談|連絡|つない|繋|つなげ|代わっ|かわっ|チャット|電話|問い合わせ", bounded=False),
    near(
        "有人(?:対応|チャット|サポート)|直接話|折り返し|電話(?:を)?(?:ください|下さい|してほしい|して欲しい)|"
        "連絡(?:を)?(?:ください|下さい|してほしい|して欲しい)",
        bounded=False,
    ),
    near("(?:御社|貴社|そちら|お店|会社)に", "連絡|電話|問い合わせ", bounded=False),
    alone("(?:人間|オペレーター|担当者|スタッフ)(?:と|を|に)?(?:お願いします)?"),
)  # fmt: skip

ZH_SOMEBODY = (
    "真人|人工(?:客服|服务|服務)?(?![智费費草成])|客服|专员|專員|工作人员|工作人員|顾问|顧問|负责人|負責人|销售|銷售"
)
ZH_PEOPLE = (
    "真人|人工|客服|客服人員|客服人员|专员|專員|代表|工作人员|工作人員|员工|員工|顾问|顧問|销售|銷售|经理|"
    "經理|负责人|負責人|活人|有人|别人"
)
ZH = (
    near("转|轉|接|找|联系|聯繫|聯絡|联络|呼叫", ZH_SOMEBODY, bounded=False),
    f"[要请請](?:一?[个個位名])?(?:{ZH_SOMEBODY})",
    near("和|跟|与|與|同", ZH_PEOPLE, "说|說|谈|談|聊|讲|講|通话|通話|沟通|溝通|联系|聯繫|对话|對話", bounded=False),
    near(
        "(?:联系|聯繫|聯絡|联络)(?:你们|你們|您|你|贵公司|貴公司)|人工(?:客服|服务|服務)|(?:给|"
        "給)我(?:回)?(?:电话|電話|打电话|打電話)|回(?:我)?(?:电话|電話|电|電)",
        bounded=False,
    ),
    alone("(?:人工|真人|客服|人工客服)"),
)  # fmt: skip


def compiled(languages: Iterable[tuple[str, ...]]) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for language in languages for pattern in language))


WISH = compiled((EN, DE, FR, ES, PT, AR, HI, JA, ZH))


def wants_a_person(question: str) -> bool:
    """Tell whether a visitor asks for a person instead of an answer."""
    plain = unicodedata.normalize("NFKC", question).casefold()
    return len(plain) <= LONGEST_WISH and WISH.search(plain) is not None
