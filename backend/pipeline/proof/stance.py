"""What a clause says of being allowed, open, paid for, insured and the like, with its negations counted.

*Not open* is *closed*, and *kostenlos* is *zahlen nichts*: on such an axis two clauses agree or contradict each other
whichever words they use.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from backend.pipeline.proof.lexicon import EXCEPTING, NEGATORS, NOT_NEGATING_UNSPACED
from backend.pipeline.proof.words import Reading

AXES: Final = (
    (
        "allowed permitted permit permits may can cannot entitled authorised authorized admitted welcome "
        "option erlaubt gestattet zulässig berechtigt möglichkeit "
        "dürfen darf durfte durften kann können möglich permis permise permises autorisé autorisée "
        "autorisés autorisées "
        "admis admise peut peuvent possible droit possibilité tolérés permite permitido permitida "
        "permiten puede pueden podrá podrán autorizado admite admiten posible derecho opción posibilidad possible "
        "可以 允许 准许 许可 能够 可",
        "forbidden forbids prohibited banned impossible inadmissible unlawful verboten untersagt "
        "unzulässig unmöglich "
        "verbietet interdit interdite interdits interdites interdiction impossible défendu proscrire proscrit "
        "prohibido prohibida prohibidos prohibidas prohíbe imposible vetado vetada "
        "禁止 严禁 切勿 不予 不得 不能 不可 不准 勿",
    ),
    (
        "open opens opened offen geöffnet öffnet ouvert ouverte ouverts ouvertes ouvre abierto abierta "
        "abre abren 开放 开馆 "
        "营业 开通",
        "closed closes shut geschlossen gesperrt schließt zu fermé fermée fermés fermées ferme cerrado cerrada "
        "cierra cierran "
        "关闭 闭馆 休息 停业",
    ),
    (
        "pay pays paid charged charges costs fee billed zahlen zahlt zahlte kostet kosten bezahlen bezahlt "
        "gebühr payer paie paient paieront payant payante coûte facturé facturée frais pagar paga pagan "
        "cuesta cobra "
        "cobran cobrar 收费 付费 收取 支付 买票 缴纳",
        "free gratis complimentary waived kostenlos kostenfrei gratis umsonst unentgeltlich gratuit "
        "gratuite gratuits "
        "gratuites gratuitement offert offerte gratuito gratuita gratuitos 免费 免收",
    ),
    (
        "covered covers cover insured included includes versichert mitversichert enthalten inbegriffen umfasst "
        "couvert couverte couvre couverts assuré compris comprise inclus cubierto cubre cubren incluido incluida "
        "incluye asegurado 承保 包含 包括",
        "excluded excludes uninsured uncovered ausgeschlossen ausgenommen exclu exclue exclus exclut excluido "
        "excluida excluidos excluye 不含 不保 除外 不包括",
    ),
    (
        "accepted approved adopted agreed passed carried granted allows angenommen genehmigt bewilligt "
        "gebilligt zugestimmt "
        "accepté acceptée adopté adoptée approuvé approuvés approuvée accordé accordée retenue aceptado aceptada "
        "aprobado aprobada aprueba concedido concedida 批准 同意 通过 接受 赞成",
        "rejected rejects refused refuses refuse declined denied dismissed abgelehnt lehnt ablehnen verweigert "
        "zurückgewiesen rejeté rejetée refusé refusée refuse repoussé rechazado rechazada rechaza rechazó denegado "
        "denegada deniega 拒绝 否决 驳回 反对",
    ),
    (
        "required needs need needed must compulsory mandatory obligatory necessary obliged muss müssen "
        "erforderlich "
        "nötig notwendig pflicht verpflichtet braucht brauchen doit doivent obligatoire obligatoires nécessaire "
        "faut tenu tenue obligé debe deben obligatorio obligatoria necesario necesaria necesita hay 必须 须 应 需要 "
        "需 得要 强制",
        "optional voluntary exempt freiwillig entbehrlich befreit erübrigt entfällt facultatif "
        "facultative dispensé "
        "dispensés dispensée exempté voluntario voluntaria voluntarias optativo exento exenta 自愿 可选 无须 无需 不必 "
        "不用 免于",
    ),
    (
        "available remains kept stays preserved saved maintained bleibt verfügbar erhalten gerettet reste maintenu "
        "maintenue conservé disponible disponibles sigue mantiene conserva 保留 供应 保持",
        "abolished lost removed cancelled discontinued abandoned lapses voids lapse entfällt verfällt "
        "erlischt abgeschafft "
        "gestrichen eingestellt supprimé supprimée abandonné abandonnée perdu caduca pierde suprimido cancelado "
        "取消 作废 失效 失去 停止",
    ),
    (
        "rose rises risen increased increase increases grew grown gained higher stieg gestiegen steigt "
        "erhöht wuchs "
        "zugenommen augmenté augmente augmentent hausse progressé monté subió sube aumentó aumenta creció crece "
        "增长 增加 上升 上涨 提高",
        "fell fallen falls decreased decrease dropped declined lower sank gesunken sinkt gefallen zurückgegangen "
        "verringert baisse baissé diminué diminue recul reculé bajó baja disminuyó cayó descendió 减少 下降 降低 下跌",
    ),
    (
        "suitable recommended useful advised geeignet eignet empfohlen ratsam convient recommandé conseillé adapté "
        "apto adecuado recomendado sirve conviene 适合 适用 建议",
        "unsuitable harmful damages attacks ungeeignet schadet schädlich greift déconseillé attaque nuisible nuit "
        "inadecuado daña perjudica desaconseja 不宜 损坏 腐蚀 有害",
    ),
    (
        "unchanged unverändert gleich inchangé inchangée inchangés inchangées 不变",
        "raised increased lowered reduced erhöht angehoben gesenkt gesunken verringert augmenté augmentée "
        "baissé baissée relevé subió bajó aumentado reducido 提高 降低 上调 下调",
    ),
    (
        "succeeded managed manages gelang gelungen schaffte geschafft réussi réussit parvenu logró consiguió lograron "
        "成功",
        "failed fails failure misslang misslungen gescheitert scheiterte échoué échoue fracasó fracasaron falló "
        "失败 未能",
    ),
    (
        "lit switched-on eingeschaltet angeschaltet allumé allumée allumés encendido encendida 开启",
        "unlit switched-off ausgeschaltet abgeschaltet éteint éteinte éteints apagado apagada 关掉",
    ),
    (
        "with mit avec con",
        "without ohne sans sin",
    ),
    (
        "renewed renews renew extended extends continues verlängert fortgesetzt läuft renouvelé "
        "renouvelée reconduit "
        "prorogé prorroga renueva renovado 延长 续约 续订",
        "ends ended expires terminated expired endet beendet ausgelaufen expire résilié prend terminé "
        "vence termina "
        "finaliza 终止 到期 届满",
    ),
    (
        "before beforehand prior advance vor vorher avant préalable préalablement antes previo previa 以前 之前 提前",
        "after afterwards arrears nach nachher danach après ensuite después tras 以后 之后",
    ),
)  # fmt: skip
"""Each with its two sides, in all five languages."""

_UNSPACED: Final = re.compile("[\u4e00-\u9fff]")
_SIDES: Final[dict[str, list[tuple[int, int]]]] = {}
_UNSPACED_SIDES: Final[list[tuple[str, int, int]]] = []
for _axis, _both in enumerate(AXES):
    for _sign, _terms in zip((1, -1), _both, strict=True):
        for _term in dict.fromkeys(_terms.split()):
            if _UNSPACED.match(_term):
                _UNSPACED_SIDES.append((_term, _axis, _sign))
            else:
                _SIDES.setdefault(_term, []).append((_axis, _sign))
_UNSPACED_SIDES.sort(key=lambda side: -len(side[0]))
_UNSPACED_DENIAL: Final = re.compile("[不没沒无無未非勿莫]|并非|从未")
TOKEN: Final = re.compile(r"[^\W\d_]+")
WITH: Final = next(at for at, both in enumerate(AXES) if both[0].startswith("with "))
"""Every *no* is a *without*: an axis for which a negation in the clause is no other side."""


ELLIPSIS: Final = re.compile(
    r"(?:\b(?:is|are|was|were|do|does|did|may|can|must|will|has|have)(?: not|n['’]t)|\bnicht|\bnon|\bpas|\bno)"
    r"[\s.,;:]*(?:and|but|und|aber|et|mais|y|pero)?\s*$"
    r"|^\s*(?:but |aber |mais |pero )?(?:not|nicht|pas|no)(?: así| aber)? (?:in|on|at|for|im|auf|dans|en|pour|para)\b",
    re.IGNORECASE,
)
"""A denial of what the clause before says."""

WITHOUT: Final = frozenset(AXES[WITH][1].split())
APOSTROPHE_T: Final = frozenset({"'t", "’t"})
CLITIC: Final = re.compile("(?<=[aeií]r)(?:l[aeo]s?|se)$")
"""A Spanish pronoun at the end of its verb: *pagarla*."""
NEED: Final = next(at for at, both in enumerate(AXES) if both[0].startswith("required "))


@dataclass(frozen=True, slots=True)
class Stance:
    """`sign`: 1 or -1, after negation."""

    axis: int
    sign: int
    clause: int
    said: str
    denied: bool = False
    """Whether a negation turned it."""


def one_axis(said: str, there: str) -> bool:
    """Whether two words tell of the same thing, as open and closed do: what their clauses say of it is compared."""
    axes = {axis for axis, _ in _SIDES.get(there.lower(), ())}
    return any(axis in axes for axis, _ in _SIDES.get(said.lower(), ()))


def stances(reading: Reading) -> list[Stance]:
    found: list[Stance] = []
    starts = (*reading.clause_starts, len(reading.text))
    for clause in range(len(reading.clause_starts)):
        text = reading.text[starts[clause] : starts[clause + 1]]
        if _UNSPACED.search(text):
            found.extend(_unspaced(text, clause))
            continue
        first = TOKEN.search(text)
        if clause and first is not None and first[0].lower() in EXCEPTING:
            # Open every day except Tuesday: not open on Tuesday.
            before = [stance for stance in found if stance.clause == clause - 1]
            found.extend(replace(one, sign=-one.sign, clause=clause, denied=not one.denied) for one in before)
        if clause and reading.negated[clause] and ELLIPSIS.search(text):
            # Hens are allowed, but cockerels are not.
            last = max((stance.clause for stance in found), default=None)
            before = [stance for stance in found if stance.clause == last and not stance.denied]
            found.extend(replace(one, sign=-one.sign, clause=clause, denied=True) for one in before)
        denied_from = _denied_from(text) if reading.negated[clause] else len(text)
        for match in TOKEN.finditer(text):
            # The month, not the verb.
            word = "" if match[0] == "May" and match.start() else CLITIC.sub("", match[0].lower())
            for axis, sign in _SIDES.get(word, ()):
                turned = match.start() >= denied_from and axis != WITH
                found.append(Stance(axis, -sign if turned else sign, clause, word, turned))
    return found


def _denied_from(text: str) -> int:
    """Where the denial of a clause begins: *without* denies only what follows, a *not* the whole clause."""
    without = len(text)
    for match in TOKEN.finditer(text):
        word = match[0].lower()
        if word in WITHOUT:
            without = min(without, match.start())
        elif word in NEGATORS or (word.endswith("n") and text[match.end() : match.end() + 2] in APOSTROPHE_T):
            return 0
    # A negator that is no word of its own, as n' is, denies the whole clause.
    return without if without < len(text) else 0


def _unspaced(text: str, clause: int) -> list[Stance]:
    for phrase in NOT_NEGATING_UNSPACED:
        text = text.replace(phrase, " " * len(phrase))
    found: list[tuple[int, int, str]] = []
    for term, axis, sign in _UNSPACED_SIDES:
        while (at := text.find(term)) >= 0:
            found.append((axis, sign, term))
            text = text[:at] + "·" * len(term) + text[at + len(term) :]
    denied = -1 if len(_UNSPACED_DENIAL.findall(text)) % 2 else 1
    # 不用买票: what need not be done is denied too.
    spared = any(axis == NEED and sign < 0 for axis, sign, _ in found)
    return [
        Stance(axis, -sign if turned else sign, clause, term, turned)
        for axis, sign, term in found
        for turned in ((denied < 0) != (spared and axis != NEED),)
    ]


def compared(
    mine: Sequence[Stance], overlap: Sequence[Sequence[float]], there: Sequence[Stance]
) -> tuple[float, float, tuple[Stance, Stance] | None]:
    """How much contradicts and how much agrees, and the strongest contradiction.

    `overlap[c][d]`: the share of the sentence's words that its clause `c` has in common with clause `d` of the passage,
    as `Stance.clause` of `there` counts them.
    """
    against = agreed = strongest = 0.0
    worst: tuple[Stance, Stance] | None = None
    for stance in mine:
        best = max(
            (other for other in there if other.axis == stance.axis),
            key=lambda other: (overlap[stance.clause][other.clause], other.sign == stance.sign),
            default=None,
        )
        if best is None:
            continue
        weight = overlap[stance.clause][best.clause]
        if best.sign == stance.sign:
            agreed = max(agreed, weight)
        else:
            against = max(against, weight)
            if weight > strongest:
                strongest, worst = weight, (stance, best)
    return against, agreed, worst
