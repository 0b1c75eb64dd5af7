"""What administrators ask of the service as a whole: reading anew, quiet before a restart."""

from component.domain.events import DrainBegun, DrainEnded
from component.operations.changes import Reload
from component.operations.model import Answer, Given, Operation, Role, Scene


def _reload(_scene: Scene, _given: Given) -> Answer:
    return Answer("The configuration in the database is read anew.", change=Reload())


def _drain(scene: Scene, _given: Given) -> Answer:
    scene.step(DrainBegun())
    return Answer(f"No new callers are taken. Calls that go on: {scene.state.going_on()}.")


def _undrain(scene: Scene, _given: Given) -> Answer:
    scene.step(DrainEnded())
    return Answer("New callers are taken.")


OPERATIONS = (
    Operation(
        "reload", "Read the configuration anew", Role.ADMINISTRATOR, _reload, said=("reload",),
    ),
    Operation(
        "drain", "Take no new callers", Role.ADMINISTRATOR, _drain, said=("drain",),
    ),
    Operation(
        "undrain", "Take new callers again", Role.ADMINISTRATOR, _undrain, said=("undrain",),
    ),
)  # fmt: skip
