"""What `make bench-pubsub` counts, and how it judges."""

from dataclasses import replace

import pytest

from lab.bench_pubsub import figures
from lab.bench_pubsub.figures import Figures
from lab.bench_pubsub.measure import rounds
from lab.bench_pubsub.report import report
from lab.bench_pubsub.sizes import SIZES
from lab.bench_pubsub.targets import Result, Targets
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


@pytest.mark.parametrize(("times", "made"), [([0, 50, 60], 5), ([0, 60, 80], 4), ([0, 500], 3)])
def test_there_are_three_rounds_and_more_while_there_is_time(times: list[float], made: int) -> None:
    size = replace(SIZES["full"], rounds=5, seconds=70)
    assert list(rounds(size, iter(times).__next__)) == list(range(made))


def test_a_figure_of_several_rounds_is_their_median() -> None:
    noted = Figures()
    for value in (3.0, 1.0, 200.0):
        noted.add_round("prosody", figures.OURS, figures.SPREAD, value)
    assert noted.get("prosody", figures.OURS, figures.SPREAD) == 3.0


def test_the_99th_percentile_is_one_of_all_rounds() -> None:
    noted = Figures()
    for seconds in ([0.001] * 98, [0.003, 0.004]):
        noted.add_times("prosody", figures.OURS, ("p50", "p99"), seconds)
    assert noted.get("prosody", figures.OURS, "p50") == pytest.approx((1 + 3.5) / 2)
    assert noted.get("prosody", figures.OURS, "p99") == pytest.approx(3.01)


def test_what_is_compared_is_compared_in_each_round() -> None:
    noted = Figures()
    for service, rates in ((figures.OURS, (10, 30, 50)), (figures.OWN, (10, 15, 50))):
        for rate in rates:
            noted.add_round("ejabberd", service, figures.SPREAD, rate)
    result = Targets(noted, SIZES["quick"]).at_least("ejabberd", figures.SPREAD, figures.OWN, 1.5)
    assert (result.value, result.spread, result.met) == (1.0, (1.0, 2.0), False)


def test_the_report_says_how_far_rounds_were_apart() -> None:
    result = Result("ratio", 0.66, 1.0, at_most=False, spread=(0.5, 0.71))
    assert "| ratio | 0.66 (0.50 to 0.71) | ≥ 1 | **no** |" in report(Figures(), [result], 60)


@pytest.mark.parametrize(
    ("value", "row"),
    [
        (0.010032, "| CPU | 0.01003 (0.0080 to 0.0115) | ≤ 0.01 | **no** |"),
        (0.009968, "| CPU | 0.0100 (0.0080 to 0.0115) | ≤ 0.01 | yes |"),
    ],
)
def test_what_misses_its_target_by_little_does_not_look_as_if_it_were_met(
    value: float, row: str
) -> None:
    result = Result("CPU", value, 0.01, at_most=True, spread=(0.008, 0.0115))
    assert row in report(Figures(), [result], 60)


def test_the_report_has_a_column_for_each_service_and_gaps_where_nothing_was_measured() -> None:
    noted = Figures()
    noted.add_times("prosody", figures.OWN, ("p50", "p99"), [0.001, 0.002, 0.003])
    noted.add("prosody", figures.OURS, "p50", 1234.5)
    text = report(noted, [Result("ratio", 2.0, 1.0, at_most=True)], 60)
    assert "| ratio | 2.00 | ≤ 1 | **no** |" in text
    assert "|  | mod_pubsub | this service |" in text
    assert "| p50 | 2.00 | 1,234 |" in text
    assert "| p99 | 2.98 |  |" in text
