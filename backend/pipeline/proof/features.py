"""An alignment → the figures that the model judges by, and the faults that can be named."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from backend.pipeline.proof.align import FOUND, Alignment, Prepared
from backend.pipeline.proof.bounds import turned
from backend.pipeline.proof.contradictions import Fault, contrary_stances, denials, negation, opposites
from backend.pipeline.proof.homes import Homes
from backend.pipeline.proof.listed import claimed
from backend.pipeline.proof.number import Number
from backend.pipeline.proof.parts import parts
from backend.pipeline.proof.places import NOTHING, joined, nodes
from backend.pipeline.proof.slots import taken
from backend.pipeline.proof.stance import one_axis
from backend.pipeline.proof.wording import tokens, wording
from backend.pipeline.proof.words import Reading, Word

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

NEAR: Final = 24
"""Characters within which a figure's neighbours stand."""


@dataclass(frozen=True, slots=True)
class Evidence:
    values: dict[str, float]
    faults: tuple[Fault, ...]
    passage: int
    window: int


def evidence(prepared: Prepared, alignment: Alignment, rank: int = 0) -> Evidence | None:
    """How the passage at `rank` of the alignment speaks for the sentence.

    None where the sentence says nothing that could be compared, or there are no passages."""
    reading = alignment.reading
    if rank >= len(alignment.ranked) or not (reading.words or alignment.figures):
        return None
    best = alignment.ranked[rank]
    window = prepared.windows[best]
    own = prepared.passage_sources[window.passage]
    singles = [
        row
        for row in prepared.passage_rows[window.passage]
        if prepared.windows[row].first == prepared.windows[row].last
    ]
    weights = alignment.weights
    values, whole, other = _shares(prepared, alignment, best, singles)
    faults: list[Fault] = []
    values |= _figures(prepared, alignment, best, own, faults)
    sources = [prepared.sources[at] for at in range(window.first, window.last + 1)]
    values |= negation(reading, [source.reading for source in sources], alignment, faults)
    values |= denials(
        reading, [source.reading for source in sources], [prepared.sources[at].reading for at in own], weights
    )
    values |= contrary_stances(alignment, [source.reading for source in sources], prepared, faults)
    if not alignment.rivals:
        alignment.rivals.update(_rivals(prepared, alignment, alignment.rival_faults))
    values |= alignment.rivals
    faults.extend(alignment.rival_faults)
    there_names = {word.stem for source in sources for word in source.reading.words if word.name}
    strangers = len(there_names - {word.stem for word in reading.words})
    values["names_swapped"] = min(values["names_window"], float(strangers))
    values |= opposites(reading, [source.reading for source in sources], faults)
    values |= _together(prepared, alignment, own, window.first, window.last)
    values |= _clauses(alignment, singles)
    values |= _parts(prepared, alignment, window.passage, faults)
    values |= _wording(prepared, alignment, best)
    values |= _joined(prepared, alignment, window.passage, own, faults)
    values |= _elsewhere_said(prepared, alignment, window.passage, faults)
    values |= _letters(reading.text, sources, prepared.passages[window.passage])
    values |= _meaning(prepared, alignment, window.passage, range(window.first, window.last + 1))
    values |= _flags(values)
    _missing(reading, weights / prepared.rarest, whole, other, faults)
    if values["words_window"] < 0.35:
        faults.append(Fault("nothing", weight=1.0 - values["words_window"]))
    return Evidence(values, tuple(faults), window.passage, best)


