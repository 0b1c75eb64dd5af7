"""The list of all end-to-end scenarios: `make scenarios` writes it into the documentation.

Each is named by its test, so the list says what was asked of real servers, and how often. What one
test lets happen in parts is in `SCENARIOS` of its module.
"""

import importlib
import inspect
import math
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

_HEAD = """\
# End to end

Made by `make scenarios` from the names of the tests in `tests/e2e`. Each of these {scenarios}
scenarios runs the whole service, as a process of its own, between a real Asterisk, a real XMPP
server and a real PostgreSQL; callers and agents have SIP phones. Some are run several times, on
each XMPP server or with other values: {runs} tests in all.
"""


_Marks = list[pytest.Mark | pytest.MarkDecorator] | pytest.MarkDecorator


@dataclass(frozen=True, slots=True)
class Scenario:
    """What happens in one test, in words, and how often it is run."""

    name: str
    runs: int

    def __str__(self) -> str:
        often = "" if self.runs == 1 else f", {self.runs} times"
        return f"- {self.name}{often}"


def document() -> str:
    """Return the page, in Markdown."""
    files = {module: list(scenarios(module)) for module in _modules()}
    every = [scenario for found in files.values() for scenario in found]
    head = _HEAD.format(scenarios=len(every), runs=_runs(every))
    return "\n".join([head, *(_section(module, found) for module, found in files.items())])


def scenarios(module: ModuleType) -> Iterator[Scenario]:
    """Yield the scenarios of a module, in the order in which they stand there."""
    for name, function in vars(module).items():
        if name.startswith("test_") and inspect.isfunction(function):
            marks = _marks(module) + _marks(function)
            values = [len(mark.args[1]) for mark in marks if mark.name == "parametrize"]
            yield Scenario(name.removeprefix("test_").replace("_", " "), math.prod(values))


def _modules() -> list[ModuleType]:
    files = sorted(Path(__file__).parent.glob("test_*.py"))
    return [importlib.import_module(f"tests.e2e.{file.stem}") for file in files]


def _marks(of: ModuleType | Callable[..., object]) -> list[pytest.Mark]:
    found: _Marks = getattr(of, "pytestmark", [])
    marks = found if isinstance(found, list) else [found]
    return [mark if isinstance(mark, pytest.Mark) else mark.mark for mark in marks]


def _section(module: ModuleType, found: list[Scenario]) -> str:
    name = module.__name__.rpartition(".")[2].removeprefix("test_").replace("_", " ")
    about = inspect.cleandoc(module.__doc__ or "")
    count = f"{_counted(len(found), 'scenario')}, {_counted(_runs(found), 'test')}:"
    parts: Mapping[str, Callable[..., object]] = getattr(module, "SCENARIOS", {})
    within = [f"    - {part.__name__.replace('_', ' ')}" for part in parts.values()]
    lines = [f"## {name.capitalize()}", "", about, "", count, "", *map(str, found), *within, ""]
    return "\n".join(lines)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _runs(found: list[Scenario]) -> int:
    return sum(scenario.runs for scenario in found)


if __name__ == "__main__":
    sys.stdout.write(document())
