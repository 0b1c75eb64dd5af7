"""Grafana's dashboards as data, and as the JSON that Grafana imports."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import Any, Literal

SCHEMA = 38
"""Of the JSON; Grafana 10 and later read it."""

COLUMNS = 24
SIZES = {"stat": (4, 4), "timeseries": (8, 8), "table": (24, 7)}
"""Width and height of a panel, in columns and rows."""

Kind = Literal["stat", "timeseries", "table"]

SOURCE = {"type": "prometheus", "uid": "${datasource}"}
"""Whichever Prometheus is chosen at the top of the dashboard."""


@dataclass(frozen=True, slots=True)
class Query:
    """A query of a panel. `$queue` and `$instance` are what is chosen at the top."""

    expression: str
    legend: str = ""
    """In a table, the name of the column."""
    unit: str = ""
    """In a table, if it is not the panel's."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One picture."""

    title: str
    description: str
    queries: Sequence[Query]
    unit: str
    """In Grafana's words: s, percentunit, short, bytes, ops."""
    kind: Kind = "timeseries"
    green_from: float | None = None
    """Good is at least this …"""
    amber_from: float | None = None
    red_from: float | None = None
    """… or less than these."""
    stacked: bool = False
    most: float | None = None
    """Where the axis ends, if it is known."""

    @property
    def thresholds(self) -> list[dict[str, object]]:
        """Which colour begins where."""
        if self.green_from is not None:
            return [{"color": "red", "value": None}, {"color": "green", "value": self.green_from}]
        steps: list[dict[str, object]] = [{"color": "green", "value": None}]
        if self.amber_from is not None:
            steps.append({"color": "orange", "value": self.amber_from})
        if self.red_from is not None:
            steps.append({"color": "red", "value": self.red_from})
        return steps


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A page of panels, in the order of reading."""

    name: str
    """Of its file."""
    title: str
    description: str
    variable: str
    """The label by which one chooses, besides the data source."""
    panels: Sequence[Panel]

    def json(self) -> str:
        """Return what Grafana imports."""
        return json.dumps(self._model(), indent=2) + "\n"

    def _model(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "description": self.description,
            "tags": ["ivr-pubsub"],
            "schemaVersion": SCHEMA,
            "editable": True,
            "graphTooltip": 1,
            "refresh": "10s",
            "time": {"from": "now-1h", "to": "now"},
            "templating": {"list": [_data_source(), _variable(self.variable)]},
            "panels": _placed(self.panels),
        }


def _data_source() -> dict[str, Any]:
    return {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": "prometheus",
    }


def _variable(label: str) -> dict[str, Any]:
    return {
        "name": label,
        "label": label.capitalize(),
        "type": "query",
        "datasource": SOURCE,
        "query": {"query": f"label_values(ivr_callers_waiting, {label})", "refId": label},
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
        "refresh": 2,
        "sort": 1,
    }


def _placed(panels: Sequence[Panel]) -> list[dict[str, Any]]:
    """Lay panels out from left to right, in rows that are as high as their first panel."""
    placed, x, y, height = [], 0, 0, 0
    for number, panel in enumerate(panels, start=1):
        width, own = SIZES[panel.kind]
        if x + width > COLUMNS or (x and own != height):
            x, y = 0, y + height
        height = own
        placed.append(_panel(number, panel, {"x": x, "y": y, "w": width, "h": own}))
        x += width
    return placed


def _panel(number: int, panel: Panel, place: dict[str, int]) -> dict[str, Any]:
    defaults: dict[str, Any] = {
        "unit": panel.unit,
        "min": 0,
        "thresholds": {"mode": "absolute", "steps": panel.thresholds},
    }
    if panel.most is not None:
        defaults["max"] = panel.most
    if panel.kind == "timeseries":
        defaults["custom"] = {
            "fillOpacity": 40 if panel.stacked else 10,
            "stacking": {"mode": "normal" if panel.stacked else "none"},
            "thresholdsStyle": {"mode": "dashed" if len(panel.thresholds) > 1 else "off"},
        }
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": SOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": defaults, "overrides": _overrides(panel)},
        "options": _options(panel.kind),
        "targets": [_target(panel, letter, query) for letter, query in _lettered(panel)],
        "transformations": _transformations(panel),
    }


def _lettered(panel: Panel) -> Iterator[tuple[str, Query]]:
    return zip(ascii_uppercase, panel.queries, strict=False)


def _overrides(panel: Panel) -> list[dict[str, Any]]:
    """Give columns their own units."""
    return [
        {
            "matcher": {"id": "byName", "options": query.legend},
            "properties": [{"id": "unit", "value": query.unit}],
        }
        for query in panel.queries
        if query.unit
    ]


def _transformations(panel: Panel) -> list[dict[str, Any]]:
    """Make one table of a table's queries."""
    if panel.kind != "table":
        return []
    # Grafana calls the values of one query Value, those of several by their letters.
    several = len(panel.queries) > 1
    columns = {
        f"Value #{letter}" if several else "Value": query.legend
        for letter, query in _lettered(panel)
    }
    tidy = {"excludeByName": {"Time": True}, "renameByName": columns}
    return [{"id": "merge", "options": {}}, {"id": "organize", "options": tidy}]


def _options(kind: Kind) -> dict[str, Any]:
    if kind == "stat":
        return {"colorMode": "background", "reduceOptions": {"calcs": ["lastNotNull"]}}
    if kind == "table":
        return {"showHeader": True}
    return {
        "legend": {"displayMode": "list", "placement": "bottom"},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def _target(panel: Panel, letter: str, query: Query) -> dict[str, Any]:
    return {
        "refId": letter,
        "datasource": SOURCE,
        "expr": query.expression,
        "legendFormat": query.legend or "__auto",
        "instant": panel.kind != "timeseries",
        "range": panel.kind == "timeseries",
        "format": "table" if panel.kind == "table" else "time_series",
    }


def filled(expression: str, range_: str) -> str:
    """Return a query as Grafana would send it, with everything chosen and such a range."""
    for name in ("$__range", "$__rate_interval"):
        expression = expression.replace(name, range_)
    return expression.replace("$queue", ".*").replace("$instance", ".*")
