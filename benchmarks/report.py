"""From figures to tables.

    ratios()    how many times better this runtime is than each of the others; time-slicing on, and (off)
    aims()      what was reached for, and whether it was
    features()  what each optional feature costs
    figures()   every median, with the least and the largest of the rounds

A ratio is always "this runtime is so many times better": more calls, fewer bytes, less delay.
"""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Final

from benchmarks import text
from benchmarks.candidates import CANDIDATES
from benchmarks.measures import MEASURES, SECTIONS, Aim, Measure, Row
from benchmarks.measures.features import BASE
from benchmarks.measures.measure import OURS
from benchmarks.results import Results

__all__ = ["aims", "brief", "features", "figures", "full", "machine", "printed", "ratio", "ratios", "skipped"]

_OTHERS: Final = tuple(key for key in CANDIDATES if key not in OURS)
_FEATURES: Final = tuple(SECTIONS)[-1]


def ratio(results: Results, measure: Measure, row: Row, ours: str, other: str) -> float | None:
    """How many times better `ours` is than `other`; None where one of the two has no figure.

    The median of the rounds' ratios, for what disturbs a round disturbs both; of all, where rounds are missing, the ratio of
    the medians.
    """
    mine, theirs = (results.values(measure.name, key, row.figure) for key in (ours, other))
    if len(mine) != len(theirs):
        mine, theirs = ([median(values)] if values else [] for values in (mine, theirs))
    pairs = list(zip(mine, theirs, strict=False))
    if not pairs or any(mine <= 0 or theirs <= 0 for mine, theirs in pairs):
        return None
    return median(mine / theirs if row.more_is_better else theirs / mine for mine, theirs in pairs)


def ratios(results: Results, *, brief: bool = False) -> str:
    """The table of ratios; with `brief`, only the rows that say most."""
    heads = ["", "this runtime", "slicing off", *(f"× {CANDIDATES[key].title}" for key in _OTHERS)]
    rows = [_ratio_line(results, measure, row) for measure, row in _rows(results) if row.brief or not brief]
    return text.table(heads, rows)


def _rows(results: Results) -> Iterator[tuple[Measure, Row]]:
    """What was measured of this runtime, features left out."""
    for section, measures in SECTIONS.items():
        for measure in measures if section != _FEATURES else ():
            for row in measure.rows:
                if any(results.values(measure.name, ours, row.figure) for ours in OURS):
                    yield measure, row


def _ratio_line(results: Results, measure: Measure, row: Row) -> list[str]:
    both = [text.figure(results.median(measure.name, ours, row.figure), row.unit) for ours in OURS]
    return [_title(measure, row), *both, *(_ratio_cell(results, measure, row, other) for other in _OTHERS)]


def _ratio_cell(results: Results, measure: Measure, row: Row, other: str) -> str:
    on, off = (ratio(results, measure, row, ours, other) for ours in OURS)
    if on is None and off is None:
        return text.NONE
    return text.ratio(on) if off is None else f"{text.ratio(on)} ({text.ratio(off)})"


def _title(measure: Measure, row: Row) -> str:
    return f"{measure.title}: {row.title}" if row.title else measure.title


def aims(results: Results) -> str:
    """What was reached for in what was measured, and whether it was reached."""
    lines = [
        _aim_line(results, measure, row, aim)
        for measures in SECTIONS.values() for measure in measures for row in measure.rows for aim in row.aims
        if measure.name in results.found
    ]  # fmt: skip
    return text.table(["", "aim", "found", "met"], lines)


def _aim_line(results: Results, measure: Measure, row: Row, aim: Aim) -> list[str]:
    title = _title(measure, row) + ("" if aim.of == "slicing" else ", slicing off")
    if aim.against is None:
        found = results.median(measure.name, aim.of, row.figure)
        met = None if found is None else found <= aim.bound
        return [title, f"≤ {aim.bound:g} {row.unit}", text.figure(found, row.unit), _verdict(met)]
    found = ratio(results, measure, row, aim.of, aim.against)
    met = None if found is None else found >= aim.bound
    return [title, f"≥ {aim.bound:g}× {CANDIDATES[aim.against].title}", text.ratio(found), _verdict(met)]


