"""The compose file, as Docker's Compose reads it."""

import json
import subprocess
import sysconfig
from pathlib import Path

import pytest

from lab.paths import PROJECT

pytestmark = pytest.mark.contract

COMPOSE = Path(sysconfig.get_path("purelib"), "compose", "docker-compose")
"""The program itself: what its package has in `bin` always succeeds."""

FILE = PROJECT / "packaging" / "compose.yaml"
REQUIRED = {"XMPP_HOST": "example.com", "DATABASE_PASSWORD": "word"}


def read(variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [COMPOSE, "--file", FILE, "--env-file", "/dev/null", "config", "--format", "json"],
        env=variables, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_it_is_valid_and_listens_on_loopback_unless_told_otherwise() -> None:
    done = read(REQUIRED)
    assert (done.returncode, done.stderr) == (0, "")
    services = json.loads(done.stdout)["services"]
    assert set(services) == {
        "asterisk", "grafana", "ivr-pubsub", "postgresql", "prometheus", "prosody"
    }  # fmt: skip
    addresses = [
        services["asterisk"]["environment"]["SIP_ADDRESS"],
        services["prosody"]["environment"]["XMPP_ADDRESS"],
        services["ivr-pubsub"]["environment"]["IVR_PUBSUB_AGI__HOST"],
        services["ivr-pubsub"]["environment"]["IVR_PUBSUB_HTTP__HOST"],
        services["grafana"]["environment"]["GF_SERVER_HTTP_ADDR"],
    ]
    assert set(addresses) == {"127.0.0.1"}
    assert "listen_addresses=127.0.0.1" in services["postgresql"]["command"]
    assert all("ports" not in service for service in services.values())
    service = services["ivr-pubsub"]["environment"]
    assert service["IVR_PUBSUB_DATABASE__URL"] == "postgresql://ivr:word@127.0.0.1:5432/ivr"
    assert service["IVR_PUBSUB_XMPP__DOMAIN"] == "ivr.example.com"


@pytest.mark.parametrize("missing", REQUIRED)
def test_what_is_missing_is_named(missing: str) -> None:
    done = read({name: value for name, value in REQUIRED.items() if name != missing})
    assert done.returncode != 0
    assert f"required variable {missing} is missing a value" in done.stderr
