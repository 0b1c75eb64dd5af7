"""What `make bench-pubsub` counts, and how it judges."""

import pytest

from lab.bench_pubsub import figures
from lab.bench_pubsub.figures import Figures
from lab.bench_pubsub.report import report
from lab.bench_pubsub.targets import Result
from lab.bench_pubsub.wire import Counter

pytestmark = pytest.mark.unit

STREAM = b"<iq id='1'/><message><x/></message><iq id='2'><y/></iq><message></message>"


@pytest.mark.parametrize("size", range(1, len(STREAM) + 1))
def test_stanzas_are_counted_in_pieces_of_any_size(size: int) -> None:
    counter = Counter()
    pieces = [STREAM[at : at + size] for at in range(0, len(STREAM), size)]
    assert sum(counter.feed(piece) for piece in pieces) == 2
    assert (counter.notifications, counter.replies) == (2, 2)


@pytest.mark.parametrize(
    ("value", "at_most", "met"), [(0.9, True, True), (1.1, True, False), (0.9, False, False)]
)
def test_a_target_is_met_on_its_own_side_of_the_limit(
    value: float, at_most: bool, met: bool
) -> None:
    assert Result("ratio", value, 1.0, at_most=at_most).met is met


def test_the_report_has_a_column_for_each_service_and_gaps_where_nothing_was_measured() -> None:
    noted = Figures()
    noted.add_times("prosody", figures.OWN, ("p50", "p99"), [0.001, 0.002, 0.003])
    noted.add("prosody", figures.OURS, "p50", 1234.5)
    text = report(noted, [Result("ratio", 2.0, 1.0, at_most=True)], 60)
    assert "| ratio | 2.00 | ≤ 1 | **no** |" in text
    assert "|  | mod_pubsub | this service |" in text
    assert "| p50 | 2.00 | 1,234 |" in text
    assert "| p99 | 2.98 |  |" in text
