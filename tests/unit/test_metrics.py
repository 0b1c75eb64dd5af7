import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from component.agent_times import Activity
from component.metrics import OFFER_RESULTS, Failure, LookupResult, Metrics, Peer, WaitEnd

pytestmark = pytest.mark.unit

TABLE = Path(__file__).parents[2] / "docs" / "monitoring.md"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics("1.2.3")


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def families(metrics: Metrics) -> dict[str, str]:
    """Our own metrics: what kind each is, by its name as it is scraped."""
    own = [f for f in metrics.registry.collect() if f.name.startswith("ivr_")]
    return {f.name + ("_total" if f.type == "counter" else ""): f.type for f in own}


def test_series_of_a_queue_start_at_zero(metrics: Metrics) -> None:
    metrics.queue("support", servicelevel=25)
    assert value(metrics, "ivr_calls_total", queue="support", outcome="abandoned") == 0
    assert value(metrics, "ivr_offers_total", queue="support", result="no_answer") == 0
    assert value(metrics, "ivr_wait_seconds_count", queue="support", result="answered") == 0
    assert value(metrics, "ivr_agent_seconds_total", queue="support", state="talking") == 0


@pytest.mark.parametrize("name", ["wait", "ring", "talk", "wrap_up"])
def test_times_of_a_call_have_a_bucket_at_each_service_level_that_there_ever_was(
    metrics: Metrics, name: str
) -> None:
    metrics.queue("support", servicelevel=25)
    metrics.queue("sales", servicelevel=7)
    metrics.queue("support", servicelevel=33.5)

    scraped = generate_latest(metrics.registry).decode()
    bounds = re.findall(rf'ivr_{name}_seconds_bucket{{le="(.+?)",queue="support"', scraped)
    assert {"7.0", "25.0", "33.5"} <= set(bounds)


def test_series_of_a_peer_start_at_zero(metrics: Metrics) -> None:
    assert value(metrics, "ivr_up", peer="xmpp") == 0
    assert value(metrics, "ivr_reconnects_total", peer="asterisk") == 0
    assert value(metrics, "ivr_customer_lookups_total", result="timeout") == 0
    assert value(metrics, "ivr_customer_lookup_seconds_count", result="timeout") == 0
    assert value(metrics, "ivr_notifications_total", kind="item_published") == 0
    assert value(metrics, "ivr_engine_commit_errors_total", error="no_answer") == 0


def test_the_build_is_named(metrics: Metrics) -> None:
    assert value(metrics, "ivr_build_info", version="1.2.3") == 1


def test_two_services_in_one_process_do_not_share_metrics(metrics: Metrics) -> None:
    Metrics("other").bounced()
    assert value(metrics, "ivr_bounced_messages_total") == 0


def test_names_follow_the_conventions(metrics: Metrics) -> None:
    assert len(families(metrics)) > 30
    for family in metrics.registry.collect():
        if family.name.startswith("ivr_"):
            assert re.fullmatch(r"ivr_[a-z]+(_[a-z]+)*", family.name)
            assert family.documentation
            if family.type == "histogram":
                assert family.name.endswith(("_seconds", "_events"))


def test_the_process_is_measured_too(metrics: Metrics) -> None:
    assert b"process_cpu_seconds_total" in generate_latest(metrics.registry)


def test_the_table_in_the_docs_lists_exactly_what_there_is(metrics: Metrics) -> None:
    rows = re.findall(r"^\| `(ivr_\w+)` \| (\w+) \|", TABLE.read_text(), re.MULTILINE)

    # An info is a gauge of the value 1, as Prometheus sees it.
    there = {name.replace("ivr_build", "ivr_build_info"): kind for name, kind in
             families(metrics).items()}  # fmt: skip
    assert dict(rows) == {name: kind.replace("info", "gauge") for name, kind in there.items()}
    assert len(rows) == len(dict(rows)), "a metric is listed twice"


@pytest.mark.parametrize(
    ("metric", "words"),
    [
        ("ivr_offers_total", OFFER_RESULTS),
        ("ivr_wait_seconds", WaitEnd),
        ("ivr_agents", Activity),
        ("ivr_customer_lookups_total", LookupResult),
        ("ivr_customer_lookup_seconds", LookupResult),
        ("ivr_up", Peer),
        ("ivr_ari_errors_total", Failure),
    ],
)
def test_the_table_explains_each_word_that_a_label_may_be(
    metric: str, words: Iterable[str]
) -> None:
    (row,) = re.findall(rf"^\| `{metric}` .*$", TABLE.read_text(), re.MULTILINE)
    assert [word for word in words if f"`{word}`" not in row] == []


def test_the_sample_has_every_metric_and_nothing_else() -> None:
    sample = TABLE.with_name("metrics.txt").read_text()
    listed = set(re.findall(r"^\| `(ivr_\w+)` \|", TABLE.read_text(), re.MULTILINE))
    assert set(re.findall(r"^# TYPE (ivr_\w+)", sample, re.MULTILINE)) == listed


def test_the_sample_has_the_labels_that_the_table_names() -> None:
    table = re.findall(r"^\| `(ivr_\w+)` \| \w+ \| ([\w, ]*)\|", TABLE.read_text(), re.MULTILINE)
    named = {metric: set(re.findall(r"\w+", labels)) for metric, labels in table}

    sample = TABLE.with_name("metrics.txt").read_text()
    shown = {metric: set(sample.labels) - {"le"}
             for family in text_string_to_metric_families(sample)
             for sample in family.samples
             for metric in [sample.name.removesuffix("_bucket")]}  # fmt: skip
    assert {metric: labels for metric, labels in shown.items() if metric in named} == named


def test_nothing_is_shown_that_the_table_does_not_name(metrics: Metrics) -> None:
    metrics.queue("support", 20)
    assert b"_created" not in generate_latest(metrics.registry)
