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
}

FUNCTION_WORDS: Final = {language: frozenset(words.split()) for language, words in LISTS.items()}
"""By the names that Snowball gives to languages."""
