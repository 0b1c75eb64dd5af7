"""What Prometheus itself says of our rules, our configuration and our metrics."""

import subprocess
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from component.metrics import Failure, Metrics
from lab.paths import PROMETHEUS_CONFIG

pytestmark = pytest.mark.contract


def promtool(*arguments: str | Path, given: bytes = b"") -> None:
    """Run it; whatever it objects to fails the test."""
    done = subprocess.run(
        ["promtool", *arguments], input=given, capture_output=True, check=False, timeout=60
    )
    assert done.returncode == 0, (done.stdout + done.stderr).decode()


def test_the_configuration_is_one() -> None:
    promtool("check", "config", "--lint-fatal", PROMETHEUS_CONFIG / "prometheus.yml")


def test_the_rules_are_free_of_lint() -> None:
    promtool("check", "rules", "--lint=all", "--lint-fatal", PROMETHEUS_CONFIG / "alerts.yml")


def test_alerts_wait_as_long_as_they_should_and_say_what_is_wrong() -> None:
    promtool("test", "rules", Path(__file__).with_name("alerts.test.yml"))


def test_metrics_are_free_of_lint() -> None:
    metrics = Metrics("1.2.3")
    metrics.queue("support", 20)
    metrics.asterisk_asked("channels.originate", 0.01, Failure.NO_ANSWER)

    promtool("check", "metrics", given=generate_latest(metrics.registry))
