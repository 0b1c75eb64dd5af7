"""The compose file, as far as it can be checked without containers."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from component import config
from component.config import Config
from lab.paths import DASHBOARD_FILES, PROJECT

pytestmark = pytest.mark.unit

PACKAGING = PROJECT / "packaging"
COMPOSE = yaml.safe_load((PACKAGING / "compose.yaml").read_text())


def test_the_service_knows_the_variables_that_are_set() -> None:
    known = {
        f"{config.PREFIX}{section}__{key}".upper()
        for section in Config.model_fields
        for key in config.keys(section)
    }
    image = re.findall(r"IVR_PUBSUB_\w+", (PACKAGING / "Containerfile").read_text())
    variables = {*COMPOSE["services"]["ivr-pubsub"]["environment"], *image}
    assert variables <= known


def test_what_is_mounted_exists() -> None:
    for name, service in COMPOSE["services"].items():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (PACKAGING / source).exists(), (name, source)
            else:
                assert source in COMPOSE["volumes"], (name, source)


def test_each_secret_is_a_file_that_the_service_is_told_of() -> None:
    service = COMPOSE["services"]["ivr-pubsub"]
    read = {value for key, value in service["environment"].items() if key.endswith("_FILE")}
    assert read == {f"/run/secrets/{name}" for name in service["secrets"]}
    assert set(service["secrets"]) == set(COMPOSE["secrets"])


def test_grafana_is_given_the_dashboards_and_the_prometheus_that_runs() -> None:
    grafana = COMPOSE["services"]["grafana"]["volumes"]
    [provider] = _provisioned("dashboards")["providers"]
    assert f"../monitoring/grafana:{provider['options']['path']}:ro" in grafana
    assert list(DASHBOARD_FILES.glob("*.json"))

    [source] = _provisioned("datasource")["datasources"]
    address = Path(source["url"]).name
    assert f"--web.listen-address={address}" in COMPOSE["services"]["prometheus"]["command"]


def _provisioned(name: str) -> dict[str, list[dict[str, Any]]]:
    loaded: dict[str, list[dict[str, Any]]] = yaml.safe_load(
        (PACKAGING / "grafana" / f"{name}.yaml").read_text()
    )
    return loaded
