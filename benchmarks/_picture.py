"""A picture of limiters at work: the calls in the last second over time, one panel for each.

matplotlib is imported when a picture is drawn and not before, so that a benchmark runs without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

__all__ = ["draw"]

OURS: Final = "#2563a8"
RIVALS: Final = "#8a8f98"
OVER: Final = "#d62839"
INK: Final = "#30343b"

COLUMNS: Final = 3
STYLE: Final[Any] = {
    "axes.edgecolor": "#c9ccd1",
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
    "font.size": 9,
    "svg.hashsalt": "timrest_async",
    "text.color": INK,
    "xtick.color": "#6b7078",
    "xtick.major.size": 0,
    "ytick.color": "#6b7078",
    "ytick.major.size": 0,
}


def draw(
    path: Path, series: Mapping[str, Sequence[tuple[float, int]]], *, cap: int, seconds: float, title: str
) -> None:
    """Draw the first *seconds* of *series* against *cap*, and write it to *path* as SVG and PNG.

    A series tells when the number of calls in the last second changed, and to what. A name that begins with "ours" is
    shown as ours.
    """
    from matplotlib import rc_context  # noqa: PLC0415  # half a second that only a picture needs
    from matplotlib.figure import Figure  # noqa: PLC0415

    rows = -(-len(series) // COLUMNS)
    with rc_context(STYLE):
        figure = Figure(figsize=(8.8, 0.75 + 1.8 * rows), layout="constrained", facecolor="white")
        figure.suptitle(title, x=0.012, ha="left", fontsize=10.5)
        panels = figure.subplots(rows, COLUMNS, sharex=True, sharey=True, squeeze=False).ravel()
        top = max(2 * cap, *(count for points in series.values() for _, count in points))
        for panel, (name, points) in zip(panels, series.items(), strict=False):
            _fill(panel, name, points, cap, seconds)
            panel.set(xlim=(0, seconds), ylim=(0, 1.12 * top))
            panel.set(xticks=range(1, int(seconds) + 1), yticks=range(0, top + 1, cap))
            panel.xaxis.set_major_formatter("{x:g} s")
        panels[0].text(0.06, 1.04 * cap, "cap", fontsize=8)
        path.parent.mkdir(exist_ok=True)
        figure.savefig(path.with_suffix(".svg"), metadata={"Date": None})
        figure.savefig(path.with_suffix(".png"), dpi=160)


def _fill(panel: Any, name: str, points: Sequence[tuple[float, int]], cap: int, seconds: float) -> None:
    """Draw one limiter; what is above *cap* stands out, and the worst of all time is told."""
    color = OURS if name.startswith("ours") else RIVALS
    worst = max(count for _, count in points)
    times, counts = zip(*_thin(points, seconds), strict=True)
    held = [min(count, cap) for count in counts]
    panel.fill_between(times, held, step="post", color=color, alpha=0.28, linewidth=0)
    panel.step(times, held, where="post", color=color, linewidth=1.1)
    above = [count > cap for count in counts]
    shown = [now or before for now, before in zip(above, [False, *above], strict=False)]  # to the end of each step
    over = [max(count, cap) for count in counts]
    panel.fill_between(times, cap, over, where=shown, step="post", color=OVER, linewidth=1.1)
    panel.axhline(cap, color=INK, linewidth=0.9, linestyle=(0, (4, 2)))
    panel.set_title(name, loc="left", fontsize=9, fontweight="bold", color=color if color == OURS else INK)
    panel.set_title(f"worst {worst}", loc="right", fontsize=9, color=OVER if worst > cap else INK)


def _thin(points: Sequence[tuple[float, int]], until: float) -> list[tuple[float, int]]:
    """Leave out what is too small to be seen: steps of one, and the stairs of a burst that is over at once."""
    kept = [(0.0, 0), (0.0, 0)]
    for time, count in points:
        if time >= until:
            break
        (_, before), (since, last) = kept[-2:]
        if abs(count - last) <= 1:
            continue
        if time - since < 0.004 and (count > last) == (last > before):
            kept[-1] = (since, count)
        else:
            kept.append((time, count))
    return [*kept, (until, kept[-1][1])]
