import pytest
from prometheus_client import CollectorRegistry

from component.growing_histogram import GrowingHistogram

pytestmark = pytest.mark.unit


@pytest.fixture
def waits() -> GrowingHistogram:
    return GrowingHistogram("waits", "Waits", ("queue",), (10, 30))


def buckets(histogram: GrowingHistogram, queue: str = "support") -> dict[str, float]:
    """What Prometheus is told: how many waits were no longer than each bound."""
    registry = CollectorRegistry()
    registry.register(histogram)
    samples = [s for family in registry.collect() for s in family.samples]
    return {s.labels["le"]: s.value for s in samples if s.labels.get("queue") == queue
            and s.name == "waits_bucket"}  # fmt: skip


def test_a_wait_counts_in_each_bucket_that_it_is_not_longer_than(waits: GrowingHistogram) -> None:
    for seconds in (10, 10.1, 31):
        waits.observe(seconds, "support")

    assert buckets(waits) == {"10.0": 1, "30.0": 2, "+Inf": 3}


def test_sum_and_count_are_those_of_all_waits(waits: GrowingHistogram) -> None:
    registry = CollectorRegistry()
    registry.register(waits)
    waits.observe(2, "support")
    waits.observe(50, "support")

    assert registry.get_sample_value("waits_sum", {"queue": "support"}) == 52
    assert registry.get_sample_value("waits_count", {"queue": "support"}) == 2


def test_queues_count_apart_and_start_at_zero(waits: GrowingHistogram) -> None:
    waits.show("sales")
    waits.observe(1, "support")

    assert buckets(waits, "sales") == {"10.0": 0, "30.0": 0, "+Inf": 0}


def test_a_bound_that_is_added_splits_what_comes_and_never_shrinks_a_count(
    waits: GrowingHistogram,
) -> None:
    waits.observe(5, "support")
    waits.observe(15, "support")
    waits.add_bound(20)
    assert buckets(waits) == {"10.0": 1, "20.0": 1, "30.0": 2, "+Inf": 2}

    waits.observe(15, "support")
    assert buckets(waits) == {"10.0": 1, "20.0": 2, "30.0": 3, "+Inf": 3}


def test_a_bound_that_is_there_is_added_once(waits: GrowingHistogram) -> None:
    waits.show("support")
    waits.add_bound(30.0)

    assert list(buckets(waits)) == ["10.0", "30.0", "+Inf"]
