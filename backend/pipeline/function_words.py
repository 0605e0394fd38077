"""The words that hold a sentence together: they tell its language, and say nothing of what it is about."""

from __future__ import annotations

from typing import Final

LISTS: Final = {
    "english": """
        the of and to in a is that for it was on are as with his they at be this from have or by one had not but
        what all were when we there can an your which their said if do will each about how who did does whose
        where
    """,
    "german": """
        der die das und in den von zu mit sich des auf für ist im dem nicht ein eine als auch es an werden aus
        er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber
        vor zur bis mehr durch man was wer wo wann welche welcher welches wurde wieviel warum
        wen wem wessen wie wieso weshalb wozu worauf wodurch wogegen worüber womit welchem welchen ihm ihr ihre
        seine seinen ihren dieser diese dieses dem kein keine ob wenn weil sowie sein
    """,
    "french": """
        le la les de des du un une et est en que qui dans pour par sur pas plus ne se au aux avec ce cette il
        elle sont ont été être son sa ses ou mais comme nous vous leur quel quelle quels quelles où quand
        comment pourquoi était à
    """,
    "spanish": """
        el la los las de del un una y en que es por con para se no al lo su sus como más pero fue ha son está
        este esta entre cuando muy sin sobre también qué cuál cuáles quién dónde cómo cuándo cuántos cuántas era
    """,
    "italian": """
        il lo la gli le di del della dei delle un una e è in che per con non si da al alla come più ma sono ha
        nel nella anche su ed o dove quando chi quale quali cosa perché era stato
    """,
    "portuguese": """
        o a os as de do da dos das um uma e em no na que é por com para não se ao como mais mas foi são seu sua
        ou quando qual quais quem onde quantos porque também era
    """,
    "dutch": """
        de het een en van in is dat op te zijn met voor niet aan er om ook als dan maar bij uit nog worden door
        naar heeft hebben deze wordt wat wie waar wanneer welke hoe werd
    """,
    "swedish": """
        och i att det som en på är av för med till den har de inte om ett han men var jag sig från vi så kan när
        hur vad vem vilka vilken där blev
    """,
    "danish": """
        og i at det som en på er af for med til den har de ikke om et han men var jeg sig fra vi så kan når
        hvordan hvad hvem hvilke hvilken hvor blev
    """,
    "finnish": """
        ja on ei että se hän oli ovat joka mutta kun niin tai myös kuin mikä missä kuka milloin miten mitä
    """,
    "turkish": """
        ve bir bu da de için ile olarak olan daha çok en gibi ne kadar ise hangi nerede kim nasıl
    """,
    "russian": """
        и в во не что он на я с со как а то все она так его но да ты к у же вы за бы по только ее мне было вот
        от меня еще нет о из ему когда или был для чем где кто какой какие какая сколько это были
    """,
    "romanian": """
        și si în in de la a al ale cu pe din care este sunt nu ce o un pentru mai prin fost că se sau au ca lui era
        cine unde când cum câți câte care cât către după între
    """,
    "polish": """
        i w na z do się nie to jest że o jak za od po dla przez który która które był była było są oraz ze przy
        kto co gdzie kiedy ile dlaczego jaki jaka jakie czy
    """,
    "czech": """
        a v na se je že o s z do i to pro byl byla bylo jsou který která které jako za po od při podle ve kdo co
        kde kdy kolik proč jaký jaká jaké
    """,
    "hungarian": """
        a az és hogy nem is egy volt ez ki mi hol mikor hány miért milyen meg csak mint vagy de már el
    """,
    "norwegian": """
        og i det som en på er av for til med den har de ikke om et han men var jeg seg fra vi så kan når hvordan
        hva hvem hvilke hvilken hvor ble etter
    """,
    "indonesian": """
        yang dan di ke dari untuk pada dengan ini itu adalah sebagai dalam oleh atau akan tidak apa siapa kapan
        dimana berapa mengapa bagaimana
    """,
    "vietnamese": """
        và của là các có cho trong được một những với không này đã từ khi để người như về ai gì nào đâu bao nhiêu
        tại ở bởi
    """,
    "greek": """
        και το της η ο του να την τα με των για στην από που οι στο είναι τον ως τις ένα μια στη δεν τους σε ήταν
        έχει ποιος ποια ποιο τι πού πότε πώς πόσο πόσα ποιοι ποιες γιατί
    """,
    "arabic": """
        في من على إلى أن عن التي الذي هذا هذه ما هو هي كان كانت مع لا و أو بين بعد قبل كل عند ذلك تم قد لم كم متى
        أين كيف لماذا هل أي ماذا
    """,
    "hindi": """
        के का की में है और से को पर एक यह थे था थी हैं ने कि भी नहीं तो ही या जो कर लिए गया इस वह क्या कौन कब कहाँ
        कैसे कितने कितना कितनी किस किसने क्यों
    """,
}

FUNCTION_WORDS: Final = {language: frozenset(words.split()) for language, words in LISTS.items()}
"""By the names that Snowball gives to languages, where it has them."""