def _shares(
    prepared: Prepared, alignment: Alignment, best: int, singles: list[int]
) -> tuple[dict[str, float], Floats, Floats]:
    """How much of the sentence the window `best`, its passage and the others have; and, for each word, how well it is
    found in the passage and in the others."""
    import numpy as np

    reading = alignment.reading
    rival = next((row for row in alignment.ranked if row != best), None)
    window = prepared.windows[best]
    weights, found, coverage = alignment.weights, alignment.found, alignment.coverage
    total = float(weights.sum()) or 1.0
    rows = range(len(prepared.windows))
    in_passage = prepared.passage_rows[window.passage]
    doubles = [row for row in in_passage if prepared.windows[row].last - prepared.windows[row].first <= 1]
    whole = found[in_passage].max(axis=0)
    anywhere = found.max(axis=0)
    others = [row for row in rows if prepared.windows[row].passage != window.passage]
    other = found[others].max(axis=0) if others else np.zeros_like(whole)
    here = found[best]

    def share(mask: NDArray[np.bool_] | NDArray[np.float32]) -> float:
        return float((weights * mask).sum()) / total

    single_best = max(singles, key=lambda row: float(coverage[row]))
    names = alignment.names
    placed = alignment.placed[best]
    specific = weights * alignment.own
    values = {
        "single": float(coverage[single_best]),
        "double": float(coverage[doubles].max()),
        "window": float(coverage[best]),
        "words_window": share(here),
        "words_single": share(found[singles].max(axis=0))
        if len(singles) == 1
        else float((found[singles] @ weights).max()) / total,
        "words_passage": share(whole),
        "words_anywhere": share(anywhere),
        "exact_window": share(here > 0.99),
        "exact_passage": share(whole > 0.99),
        "exact_anywhere": share(anywhere > 0.99),
        "found_window": share(here >= FOUND),
        "second": float(coverage[rival]) if rival is not None else 0.0,
        "elsewhere_passage": share((whole < FOUND) & (other > 0.99)),
        "elsewhere_window": share((here < FOUND) & (np.maximum(other, whole) > 0.99)),
        "nowhere": share(anywhere < 0.35),
        "nowhere_most": float((weights * (anywhere < 0.35)).max(initial=0.0)) / prepared.rarest,
        "window_most": float((weights * (here < FOUND)).max(initial=0.0)) / prepared.rarest,
        "names": float(names.sum()),
        "names_missing": float((names & (whole < 0.8)).sum()),
        "names_elsewhere": float((names & (whole < 0.8) & (other > 0.8)).sum()),
        "names_window": float((names & (here < 0.8)).sum()),
        "length": float(np.log1p(len(reading.words))),
        "sentences": float(window.last - window.first),
        "placed": share(placed),
        "placed_missing": share((placed < FOUND) & (whole >= FOUND)),
        "own_missing": float((specific * (whole < FOUND)).sum()) / total,
        "own_missing_most": float((specific * (whole < FOUND)).max(initial=0.0)) / prepared.rarest,
        "own_placed": float((specific * np.clip(placed, 0, 1)).sum()) / (float(specific.sum()) or 1.0),
        "own_gap": float(alignment.rightful.max(initial=0.0) - alignment.rightful[window.passage]),
        "own_names_missing": float((specific * names * (whole < 0.8)).sum()) / prepared.rarest,
        "english": float(prepared.language == "english"),
        "unspaced": float(any(word.unspaced for word in reading.words)),
    }
    values["margin"] = values["window"] - values["second"]
    values["spread"] = values["words_passage"] - values["words_window"]
    values["abroad"] = values["words_anywhere"] - values["words_passage"]
    two = np.maximum(whole, _of_passage(prepared, alignment, rival))
    values["two_passages"] = share(two) - values["words_passage"]
    values["opening"] = _opening(reading, whole)
    values["opening_window"] = _opening(reading, here)
    return values, whole, other


RIVAL: Final = 0.1
DENIED: Final = 0.15
"""From here a rival figure or a denied word counts as a flag: few supported sentences go as far."""


def _flags(values: dict[str, float]) -> dict[str, float]:
    """The faults together: each is rare, and the trees would need a branch for each of them."""
    denial = max(
        values[name] for name in ("negation_strict", "denied_there", "denied_here", "denied_loosely", "denied_passage")
    )
    # Where both say the same of being open, one with a "not", the other with "closed", no word is denied.
    contrary = values["stance_against"] if values["stance_against"] else denial
    if values["stance_agreed"] >= values["stance_against"] and values["stance_agreed"] > 0:
        contrary = EXPLAINED * denial
    flags = (
        values["figures_near"] > 0,
        values["rival"] > RIVAL,
        denial > DENIED,
        values["opposites"] > 0,
        values["names_missing"] + values["names_swapped"] > 0,
        values["classes"] > 0,
    )
    return {"contrary": contrary, "denial": denial, "flags": float(sum(flags))}


