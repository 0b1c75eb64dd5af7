"""What Grafana needs of a dashboard. Whether its queries work, the end-to-end tests say."""

import json
from pathlib import Path
from typing import Any

import pytest

from lab.dashboards import DASHBOARDS
from lab.dashboards.grafana import Dashboard
from lab.paths import DASHBOARD_FILES

pytestmark = pytest.mark.unit

SOURCE = {"type": "prometheus", "uid": "${datasource}"}


@pytest.fixture(params=DASHBOARDS, ids=lambda dashboard: str(dashboard.name))
def dashboard(request: pytest.FixtureRequest) -> Dashboard:
    found: Dashboard = request.param
    return found


@pytest.fixture
def file(dashboard: Dashboard) -> Path:
    return DASHBOARD_FILES / f"{dashboard.name}.json"


@pytest.fixture
def model(file: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(file.read_text())
    return loaded


def test_the_files_are_up_to_date(dashboard: Dashboard, file: Path) -> None:
    assert file.read_text() == dashboard.json(), "run `make dashboards`"


def test_it_can_be_imported_beside_others(model: dict[str, Any]) -> None:
    assert model["schemaVersion"] >= 36
    assert "id" not in model
    assert "uid" not in model
    assert model["title"]


def test_every_panel_and_query_asks_the_chosen_data_source(model: dict[str, Any]) -> None:
    variables = {variable["name"]: variable for variable in model["templating"]["list"]}
    assert variables["datasource"]["type"] == "datasource"
    for panel in model["panels"]:
        assert panel["datasource"] == SOURCE
        assert panel["targets"]
        assert all(target["datasource"] == SOURCE for target in panel["targets"])


def test_every_query_follows_what_is_chosen(dashboard: Dashboard, model: dict[str, Any]) -> None:
    assert model["templating"]["list"][1]["name"] == dashboard.variable
    for panel in model["panels"]:
        for target in panel["targets"]:
            assert f'{dashboard.variable}=~"${dashboard.variable}"' in target["expr"]


def test_panels_and_their_queries_are_told_apart(model: dict[str, Any]) -> None:
    ids = [panel["id"] for panel in model["panels"]]
    assert len(ids) == len(set(ids))
    for panel in model["panels"]:
        letters = [target["refId"] for target in panel["targets"]]
        assert len(letters) == len(set(letters))


def test_every_panel_says_what_it_shows_and_in_which_unit(model: dict[str, Any]) -> None:
    for panel in model["panels"]:
        assert panel["title"]
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"]
        assert panel["fieldConfig"]["defaults"]["thresholds"]["steps"]


def test_panels_do_not_overlap_and_stay_within_the_page(model: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in model["panels"]:
        place = panel["gridPos"]
        cells = {
            (place["x"] + column, place["y"] + row)
            for column in range(place["w"])
            for row in range(place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not taken & cells
        taken |= cells
