"""Where operations are asked for: by ad-hoc command, by message, from the command line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NoReturn, Protocol, TypeVar

from component.domain.events import Event
from component.domain.model import Person
from component.domain.state import State
from component.operations.catalogue import OPERATIONS
from component.operations.changes import Change
from component.operations.model import (
    MOST_CHARACTERS,
    PERSON,
    Answer,
    Argument,
    ArgumentError,
    Asker,
    Choice,
    Given,
    Operation,
    Scene,
)
from component.operations.rights import check, may

T = TypeVar("T")

NOBODY = Asker(frozenset())

Identify = Callable[[State], Asker]
"""Finds out as what somebody asks. Raises `NotPermittedError`."""


class Writer(Protocol):
    """Where the state is read and changed: the engine."""

    async def errand(self, run: Callable[[State, Callable[[Event], None], datetime], T]) -> T:
        """Run something that reads the state and steps events; return its result once committed.

        Raises what `run` raises, after all is undone, or `StoreUnavailableError`.
        """
        ...


class Books(Protocol):
    """Where the configuration is written."""

    async def write(self, change: Change) -> str:
        """Change it; return what else is to be said of that, empty if nothing.

        Raises `RefusedError`, or `StoreUnavailableError`.
        """
        ...

    async def person(self, number: str) -> Person | None:
        """Return who logs on by this number, None if nobody. Raises as `write` does."""
        ...


@dataclass(frozen=True, slots=True)
class Blank:
    """An argument that is to be filled in, with what it can be filled in with."""

    name: str
    label: str
    choices: tuple[Choice, ...] | None
    """None takes any text."""
    default: str
    required: bool
    in_lines: bool
    """Whether it is a list of texts, a line for each."""


@dataclass(frozen=True, slots=True)
class Form:
    """What an operation still has to be told."""

    blanks: tuple[Blank, ...]
    is_last: bool
    """Whether nothing else will be asked."""


class Desk:
    """Finds what somebody may ask for, what has to be filled in for it, and has it done."""

    def __init__(self, writer: Writer, books: Books) -> None:
        self._writer = writer
        self._books = books

    async def offered(self, identify: Identify) -> tuple[Operation, ...]:
        """Return what somebody may ask for."""

        def run(state: State, _step: object, _now: datetime) -> tuple[Operation, ...]:
            asker = identify(state)
            return tuple(operation for operation in OPERATIONS.values() if may(asker, operation))

        return await self._writer.errand(run)

    async def form(self, identify: Identify, operation: Operation, given: Given) -> Form | None:
        """Return what is to be filled in next, None if nothing.

        Raises `NotPermittedError`, and `ArgumentError` if something that is given cannot be used.
        """

        def run(state: State, _step: object, now: datetime) -> Form | None:
            scene = _scene(identify, operation, Scene(state, now, NOBODY, _nothing))
            return _form(scene, operation, given)

        return await self._writer.errand(run)

    async def perform(self, identify: Identify, operation: Operation, given: Given) -> Answer:
        """Do what is asked for, and return the answer once it is committed.

        What is not given is as it is by default. Raises the `DomainError` that refuses it, or
        `StoreUnavailableError`.
        """
        person = await self._person(operation, given)

        def run(state: State, step: Callable[[Event], None], now: datetime) -> Answer:
            scene = _scene(identify, operation, Scene(state, now, NOBODY, step, person))
            complete = _complete(scene, operation, given)
            return replace(operation.do(scene, complete), given=complete)

        answer = await self._writer.errand(run)
        if answer.change is None:
            return answer
        more = await self._books.write(answer.change)
        return replace(answer, text=f"{answer.text} {more}".rstrip())

    async def _person(self, operation: Operation, given: Given) -> Person | None:
        """Return who is named by number, None if nobody is."""
        number = given.get(PERSON, "").strip()
        if not number or PERSON not in (argument.name for argument in operation.arguments):
            return None
        return await self._books.person(number)


def _scene(identify: Identify, operation: Operation, seen: Scene) -> Scene:
    """Let somebody in. Raises `NotPermittedError`."""
    asker = identify(seen.state)
    check(asker, operation)
    return replace(seen, asker=asker)


def _nothing(_event: Event) -> NoReturn:
    raise AssertionError("to ask is to change nothing")


def _form(scene: Scene, operation: Operation, given: Given) -> Form | None:
    known = _known(scene, operation, given)
    missing = [argument for argument in operation.arguments if argument.name not in known]
    if not missing:
        return None
    stage = min(argument.stage for argument in missing)
    blanks = tuple(_blank(scene, a, known) for a in missing if a.stage == stage)
    return Form(blanks, is_last=all(argument.stage == stage for argument in missing))


def _complete(scene: Scene, operation: Operation, given: Given) -> Given:
    """Return the values of all arguments. Raises `ArgumentError`."""
    known = _known(scene, operation, given)
    for argument in operation.arguments:
        if argument.name not in known:
            default = argument.default_in(scene, known)
            known[argument.name] = _checked(scene, argument, default, known)
    return known


def _known(scene: Scene, operation: Operation, given: Given) -> dict[str, str]:
    """Return what is given and what goes without saying, checked in the order of asking."""
    known: dict[str, str] = {}
    for argument in operation.arguments:
        implied = None if argument.implied is None else argument.implied(scene)
        if implied is not None:
            known[argument.name] = implied
        elif argument.name in given:
            known[argument.name] = _checked(scene, argument, given[argument.name].strip(), known)
    return known


def _checked(scene: Scene, argument: Argument, value: str, known: Mapping[str, str]) -> str:
    if not value and argument.required:
        raise ArgumentError(f"{argument.label}: this has to be filled in.")
    if any(len(line) > MOST_CHARACTERS for line in _lines(argument, value)):
        raise ArgumentError(f"{argument.label}: {MOST_CHARACTERS} characters at most.")
    if "\0" in value:
        raise ArgumentError(f"{argument.label}: there is a NUL character in it.")
    choices = argument.choices_in(scene, known)
    if choices is not None and value:
        values = [choice.value for choice in choices]
        exists = argument.exists is not None and argument.exists(scene, value)
        if value not in values and not exists:
            known_ones = ", ".join(filter(None, values[:20])) or "nothing"
            raise ArgumentError(f"{argument.label}: there is no {value}; there is {known_ones}.")
    return value


def _lines(argument: Argument, value: str) -> list[str]:
    return value.splitlines() if argument.in_lines else [value]


def _blank(scene: Scene, argument: Argument, known: Given) -> Blank:
    choices = argument.choices_in(scene, known)
    return Blank(
        argument.name,
        argument.label,
        None if choices is None else tuple(choices),
        argument.default_in(scene, known),
        argument.required,
        argument.in_lines,
    )
