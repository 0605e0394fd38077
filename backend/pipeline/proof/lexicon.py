"""What the proof knows of five languages: negators, opposites, classes whose members exclude each other."""

from __future__ import annotations

import re
from typing import Final

_NEGATORS: Final = """
    not no never none nobody nothing neither nor without cannot can't don't doesn't didn't isn't aren't wasn't weren't
    won't mustn't needn't shouldn't couldn't wouldn't hasn't haven't hadn't hardly nowhere
    nicht kein keine keinen keinem keiner keines nie niemals niemand niemanden nichts weder ohne kaum nirgends
    ne pas jamais aucun aucune rien personne ni sans guère nulle non
    no nunca ninguno ninguna ningún nadie nada ni sin tampoco jamás apenas
"""
NEGATORS: Final = frozenset(_NEGATORS.split())
_NEGATING: Final = """
    forbidden prohibited banned refused refuse refuses excluded excludes exclude except unless lacks lack lacking
    failed
    fail rejected rejects denied unable impossible exempt free only
    verboten untersagt ausgeschlossen ausgenommen abgelehnt lehnt ablehnen außer unmöglich unzulässig meiden entfällt
    fehlt fehlen kostenlos frei ungeeignet nur
    interdit interdite interdits interdites exclu exclue refuse refusé refusée sauf impossible manque gratuit gratuite
    éviter inutile hormis faute
    prohibido prohibida prohíbe excluido excluida excepto salvo rechazó rechazada imposible falta gratis gratuito
    gratuita
    descarta evitar vetada vetado solo sólo
"""
NEGATING: Final = frozenset(_NEGATING.split())
"""Words that deny without a negator: a paraphrase trades one for the other, so they count in the "
"lenient comparison."""

NOT_DENYING: Final = re.compile(
    r"\b(?:no (?:later|earlier|less|fewer|more|longer) than|not (?:later|earlier|less|fewer|more) than|"
    r"not (?:only|just)|not without|never without|nothing but|no doubt|no matter|or not|if not|"
    r"nicht (?:nur|später als|mehr als|weniger als|länger als|ohne)|nicht zuletzt|ohne weiteres|"
    r"no (?:solo|sólo|más de|menos de|más tarde de)|no sin|"
    r"(?:not|never) (?:\w+ ){0,4}?(?:before|until)|nicht (?:\w+ ){0,2}?(?:vor|bevor)|nicht eher als|"
    r"pas (?:\w+ ){0,3}?avant|no (?:\w+ ){0,4}?(?:antes de|hasta)|"
    r"n['’]\w+ (?:que|qu['’])|ne \w+ (?:que|qu['’])|non (?:seulement|sans))(?!\w)",
    re.IGNORECASE,
)
"""Phrases with a negator that deny nothing: *no later than*, *not only*, *not without*, *not before*, *ne … que*."""

NEGATORS_UNSPACED: Final = ("不", "没", "沒", "无", "無", "未", "非", "勿", "莫", "别", "ない", "ず", "ません")
NEGATING_UNSPACED: Final = ("禁止", "除外", "排除", "拒绝", "不含", "免", "停", "除了", "以外")
_NOT_NEGATING_UNSPACED: Final = """
不到 不过 不但 不仅 不同 不断 不久 非常 无论 无锡 未来 不足 不满 不超过 不得超过 不低于 不少于 别人 特别 分别
区别 级别 性别 没收 差不多 除非 不得不 不无 无不 不得少于 不得多于 不超 不得小于 不小于 不大于
"""
NOT_NEGATING_UNSPACED: Final = tuple(_NOT_NEGATING_UNSPACED.split())

_BREAKS: Final = """
    but while whereas although though because since if unless provided which who that and
    aber während obwohl weil da wenn falls sondern sofern doch jedoch denn und
    mais tandis quoique parce car si lorsque quand qui et
    pero mientras aunque porque pues si cuando sino que y
"""
EXCEPTING: Final = frozenset(["except", "außer", "ausgenommen", "sauf", "hormis", "excepté", "salvo", "excepto"])
"""*Open every day except Tuesday*: what follows is the other way round."""
BREAKS: Final = frozenset(_BREAKS.split()) | EXCEPTING
"""Words that may begin a clause."""

