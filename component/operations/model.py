"""What an operation is: who may ask for it, what it has to be told, what it does and answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from component.domain.errors import DomainError
from component.domain.events import Event
from component.domain.model import Person
from component.domain.state import State
from component.operations.changes import Change

MOST_CHARACTERS = 200
"""Of anything that somebody fills in; of a list, each line."""


class Role(StrEnum):
    """As what somebody asks."""

    AGENT = "agent"
    """Whose account is linked to an extension."""
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class RefusedError(DomainError):
    """What was asked for is not done. The text is for people."""

    def __init__(self, words: str) -> None:
        super().__init__()
        self.args = (words,)


class NotPermittedError(RefusedError):
    """Somebody in another role might have it done."""


class ArgumentError(RefusedError):
    """Something that was filled in cannot be used."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks, and where."""

    roles: frozenset[Role]
    extensions: tuple[str, ...] = ()
    """Those of the asker's account."""
    at: str | None = None
    """The extension whose address is asked; None is the service's own address."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What an operation sees, and how it acts."""

    state: State
    now: datetime
    asker: Asker
    step: Callable[[Event], None]
    """Takes a fact in at once. Raises the `DomainError` that refuses it."""
    person: Person | None = None
    """Who has the number that is given as `PERSON`."""


Given = Mapping[str, str]
"""What was filled in, by the names of the arguments."""

PERSON = "person"
"""The argument that is the number of one of those who log on at any extension; they are looked up,
for the state knows only who is logged on."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the values that an argument can have."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Argument:
    """Something that an operation has to be told."""

    name: str
    label: str
    choices: Callable[[Scene, Given], Sequence[Choice] | None] | None = None
    """Returns the values that there are; None takes any text."""
    default: str = ""
    now: Callable[[Scene, Given], str] | None = None
    """Returns what it is at present, which it stays if nothing else is given: the default."""
    required: bool = True
    implied: Callable[[Scene], str | None] | None = None
    """What goes without saying, so that nobody is asked; None if it does not."""
    stage: int = 1
    """With which form it is asked for. Choices may depend on what earlier forms were filled in."""
    in_lines: bool = False
    """Whether it is a list of texts, a line for each."""
    exists: Callable[[Scene, str], bool] | None = None
    """Tells whether there is a value that is no choice now: the operation says why not."""

    def choices_in(self, scene: Scene, given: Given) -> Sequence[Choice] | None:
        """Return the values that there are, by what was filled in before; None takes any text."""
        return None if self.choices is None else self.choices(scene, given)

    def default_in(self, scene: Scene, given: Given) -> str:
        """Return what it is if nothing is given, by what was filled in before."""
        return self.default if self.now is None else self.now(scene, given)


Cell = str | int | timedelta | datetime | None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows for people and for programs."""

    columns: tuple[str, ...]
    """Names in lower case, words separated by _."""
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered once all is done and committed."""

    text: str
    table: Table | None = None
    change: Change | None = None
    """What is to be written into the configuration before this is answered."""
    given: Given = field(default_factory=dict, compare=False)
    """What the operation was told, all of it."""


@dataclass(frozen=True, slots=True)
class Operation:
    """Something that can be asked for.

    `do` decides by the scene as it is, and acts through it. Raises a `DomainError`.
    """

    name: str
    """In lower case, words separated by -."""
    title: str
    role: Role
    do: Callable[[Scene, Given], Answer]
    arguments: tuple[Argument, ...] = ()
    said: tuple[str, ...] = ()
    """How it is asked for in a chat: words in lower case, the usual ones first."""
    spoken: tuple[str, ...] = ()
    """Arguments that follow these words, by name; the last one takes all the rest."""

    @property
    def is_personal(self) -> bool:
        """Whether it concerns one agent, so that it can be asked for at that agent's address."""
        return any(argument.implied is not None for argument in self.arguments)


def label(column: str) -> str:
    """Return the name of a column as people write it."""
    return column.replace("_", " ").capitalize()


def written(cell: Cell) -> str:
    """Return what a table has in one place, for people; of times the minute, in UTC."""
    match cell:
        case None:
            return ""
        case timedelta():
            minutes, seconds = divmod(max(0, int(cell.total_seconds())), 60)
            hours, minutes = divmod(minutes, 60)
            return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
        case datetime():
            return f"{cell:%Y-%m-%d %H:%M} UTC"
        case _:
            return str(cell)