def _verdict(met: bool | None) -> str:
    return "not measured" if met is None else "yes" if met else "**no**"


def features(results: Results) -> str:
    """What each optional feature costs: calls a second with it, and how many times those of the base."""
    base, *others = SECTIONS[_FEATURES]
    row = base.rows[0]
    lines: list[list[str]] = []
    for measure in (base, *others):
        if measure.name not in results.found:
            continue
        cells = [measure.title]
        for ours in OURS:
            rate, plain = (results.median(name, ours, row.figure) for name in (measure.name, BASE))
            cells += [text.figure(rate, row.unit), text.ratio(rate / plain if rate and plain else None)]
        lines.append(cells)
    return text.table(["", "slicing on", "× base", "slicing off", "× base"], lines)


def figures(results: Results) -> str:
    """Every median, with the least and the largest of the rounds."""
    lines: list[list[str]] = []
    for name, by_candidate in results.found.items():
        for row in MEASURES[name].rows if name in MEASURES else ():
            for key in CANDIDATES:
                values = results.values(name, key, row.figure)
                if key in by_candidate and values:
                    middle = text.figure(results.median(name, key, row.figure), row.unit)
                    least, most = (text.figure(value, row.unit) for value in (min(values), max(values)))
                    lines.append(
                        [
                            _title(MEASURES[name], row),
                            CANDIDATES[key].title,
                            middle,
                            least,
                            most,
                            str(len(values)),
                        ]
                    )
    return text.table(["", "candidate", "median", "least", "largest", "rounds"], lines)


def skipped(results: Results) -> str:
    """What was not measured, and why; a list."""
    reasons: dict[tuple[str, str], list[str]] = {}
    for name, by_candidate in results.found.items():
        for key, found in by_candidate.items():
            if found.skipped and key in CANDIDATES:
                reasons.setdefault((key, found.skipped), []).append(name)
    lines = [f"- {CANDIDATES[key].title}: {why} ({_listed(names)})" for (key, why), names in reasons.items()]
    return "\n".join(lines) or "- nothing"


def _listed(names: list[str]) -> str:
    return ", ".join(names) if len(names) <= 3 else f"{names[0]} and {len(names) - 1} more"


def machine(results: Results) -> str:
    """Where and when the figures were taken, and whether the machine was free for them."""
    said = results.machine
    before, after = said["load before"], said["load after"]
    busy = " **The machine had other work: figures are low, and ratios rough.**" if _is_busy(before) else ""
    return (
        f"{said['processor']}, {said['memory']}; {said['system']}; CPython {said['Python'].split()[-1]}, OTP {said['OTP']}; "
        f"{said['taken']}; medians of {results.rounds} rounds or fewer; load before {before}, after {after}.{busy}"
    )


def _is_busy(load: str) -> bool:
    try:
        return float(load) > 0.5
    except ValueError:
        return False


def brief(results: Results) -> str:
    """What the README quotes."""
    return f"{machine(results)}\n\n{ratios(results, brief=True)}\n\n{aims(results)}"


def printed(results: Results) -> str:
    """What the terminal shows."""
    return _page(results, {})


def full(results: Results) -> str:
    """What `docs/benchmarks.md` holds: every figure too."""
    return _page(results, {"All figures": figures(results)})


def _page(results: Results, more: dict[str, str]) -> str:
    parts = {
        "Ratios": ratios(results),
        "Aims": aims(results),
        "What each feature costs": features(results) if _measured(results, _FEATURES) else "",
        **more,
        "Not measured": skipped(results),
    }
    return machine(results) + "".join(f"\n\n### {title}\n\n{part}" for title, part in parts.items() if part)


def _measured(results: Results, section: str) -> bool:
    return any(measure.name in results.found for measure in SECTIONS[section])