OPPOSITES: Final = (
    (
            "before beforehand prior advance vor vorher avant antes previo 以前 之前 提前",
            "after afterwards arrears nach nachher danach après después tras 以后 之后",
    ),
    (
            "more rose rise rises increased increase grew grow gained higher raised up mehr stieg steigt "
            "gestiegen erhöht zunahm zugenommen plus hausse augmenté más subió sube aumentó creció 增长 增加 提高 "
            "上涨 增至",
            "less fewer fell fall falls decreased decrease dropped lost lower reduced down weniger sank sinkt "
            "gesunken gefallen verringert moins recul baisse baissé menos bajó baja disminuyó cayó 减少 下降 降低 "
            "降至",
    ),
    (
            "most least highest largest oldest longest maximum höchstens maximal plus maximum máximo 最多 最大 "
            "最高 不超过",
            "minimum mindestens wenigstens minimum mínimo 至少 最少 最低",
    ),
    (
            "first erste ersten premier première primero primera 第一",
            "last letzte letzten dernier dernière último última 最后",
    ),
    (
            "with mit avec con",
            "without ohne sans sin",
    ),
    (
            "allowed permitted admitted may erlaubt zulässig gestattet dürfen darf permis autorisé autorisés "
            "admis permite permitido admite admiten 可以 允许 准许",
            "forbidden prohibited banned must verboten untersagt ausgeschlossen interdit interdits interdite "
            "interdites prohibido prohibida 禁止 不得 不可",
    ),
    (
            "open opens opened offen geöffnet ouvert ouverte ouvre abierto abre 开放 营业",
            "closed closes shut geschlossen gesperrt fermé fermée ferme cerrado cerrada cierra 关闭 闭馆 休息",
    ),
    (
            "included includes covered inbegriffen enthalten compris comprise inclus incluido incluida incluye 包含 "
            "承保",
            "excluded uncovered ausgenommen exclu exclus excluido excluida 不含 不保",
    ),
    (
            "larger bigger above over greater größer supérieur dessus superior 超过 以上",
            "smaller below under kleiner inférieur dessous inferior 不足 以下",
    ),
    (
            "accepted approved agreed angenommen genehmigt bewilligt accepté acceptée adoptée aceptada aprobada "
            "aprobado 批准 同意 接受",
            "rejected refused declined abgelehnt rejetée refusé refusée rechazada rechazado denegada 拒绝 否决",
    ),
    (
            "required compulsory mandatory obligatory pflicht erforderlich nötig obligatoire obligatorio "
            "obligatoria 必须",
            "optional voluntary freiwillig facultatif optativo voluntario voluntaria 自愿",
    ),
    (
            "all every each alle jeder jedes tous toutes chaque todos todas cada 全部 所有 都",
            "none some einige keiner aucun aucune certains ninguno algunos 部分",
    ),
    (
            "always immer toujours siempre 总是",
            "never sometimes nie niemals jamais nunca jamás 从不",
    ),
    (
            "left links gauche izquierda 左",
            "right rechts droite derecha 右",
    ),
    (
            "upper top oben obere haut supérieure superior 上层",
            "lower bottom unten untere bas inférieure inferior 下层",
    ),
    (
            "inside indoors innen intérieur dentro interior 室内",
            "outside outdoors außen draußen extérieur fuera exterior 室外 户外",
    ),
    (
            "cold kalt kaltes froid froide fría frío 冷",
            "hot warm heiß heißes chaud chaude caliente 热",
    ),
    (
            "fast faster quick schnell schneller rapide rápido 快",
            "slow slower langsam langsamer lent lento 慢",
    ),
    (
            "buy buys bought kauft gekauft achète acheté compra compró 购买",
            "sell sells sold verkauft vend vendu vende vendió 出售",
    ),
    (
            "begins begin starts start beginnt beginn commence début empieza comienza 开始",
            "ends end finishes endet ende fin termine finit termina acaba 结束",
    ),
    (
            "day days tag tagsüber jour día 白天",
            "night nachts nacht nuit noche 夜间 夜里",
    ),
)  # fmt: skip
"""Pairs of sides in all five languages; a word on one side speaks against a window that has only the other."""

CLASSES: Final = (
    "monday tuesday wednesday thursday friday saturday sunday montag dienstag mittwoch donnerstag freitag "
    "samstag sonnabend "
    "sonntag montags dienstags mittwochs donnerstags freitags samstags sonntags lundi mardi mercredi "
    "jeudi vendredi samedi "
    "dimanche lunes martes miércoles jueves viernes sábado sábados domingo 周一 周二 周三 周四 周五 周六 "
    "周日 星期一 星期二 "
    "星期三 星期四 星期五 星期六 星期日",
    "red blue green yellow white black grey gray brown orange purple pink silver rot blau grün gelb weiß "
    "schwarz grau braun "
    "rouge bleu bleue vert verte jaune blanc blanche noir noire gris grise rojo azul verde amarillo "
    "blanco negro 红 蓝 绿 黄 白 "
    "黑 灰",
    "spring summer autumn winter frühjahr frühling sommer herbst printemps été automne hiver primavera "
    "verano otoño invierno "
    "春季 夏季 秋季 冬季 春天 夏天 秋天 冬天",
    "north south east west northern southern eastern western norden süden osten westen nord sud est ouest "
    "norte sur este oeste "
    "东 西 南 北",
    "morning noon afternoon evening night midnight morgen vormittag mittag nachmittag abend nacht "
    "mitternacht matin midi soir nuit "
    "minuit mañana mediodía tarde noche medianoche 上午 中午 下午 晚上",
    "euro euros dollar dollars pound pounds franc francs krone kronen kroner yen yuan 欧元 美元 英镑",
    "daily weekly monthly quarterly yearly annually täglich wöchentlich monatlich vierteljährlich "
    "jährlich quotidien hebdomadaire "
    "mensuel annuel diario semanal mensual anual 每日 每天 每周 每月 每季度 每年",
    "father mother brother sister son daughter wife husband vater mutter bruder schwester sohn tochter "
    "père mère frère sœur fils "
    "fille padre madre hermano hermana hijo hija 父亲 母亲 儿子 女儿 兄弟 姐妹",
    "english german french spanish italian japanese chinese russian polish deutsch englisch französisch "
    "spanisch français anglais "
    "allemand espagnol inglés alemán francés español 英文 德文 法文 中文 日文",
    "landlord tenant vermieter vermieterin mieter mieterin bailleur locataire arrendador arrendadora "
    "arrendatario arrendataria "
    "inquilino propietaria propietario 房东 租客",
)  # fmt: skip
"""A member that the window lacks, where it has another of the same class, speaks against it."""