EXPLAINED: Final = 0.3
"""What remains of a denial that the wording explains."""


def _of_passage(prepared: Prepared, alignment: Alignment, window_row: int | None) -> NDArray[np.float32]:
    import numpy as np

    if window_row is None:
        return np.zeros(alignment.found.shape[1], dtype=np.float32)
    passage = prepared.windows[window_row].passage
    rows = [row for row, window in enumerate(prepared.windows) if window.passage == passage]
    most: NDArray[np.float32] = alignment.found[rows].max(axis=0)
    return most


def _opening(reading: Reading, found: NDArray[np.float32]) -> float:
    """How well the first words are found: mostly what the sentence is about."""
    first = [at for at, word in enumerate(reading.words)][:3]
    return float(sum(found[at] for at in first) / len(first)) if first else 0.0


def _figures(prepared: Prepared, alignment: Alignment, best: int, own: range, faults: list[Fault]) -> dict[str, float]:
    window = prepared.windows[best]
    figures, held = alignment.figures, alignment.held
    missing_window = missing_near = missing_passage = missing_all = strange = 0.0
    for row, figure in enumerate(figures):
        here = bool(held[row, window.first : window.last + 1].any())
        near = bool(held[row, max(window.first - 1, own.start) : min(window.last + 2, own.stop)].any())
        in_passage = bool(held[row, own.start : own.stop].any())
        anywhere = bool(held[row].any())
        missing_window += not here
        missing_near += not near
        missing_passage += not in_passage
        missing_all += not anywhere
        if here and not _good_company(prepared, alignment, row, range(window.first, window.last + 1)):
            strange += 1
        if not in_passage or not near:
            said = alignment.reading.text[figure.start : figure.end]
            faults.append(Fault("number", said, "", 3.0 if not in_passage else 1.5))
    weak = [number for number in alignment.reading.numbers if number.weak]
    weak_missing = sum(
        not any(number.same(theirs) for at in own for theirs in prepared.sources[at].reading.numbers) for number in weak
    )
    return {
        "figures": float(len(figures)),
        "figures_window": missing_window,
        "figures_near": missing_near,
        "figures_passage": missing_passage,
        "figures_nowhere": missing_all,
        "figures_any_missing": float(missing_passage > 0),
        "figures_any_window": float(missing_window > 0),
        "figures_strange": strange,
        "figures_weak": float(weak_missing),
    }


def _good_company(prepared: Prepared, alignment: Alignment, row: int, sources: range) -> bool:
    """Whether a word beside the figure stands beside the same figure in the passage."""
    figure = alignment.figures[row]
    mine = _neighbours(alignment.reading, figure)
    if not mine:
        return True
    for at in sources:
        reading = prepared.sources[at].reading
        for theirs in reading.numbers:
            if figure.same(theirs):
                near = _neighbours(reading, theirs)
                for word in mine:
                    row_of = prepared.similar[word.stem]
                    if any(row_of[prepared.vocabulary[there.stem]] >= FOUND for there in near):
                        return True
    return False


def _neighbours(reading: Reading, figure: Number) -> list[Word]:
    return [word for word in reading.words if word.end > figure.start - NEAR and word.start < figure.end + NEAR]


