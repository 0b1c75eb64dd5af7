"""The compose file and the images, as far as they can be checked without containers."""

import re
import shutil
import stat
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from component import config
from component.config import Config
from lab.paths import DASHBOARD_FILES, PROJECT

pytestmark = pytest.mark.unit

PACKAGING = PROJECT / "packaging"
TEXT = (PACKAGING / "compose.yaml").read_text()
COMPOSE = yaml.safe_load(TEXT)
SERVICES = COMPOSE["services"]
BUILT = {
    name: PROJECT / service["build"]["dockerfile"]
    for name, service in SERVICES.items()
    if "build" in service
}


@pytest.fixture
def made(tmp_path: Path) -> Path:
    """A directory in which `make-secrets` was run."""
    shutil.copy(PACKAGING / "make-secrets", tmp_path)
    subprocess.run([tmp_path / "make-secrets", "example.org"], check=True)
    return tmp_path


def test_the_service_knows_the_variables_that_are_set() -> None:
    known = {
        f"{config.PREFIX}{section}__{key}".upper()
        for section in Config.model_fields
        for key in config.keys(section)
    }
    image = re.findall(r"IVR_PUBSUB_\w+", BUILT["ivr-pubsub"].read_text())
    variables = {*SERVICES["ivr-pubsub"]["environment"], *image}
    assert variables <= known


def test_the_image_alone_listens_on_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in re.findall(r"(IVR_PUBSUB_\w+)=(\S+)", BUILT["ivr-pubsub"].read_text()):
        monkeypatch.setenv(name, value)
    loaded = config.load(PROJECT / "ivr-pubsub.example.toml")
    assert {loaded.agi.host, loaded.http.host} == {"127.0.0.1"}


def test_what_is_mounted_exists_or_is_made(made: Path) -> None:
    for name, service in SERVICES.items():
        for volume in service.get("volumes", ()):
            source = volume.split(":")[0]
            if source.startswith("."):
                assert (PACKAGING / source).exists() or (made / source).is_dir(), (name, source)
            else:
                assert source in COMPOSE["volumes"], (name, source)


def test_each_secret_is_made_once_for_users_of_containers_and_nobody_else(made: Path) -> None:
    files = [made / secret["file"] for secret in COMPOSE["secrets"].values()]
    secrets = [file.read_text() for file in files]
    assert len(set(secrets)) == len(secrets)
    assert all(re.fullmatch("[0-9a-f]{32}", secret) for secret in secrets)
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o644}
    assert stat.S_IMODE((made / "secrets").stat().st_mode) == 0o700

    subprocess.run([made / "make-secrets", "example.net"], check=True)
    assert [file.read_text() for file in files] == secrets


def test_each_variable_that_is_required_is_in_the_file_that_is_made(made: Path) -> None:
    variables = dict(line.split("=") for line in (made / ".env").read_text().split())
    assert set(variables) == set(re.findall(r"\$\{(\w+):\?\}", TEXT))
    assert variables["XMPP_HOST"] == "example.org"
    assert stat.S_IMODE((made / ".env").stat().st_mode) == 0o600


def test_each_secret_is_a_file_that_the_service_is_told_of() -> None:
    service = SERVICES["ivr-pubsub"]
    read = {value for key, value in service["environment"].items() if key.endswith("_FILE")}
    assert read == {f"/run/secrets/{name}" for name in service["secrets"]}


@pytest.mark.parametrize("name", BUILT)
def test_what_an_image_is_built_from_is_in_the_project(name: str) -> None:
    copied = [source for source in _copied(name) if source != "."]
    assert all(list(PROJECT.glob(source)) for source in copied), copied


def test_no_secret_gets_into_an_image_whoever_builds_it(made: Path) -> None:
    kept_out = (PROJECT / ".containerignore").read_text().split()
    assert {f"packaging/{path.name}" for path in made.iterdir()} - {
        "packaging/make-secrets"
    } <= set(kept_out)
    assert (PROJECT / ".dockerignore").resolve() == PROJECT / ".containerignore"


@pytest.mark.parametrize("name", ["asterisk", "prosody"])
def test_each_placeholder_is_a_secret_or_a_variable(name: str) -> None:
    sources = (file for source in _copied(name) for file in PROJECT.glob(source))
    files = [file for file in sources if file.suffix in {".conf", ".lua"}]
    wanted = {word for file in files for word in re.findall(r"@([A-Z]\w*)@", file.read_text())}
    service = SERVICES[name]
    given = {secret.upper().replace("-", "_") for secret in service["secrets"]}
    given |= set(service["environment"])
    given |= set(re.findall(r"(?m)^export (\w+)", BUILT[name].with_name("start").read_text()))
    assert wanted
    assert wanted <= given


def test_placeholders_are_filled_in_whatever_a_secret_has_in_it(tmp_path: Path) -> None:
    file = tmp_path / "pjsip.conf"
    file.write_text("password = @PASSWORD@ ; @PORT@\n")
    fill = PACKAGING / "containers" / "fill"
    word = r"a&b|c\d/e'f $g"
    filled = subprocess.run(
        [fill, file], env={"PASSWORD": word, "PORT": "5060"}, check=True,
        capture_output=True, text=True,
    )  # fmt: skip
    assert filled.stdout == f"password = {word} ; 5060\n"

    refused = subprocess.run(
        [fill, file], env={"PORT": "5060"}, check=False, capture_output=True, text=True
    )
    assert refused.returncode != 0
    assert f"{file} wants PASSWORD" in refused.stderr


def test_grafana_is_given_the_dashboards_and_the_prometheus_that_runs() -> None:
    grafana = SERVICES["grafana"]["volumes"]
    [provider] = _provisioned("dashboards")["providers"]
    assert f"../monitoring/grafana:{provider['options']['path']}:ro" in grafana
    assert list(DASHBOARD_FILES.glob("*.json"))

    [source] = _provisioned("datasource")["datasources"]
    address = Path(source["url"]).name
    assert f"--web.listen-address={address}" in SERVICES["prometheus"]["command"]


def _copied(name: str) -> list[str]:
    """Return what an image's file copies from the project."""
    text = BUILT[name].read_text().replace("\\\n", " ")
    lines = re.findall(r"(?m)^COPY (?!--from)(.*)", text)
    return [source for line in lines for source in line.split()[:-1]]


def _provisioned(name: str) -> dict[str, list[dict[str, Any]]]:
    loaded: dict[str, list[dict[str, Any]]] = yaml.safe_load(
        (PACKAGING / "grafana" / f"{name}.yaml").read_text()
    )
    return loaded
