"""Words of Chinese and Japanese questions that ask or link and name nothing.

There are no spaces to part them from what is asked about: left in, each makes bigrams that no passage holds, or that
every passage holds.
"""

import re

_HAN = r"\u3400-\u9fff\u30a0-\u30ffA-Za-z0-9"
_ANY_HAN = re.compile(r"[\u3400-\u9fff]")
_ANY_KANA = re.compile(r"[\u3040-\u30ff]")
_CHINESE = re.compile(
    "请问|請問|为什么|為什麼|什么时候|什麼時候|什么|什麼|多少|怎么样|怎麼樣|怎么办|怎么|怎麼|怎样|怎樣|如何|哪里|哪裡|哪儿|"
    "哪个|哪個|哪些|哪种|哪|谁|誰|有多长|有多長|有多大|有多高|有多久|多长|多長|多久|多大|是不是|是否|有没有|有沒有|能不能|"
    "可不可以|可以|能否|吗|嗎|呢|吧|[？?]|(?<!目)的(?![确士])|(?<!为)了(?!解)"
)
_JAPANESE_ASKING = re.compile(
    "どのくらい|どれくらい|どのように|どうやって|どうすれば|どのような|どんな|いくら|いくつ|どこ|どちら|いつ|だれ|誰|なぜ|"
    "どうして|どう|どの|どれ|何時|何|なに|でしょうか|ありますか|できますか|いますか|しますか|ですか|ますか|のですか|"
    "教えてください|教えて下さい|教えて|ください|について|[？?]"
)
_JAPANESE_PARTICLES = re.compile(
    rf"(?<=[{_HAN}])(?:から|まで|より|では|には|とは|は|が|を|に|の|へ|と|も|で|や|か)(?=[{_HAN}\s？?。]|$)"
)


def without_question_words(text: str) -> str:
    """Return a text with a space for each such word; any other language is left as it is."""
    if _ANY_KANA.search(text):
        return _JAPANESE_PARTICLES.sub(" ", _JAPANESE_ASKING.sub(" ", text))
    return _CHINESE.sub(" ", text) if _ANY_HAN.search(text) else text