def _rivals(prepared: Prepared, alignment: Alignment, faults: list[Fault]) -> dict[str, float]:
    """Does another figure of the same sort stand closer to the words of the sentence than the one it gives?"""
    import numpy as np

    values = {"rival": 0.0, "rival_own": 1.0, "rival_most": 0.0}
    total = float(alignment.weights.sum())
    if not alignment.figures or not total:
        return values
    similar = np.stack([prepared.similar[word.stem] for word in alignment.reading.words])
    share = alignment.weights / total
    everywhere: dict[int, float] = {}
    worth = []
    for figure in prepared.figures:
        number = prepared.sources[figure.source].passage
        if number not in everywhere:
            own = prepared.passage_sources[number]
            rows = [r for r, w in enumerate(prepared.windows) if w.passage == number and own]
            everywhere[number] = float(alignment.found[rows].max(axis=0) @ share)
        close = (similar[:, figure.columns] * figure.near).max(axis=1) if figure.columns.size else np.zeros(len(share))
        worth.append((figure, float(close @ share), everywhere[number]))
    for mine in alignment.figures:
        equal = [(close, all_) for figure, close, all_ in worth if mine.same(figure.number)]
        other = [
            (close, all_, figure)
            for figure, close, all_ in worth
            if figure.number.kind == mine.kind
            and figure.number.percent == mine.percent
            and not any(said.same(figure.number) for said in alignment.figures)
        ]
        best_equal = max((close + 0.5 * all_ for close, all_ in equal), default=0.0)
        best_other = max(other, key=lambda one: one[0] + 0.5 * one[1], default=None)
        closest = max((close for close, _ in equal), default=0.0)
        values["rival_own"] = min(values["rival_own"], closest)
        if best_other is not None:
            gap = best_other[0] + 0.5 * best_other[1] - best_equal
            values["rival_most"] = max(values["rival_most"], best_other[0])
            if gap > values["rival"]:
                values["rival"] = gap
                there = best_other[2]
                text = prepared.sources[there.source].reading.text[there.number.start : there.number.end]
                faults.append(Fault("number", alignment.reading.text[mine.start : mine.end], text, 1.0 + 4 * gap))
    return values


def _together(prepared: Prepared, alignment: Alignment, own: range, first: int, last: int) -> dict[str, float]:
    """Do the words stand together there as they do here? Pairs in one sentence, one clause; order; neighbours."""
    reading = alignment.reading
    words = reading.words
    where: list[set[int]] = []
    clauses: list[set[tuple[int, int]]] = []
    for word in words:
        row = prepared.similar[word.stem]
        sentences: set[int] = set()
        parts: set[tuple[int, int]] = set()
        for at in own:
            for there in prepared.sources[at].reading.words:
                if row[prepared.vocabulary[there.stem]] >= FOUND:
                    sentences.add(at)
                    parts.add((at, there.clause))
        where.append(sentences)
        clauses.append(parts)
    same_sentence = same_clause = near = pairs = 0.0
    weights = alignment.weights
    for i in range(len(words)):
        for j in range(i + 1, len(words)):
            if not where[i] or not where[j] or words[i].stem == words[j].stem:
                continue
            weight = float(weights[i] * weights[j])
            pairs += weight
            same_sentence += weight * bool(where[i] & where[j])
            same_clause += weight * bool(clauses[i] & clauses[j])
            near += weight * any(abs(a - b) <= 1 for a in where[i] for b in where[j])
    here = [word.stem for at in range(first, last + 1) for word in prepared.sources[at].reading.words]
    mine = [word.stem for word in words]
    follows = set(pairwise(here))
    neighbours = sum(pair in follows for pair in pairwise(mine)) / max(len(mine) - 1, 1)
    outside = sum(
        float(weights[at]) for at in range(len(words)) if where[at] and not any(first <= s <= last for s in where[at])
    )
    return {
        "pairs_sentence": same_sentence / pairs if pairs else 0.0,
        "pairs_clause": same_clause / pairs if pairs else 0.0,
        "pairs_near": near / pairs if pairs else 0.0,
        "pairs_any": float(pairs > 0),
        "neighbours": neighbours,
        "order": _in_order(mine, here) / max(len(mine), 1),
        "outside": outside / (float(weights.sum()) or 1.0),
    }


def _in_order(mine: list[str], here: list[str]) -> int:
    """The longest common subsequence."""
    row = [0] * (len(here) + 1)
    for stem in mine:
        before = 0
        for at, there in enumerate(here, 1):
            kept = row[at]
            row[at] = before + 1 if stem == there else max(row[at], row[at - 1])
            before = kept
    return row[-1]


