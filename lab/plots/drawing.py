"""Dashboards drawn by matplotlib: what Grafana would show, for those who have none at hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any, cast

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure

from lab.dashboards.grafana import Dashboard, Panel
from lab.prometheus import Sample

COLUMNS = 3
ROOM = 1.35
"""Above the lines, for what they are called."""
COLOURS = {"green": "#2e7d32", "orange": "#ef6c00", "red": "#c62828"}
UNITS = {"percentunit": "%", "s": "s", "bytes": "MiB", "short": "", "ops": "per second"}
SCALES = {"percentunit": 100.0, "bytes": 1 / 2**20}

STYLE: Any = {
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.color": "#e0e0e0",
    "legend.fontsize": 7,
    "legend.framealpha": 0.8,
    "legend.edgecolor": "none",
    "lines.linewidth": 1.4,
}

Line = tuple[str, Sequence[tuple[float, float]]]
"""What it is called, and its points: (seconds, value)."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A panel and what its queries gave."""

    panel: Panel
    lines: Sequence[Line]


def named(legend: str, sample: Sample) -> str:
    """Return what a line is called, as Grafana fills in `{{label}}`."""
    for label, value in sample.labels.items():
        legend = legend.replace(f"{{{{{label}}}}}", value)
    return "none" if legend.startswith("{{") else legend


def draw(dashboard: Dashboard, drawn: Sequence[Drawn], file: Path) -> None:
    """Draw a dashboard: a line of numbers, and the panels below it."""
    stats = [d for d in drawn if d.panel.kind == "stat"]
    graphs = [d for d in drawn if d.panel.kind == "timeseries"]
    rows = -(-len(graphs) // COLUMNS)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(13, 1.1 + 2.1 * rows), layout="constrained")
        halves = figure.subfigures(2, 1, height_ratios=(1.1, 2.1 * rows))
        top, below = cast("Sequence[SubFigure]", halves)
        figure.suptitle(dashboard.title, x=0.01, ha="left", fontsize=12, fontweight="bold")
        for axes, stat in zip(top.subplots(1, len(stats), squeeze=False)[0], stats, strict=True):
            _number(axes, stat)
        places = below.subplots(rows, COLUMNS, squeeze=False).flat
        for axes, graph in zip(places, graphs, strict=False):
            _graph(axes, graph)
        for axes in list(below.axes)[len(graphs) :]:
            axes.set_axis_off()
        figure.savefig(file, dpi=110, metadata={"Software": None})


def _number(axes: Axes, stat: Drawn) -> None:
    value = stat.lines[0][1][-1][1] * SCALES.get(stat.panel.unit, 1)
    text = f"{value:.3g} {UNITS[stat.panel.unit]}".strip()
    axes.set_axis_off()
    axes.set_title(stat.panel.title, loc="center", fontweight="normal")
    colour = COLOURS[_colour(stat.panel, stat.lines[0][1][-1][1])]
    axes.text(
        0.5, 0.4, text, ha="center", va="center", fontsize=15, fontweight="bold", color=colour
    )


def _colour(panel: Panel, value: float) -> str:
    reached = "green"
    for step in panel.thresholds:
        if step["value"] is None or value >= float(str(step["value"])):
            reached = str(step["color"])
    return reached


def _graph(axes: Axes, graph: Drawn) -> None:
    panel, scale = graph.panel, SCALES.get(graph.panel.unit, 1)
    lines = {
        name: [(at, value * scale) for at, value in points if isfinite(value)]
        for name, points in graph.lines
    }
    if panel.stacked:
        _stack(axes, lines)
    else:
        for name, points in lines.items():
            axes.plot(*zip(*points, strict=True), label=name)
    axes.set_title(panel.title)
    axes.set_ylabel(UNITS[panel.unit])
    axes.set_xlabel("")
    highest = axes.get_ylim()[1] if panel.most is None else panel.most * scale
    axes.set_ylim(0, highest * ROOM)
    for step in panel.thresholds:
        if step["value"] is not None and float(str(step["value"])) * scale <= highest:
            axes.axhline(
                float(str(step["value"])) * scale,
                color=COLOURS[str(step["color"])], linestyle="--", linewidth=0.8,
            )  # fmt: skip
    if lines:
        axes.legend(loc="upper left", ncols=3)


def _stack(axes: Axes, lines: Mapping[str, Sequence[tuple[float, float]]]) -> None:
    times = sorted({at for points in lines.values() for at, _ in points})
    heights = [[dict(points).get(at, 0.0) for at in times] for points in lines.values()]
    axes.stackplot(times, heights, labels=list(lines), alpha=0.75)
