"""What all parts of a run have in common."""

from dataclasses import dataclass, field

from lab.bench_pubsub.databases import Databases
from lab.bench_pubsub.figures import Figures
from lab.bench_pubsub.progress import Progress
from lab.bench_pubsub.sizes import Size
from lab.ports import PortBlock


@dataclass(frozen=True, slots=True)
class Run:
    """How much is measured, where servers listen, what has come of it so far."""

    size: Size
    ports: PortBlock
    databases: Databases
    noted: Figures = field(default_factory=Figures)
    progress: Progress = field(default_factory=Progress)