def _wording(prepared: Prepared, alignment: Alignment, best: int) -> dict[str, float]:
    """Against the best sentence, and against the whole window; the better."""
    window = prepared.windows[best]
    worth: dict[str, float] = {}
    for word, weight in zip(alignment.reading.words, alignment.weights, strict=True):
        worth[word.lower] = float(weight) / prepared.rarest
    for at in range(window.first, window.last + 1):
        for word in prepared.sources[at].reading.words:
            worth.setdefault(word.lower, prepared.idf.get(word.stem, prepared.rarest) / prepared.rarest)
    if alignment.reading.words and alignment.reading.words[0].unspaced:
        worth = {letter: value / 2 for pair, value in worth.items() for letter in pair}
    said = tokens(alignment.reading.text)
    for token in said:
        if token[0].isdigit():
            worth[token] = 1.0
    there: list[str] = []
    for at in range(window.first, window.last + 1):
        there += prepared.tokens[at]
    for token in there:
        if token[0].isdigit():
            worth[token] = 1.0
    return wording(said, there, worth)


def _joined(
    prepared: Prepared, alignment: Alignment, passage: int, own: range, faults: list[Fault]
) -> dict[str, float]:
    import numpy as np

    mine = nodes([alignment.reading], [0], None)
    there = prepared.nodes[passage]
    if not mine.near.size or not there.near.size:
        return dict(NOTHING)
    words, figures = len(mine.words), len(mine.figures)
    similar = np.zeros((words + figures, len(there.near)), dtype=np.float32)
    for at, word in enumerate(mine.words):
        similar[at, : len(there.words)] = prepared.similar[word.stem][there.columns]
    same = np.array([[figure.same(other) for other in there.figures] for figure in mine.figures], dtype=bool).reshape(
        figures, len(there.figures)
    )
    similar[words:, len(there.words) :] = same
    weights = np.append(alignment.weights, [alignment.figure_weight] * figures).astype(np.float32) / prepared.rarest
    values, worst = joined(mine, there, similar, weights, same)
    if worst is not None and worst.gain > INSTEAD:
        said = mine.figures[worst.said - words]
        rival = there.figures[worst.there - len(there.words)]
        text = prepared.passages[passage]
        offset = _offset(prepared, own, rival)
        faults.append(
            Fault(
                "number",
                alignment.reading.text[said.start : said.end],
                text[offset + rival.start : offset + rival.end] if offset is not None else "",
                1.0 + 4 * worst.gain,
            )
        )
    return values


def _elsewhere_said(prepared: Prepared, alignment: Alignment, passage: int, faults: list[Fault]) -> dict[str, float]:
    """What the passage says of another figure, or of another thing."""
    values = {"listed_instead": 0.0, "slot_taken": 0.0, "figure_away": 0.0, "bound_turned": 0.0}
    text = alignment.reading.text
    homes = Homes(prepared, alignment, passage)
    values["name_away"] = homes.name()
    if (away := homes.figure()) is not None:
        values["figure_away"] = away.worth
        there = prepared.sources[away.source].reading.text[away.there.start : away.there.end]
        faults.append(Fault("number", text[away.said.start : away.said.end], there, 1.5 + away.worth))
    readings = [prepared.sources[at].reading for at in prepared.passage_sources[passage]]
    if (turn := turned(alignment.reading, readings)) is not None:
        values["bound_turned"] = 1.0
        faults.append(Fault("opposite", turn.said, turn.there, 3.0))
    if (figure := claimed(prepared, alignment, passage)) is not None:
        values["listed_instead"] = figure.worth
        there = prepared.sources[figure.source].reading.text[figure.rival.start : figure.rival.end]
        faults.append(Fault("number", text[figure.figure.start : figure.figure.end], there, 2.0 + figure.worth))
    if (slot := taken(prepared, alignment, passage, tokens(text))) is not None and not (
        one_axis(slot.said, slot.there)
    ):
        values["slot_taken"] = slot.alike
        if slot.alike >= SAID_OF_ANOTHER:
            faults.append(Fault("opposite", slot.said, slot.there, 2.0))
    return values


