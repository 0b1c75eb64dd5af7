"""Operations as people ask for them in a chat: `pause lunch`, `status`, `help`."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from component.operations.model import Answer, Argument, Given, Operation, Table, label, written
from component.operations.views import briefly

HELP = ("help", "?")

WORD = re.compile(r'["“„]([^"“”„]+)["“”](?!\S)|\S+')
"""What has spaces is one word if it is quoted, as keyboards of desks and of telephones do."""

MOST_ROWS = 50
"""Of a table that are told; who wants to see more has a client that shows tables."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What is asked for."""

    operation: Operation
    given: Given


def understand(said: str, offered: Sequence[Operation]) -> Understood | str:
    """Return what somebody asks for who may ask for these; or what is answered at once."""
    words = list(WORD.finditer(said))
    lower = [word[0].lower() for word in words]
    if " ".join(lower) in HELP:
        return help_text(offered)
    matching = [
        (operation, len(phrase.split()))
        for operation in offered
        for phrase in operation.said
        if phrase.split() == lower[: len(phrase.split())]
    ]
    if not matching:
        return _suggestion(lower, offered)
    operation, count = max(matching, key=lambda match: match[1])
    rest = words[count:]
    if rest and not operation.spoken:
        return f"{operation.said[0]} is all that you need to write."
    return Understood(operation, _given(operation, rest))


def help_text(offered: Iterable[Operation]) -> str:
    """Return what can be written, a line for each."""
    lines = [f"{usage(operation)}: {operation.title}" for operation in offered]
    return "\n".join(["What you can write:", *lines, "help: This text"])


def usage(operation: Operation) -> str:
    """Return how an operation is asked for: what can be left out stands in brackets."""
    arguments = {argument.name: argument for argument in operation.arguments}
    return " ".join([operation.said[0], *(_placeholder(arguments[n]) for n in operation.spoken)])


def told(answer: Answer) -> str:
    """Return an answer as text. The rows of a table are lines, without what is empty."""
    if answer.table is None:
        return answer.text
    table = briefly(answer.table)
    rows = table.rows
    lines = [_line(table, place) for place in range(min(len(rows), MOST_ROWS))]
    more = [f"… and {len(rows) - MOST_ROWS} more"] if len(rows) > MOST_ROWS else []
    return "\n".join([answer.text, *lines, *more])


def _given(operation: Operation, words: Sequence[re.Match[str]]) -> Given:
    """Return a word for each argument; the last one takes all the rest, as it is written."""
    *firsts, last = operation.spoken or ("",)
    given = dict(zip(firsts, map(_unquoted, words), strict=False))
    rest = words[len(firsts) :]
    if not rest:
        return given
    return given | {last: _unquoted(rest[0]) if len(rest) == 1 else " ".join(w[0] for w in rest)}


def _unquoted(word: re.Match[str]) -> str:
    return word[1] or word[0]


def _suggestion(words: Sequence[str], offered: Iterable[Operation]) -> str:
    phrases = [phrase for operation in offered for phrase in operation.said] + ["help"]
    spelt = (" ".join(words[:count]) for count in (3, 2, 1))
    near = [match for said in spelt for match in get_close_matches(said, phrases, 1, 0.7)]
    meant = f" Did you mean: {near[0]}?" if near else ""
    return f"I do not understand that.{meant} Write help to see what there is."


def _placeholder(argument: Argument) -> str:
    name = argument.name.upper()
    is_needed = argument.required and not argument.default and argument.now is None
    return name if is_needed else f"[{name}]"


def _line(table: Table, place: int) -> str:
    (_, first), *rest = zip(table.columns, table.rows[place], strict=True)
    known = [(label(column), written(cell)) for column, cell in rest]
    return f"{written(first)}: " + ", ".join(f"{name} {cell}" for name, cell in known if cell)
