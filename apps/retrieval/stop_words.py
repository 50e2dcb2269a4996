"""Light stop lists: words that carry grammar and no topic, per language; question words and negations stay."""

_LISTS = {
    "ar": "في من على أن إلى عن هذا هذه التي الذي و أو كان مع هو هي كل قد بعد قبل بين ثم",
    "da": "og i at det er en til som på af den med for et der var de han hun fra sig om vi så nu men jeg du har have",
    "de": """der die das den dem des ein eine einen einem einer eines und oder aber in im an am auf aus bei beim bis
        für mit nach seit von vom zu zum zur über um durch ist sind war waren wird werden wurde wurden sein bin bist
        hat haben hatte habe es er sie ich du wir ihr sich dass als wie auch so da nur noch man kann können soll
        sollte mein meine meinen meiner dein deine ihre ihrer ihren sein seine diese dieser dieses diesem diesen""",
    "el": "ο η το οι τα του της των τον την και να σε με για από που είναι στο στη στην στον στα ως ότι θα",
    "en": """a an the and or but of to in on at by for from with as into is are was were be been being am it its this
        that these those there their they them he she his her you your we our i my me do does did has have had will
        would can could should may so if than then also""",
    "es": """el la los las un una unos unas y o u e de del a al en con por para que es son era fue ser está están lo
        se su sus mi mis tu tus me te nos le les como más pero ha han he hay este esta estos estas eso esto yo""",
    "fi": "ja on se että hän oli ovat tämä mutta niin kun kuin myös tai ollut joka jotka sen minä sinä me",
    "fr": """le la les l un une des du de d à au aux et ou en dans sur sous par pour avec que qui qu est sont était
        être a ont ai as il elle ils elles on je j tu nous vous me m te t se s ce c cet cette ces mon ma mes ton ta
        tes son sa ses leur leurs y n ne plus comme mais""",
    "hu": "a az és egy hogy is meg ez azt de van volt el csak már mint vagy ha lesz be le fel még én te ő",
    "it": """il lo la i gli le l un uno una di d a da in con su per tra fra e ed o è sono era che chi al allo alla ai
        agli alle del dello della dei degli delle dal dalla nel nella nei nelle sul sulla si se mi ti ci vi ho ha
        hanno mio mia suo sua questo questa come più ma""",
    "nl": """de het een en of in op aan van voor met door te ten ter uit bij naar om tot is zijn was waren wordt
        worden werd ben bent heb heeft hebben had dat die dit deze er ik je jij u we wij ze zij hij hem haar mijn uw
        zich als ook dan maar nog kan kunnen""",
    "no": "og i jeg det at en et den til er som på de med han av der så var meg seg men for har om vi min du",
    "pl": """i w z na do się że jest to o jak po za od ale dla przez są co być był była było tym ten ta te go ją ich
        oraz""",
    "pt": """o a os as um uma uns umas e ou de do da dos das em no na nos nas por pelo pela para com que é são era foi
        ser está estão ao aos à às se seu sua seus suas meu minha me te lhe eu ele ela eles elas isso este esta como
        mais mas há""",
    "ro": "și în de la cu pe un o a al ale ai este sunt că să se din pentru mai fi am ai are au ca lui ei",
    "ru": """и в во он на я с со а то все она так его но да ты к у же вы за бы по её мне есть от о из ему
        для мы их это этот эта эти был была было были быть или при""",
    "sv": "och i att det som en på är av för med den till ett om har de jag var han hon så men vi du kan sig från",
    "tr": "ve bir bu da de için ile o ki gibi çok daha en olarak olan var ama ben sen biz siz",
    "uk": "і в у на з до за та це він вона але від для по про є був була були бути або ми ви їх його",
}

STOP_WORDS: dict[str, frozenset[str]] = {
    language: frozenset(words.casefold().split()) for language, words in _LISTS.items()
}