SAID_OF_ANOTHER: Final = 0.75
"""Share of a sentence that is the passage's, from which another word in it speaks of another thing."""
EXCHANGED: Final = 0.35
"""Of a rare word's worth; 8 in 1,000 supported sentences of the labelled groups have as much."""
STRANGE: Final = 0.3
"""Share of the words around a name, from which they stand with another one."""
INSTEAD: Final = 0.1
"""From here another figure of the passage is named as the one that should stand there."""


def _offset(prepared: Prepared, own: range, figure: Number) -> int | None:
    for at in own:
        if any(figure is number for number in prepared.sources[at].reading.numbers):
            return prepared.sources[at].span.start
    return None


def _clauses(alignment: Alignment, singles: list[int]) -> dict[str, float]:
    """The clause that is found worst, each clause in the sentence of the passage that has most of it."""
    reading, weights, found = alignment.reading, alignment.weights, alignment.found
    worst = 1.0
    places: set[int] = set()
    for clause in range(len(reading.negated)):
        columns = [at for at, word in enumerate(reading.words) if word.clause == clause]
        if len(columns) < 2:
            continue
        shares = (found[singles][:, columns] @ weights[columns]) / float(weights[columns].sum())
        at = int(shares.argmax())
        places.add(at)
        worst = min(worst, float(shares[at]))
    return {"clause_worst": worst, "clause_places": float(len(places)), "clauses": float(len(reading.negated))}


def _parts(prepared: Prepared, alignment: Alignment, passage: int, faults: list[Fault]) -> dict[str, float]:
    found = parts(prepared, alignment, passage)
    if found.exchanged >= EXCHANGED:
        faults.append(Fault("exchanged", found.said, "", 2.0 + found.exchanged))
    if found.strange >= STRANGE:
        faults.append(Fault("exchanged", found.name, "", 1.5 + found.strange))
    return {
        "exchanged": found.exchanged,
        "torn": found.torn,
        "name_strange": found.strange,
        "part_worst": found.worst,
        "part_mean": found.mean,
    }


def _letters(text: str, sources: list, passage: str) -> dict[str, float]:  # type: ignore[type-arg]
    window = " ".join(source.reading.text for source in sources)
    size = 2 if any("\u4e00" <= letter <= "\u9fff" for letter in text) else 4
    mine = _grams(text, size)
    there = _grams(window, size)
    if not mine:
        return {"grams_window": 0.0, "grams_passage": 0.0}
    return {
        "grams_window": len(mine & there) / len(mine),
        "grams_passage": len(mine & _grams(passage, size)) / len(mine),
    }


def _grams(text: str, size: int) -> set[str]:
    text = text.lower()
    return {text[at : at + size] for at in range(len(text) - size + 1)}


def _meaning(prepared: Prepared, alignment: Alignment, passage: int, window: range) -> dict[str, float]:
    vector = alignment.vector
    if vector is None or prepared.meanings is None:
        return dict(UNKNOWN_MEANING)
    cosines = prepared.meanings @ vector
    here = float(cosines[window.start : window.stop].max())
    own = prepared.passage_sources[passage]
    best = float(cosines.max())
    return {
        "cosine_window": here,
        "cosine_best": best,
        "cosine_gap": best - float(cosines[own.start : own.stop].max()),
        "cosine_english": here * (prepared.language == "english"),
    }


UNKNOWN_MEANING: Final = {"cosine_window": 0.6, "cosine_best": 0.6, "cosine_gap": 0.0, "cosine_english": 0.0}
"""Where nothing is known of it, neither for nor against."""


def _missing(
    reading: Reading,
    weights: NDArray[np.float32],
    whole: NDArray[np.float32],
    other: NDArray[np.float32],
    faults: list[Fault],
) -> None:
    for at, word in enumerate(reading.words):
        if whole[at] >= FOUND:
            continue
        weight = float(weights[at])
        if word.name:
            code = "number" if word.lower.isdigit() else "name"
            faults.append(Fault(code, reading.text[word.start : word.end], "", 1.2 + weight))
        elif other[at] > 0.99:
            faults.append(Fault("elsewhere", reading.text[word.start : word.end], "", weight))
