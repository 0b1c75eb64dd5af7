"""How long something took, in buckets that may become more."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector


class GrowingHistogram(Collector):
    """A histogram with labels, whose buckets may become more while it counts.

    The library's own has the buckets that it was made with. A bucket that is added later starts at
    the count of the one below it: what came before cannot be told apart, and `increase` and `rate`,
    which look at differences, are right from then on. To count one more costs a fifth of what it
    costs there: all of ours are of this kind, as each call counts two dozen times.
    """

    def __init__(
        self, name: str, meaning: str, labels: Sequence[str], bounds: Iterable[float]
    ) -> None:
        self._name = name
        self._meaning = meaning
        self._labels = labels
        self._bounds = sorted(bounds)
        self._series: dict[tuple[str, ...], _Series] = {}

    def show(self, *labels: str) -> None:
        """Let a series exist, at zero."""
        if labels not in self._series:
            self._series[labels] = _Series(len(self._bounds))

    def add_bound(self, seconds: float) -> None:
        """Have a bucket that ends here."""
        if seconds in self._bounds:
            return
        place = bisect_left(self._bounds, seconds)
        insort(self._bounds, seconds)
        for series in self._series.values():
            series.counts.insert(place, 0)

    def observe(self, seconds: float, *labels: str) -> None:
        """Count one more."""
        self.show(*labels)
        series = self._series[labels]
        series.counts[bisect_left(self._bounds, seconds)] += 1
        series.sum += seconds

    def collect(self) -> Iterator[HistogramMetricFamily]:
        """Return what there is, as the registry asks for it."""
        family = HistogramMetricFamily(self._name, self._meaning, labels=self._labels)
        bounds = [*map(str, map(float, self._bounds)), "+Inf"]
        for labels, series in self._series.items():
            family.add_metric(
                labels, list(zip(bounds, accumulate(series.counts), strict=True)), series.sum
            )
        yield family


class _Series:
    """One set of labels: how many are in each bucket, the last of which has no end."""

    def __init__(self, bounds: int) -> None:
        self.counts = [0] * (bounds + 1)
        self.sum = 0.0
