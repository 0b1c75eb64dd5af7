"""What the command line asks of the service: which operation, with which arguments."""

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from typer.testing import CliRunner

from component.cli import app
from component.control_client import ControlClient, ControlError
from component.operations.catalogue import OPERATIONS

pytestmark = pytest.mark.unit

CONFIG = """
[xmpp]
domain = "ivr.example.com"
secret = "secret"
[asterisk]
username = "ivr"
password = "secret"
"""

ASKED: list[tuple[str, str, Mapping[str, str]]] = [
    ("agents", "agents", {"queue": ""}),
    ("agents --queue support", "agents", {"queue": "support"}),
    ("agents log-on 1000", "log-on-agent", {"agent": "1000", "person": "", "queue": ""}),
    (
        "agents log-on 1000 --person 72 --queue support",
        "log-on-agent", {"agent": "1000", "person": "72", "queue": "support"},
    ),
    ("agents log-off 1000", "log-off-agent", {"agent": "1000", "queue": ""}),
    (
        "agents pause 1000 --reason lunch",
        "pause-agent", {"agent": "1000", "reason": "lunch", "queue": ""},
    ),
    ("agents resume 1000", "resume-agent", {"agent": "1000", "queue": ""}),
    ("agents extend 1000", "extend-agent", {"agent": "1000", "minutes": "5"}),
    ("agents extend 1000 10", "extend-agent", {"agent": "1000", "minutes": "10"}),
    (
        "agents add 4000 PJSIP/4000 a@b",
        "add-extension", {"extension": "4000", "device": "PJSIP/4000", "jid": "a@b"},
    ),
    ("agents change 1000 --jid a@b", "change-extension", {"extension": "1000", "jid": "a@b"}),
    (
        "agents change 1000 --device PJSIP/9 --skills french:2",
        "change-extension", {"extension": "1000", "device": "PJSIP/9", "skills": "french:2"},
    ),
    ("agents remove 1000", "remove-extension", {"extension": "1000"}),
    ("queues", "queues", {}),
    ("queues close support", "close-queue", {"queue": "support"}),
    ("queues open support", "open-queue", {"queue": "support"}),
    ("queues settings support", "queue-settings", {"queue": "support"}),
    (
        "queues set support timeout 30",
        "change-queue", {"queue": "support", "setting": "timeout", "value": "30"},
    ),
    (
        "queues set support weight -5",
        "change-queue", {"queue": "support", "setting": "weight", "value": "-5"},
    ),
    ("queues close 'night shift'", "close-queue", {"queue": "night shift"}),
    ("queues add sales", "add-queue", {"name": "sales", "strategy": "leastrecent"}),
    ("queues remove support", "remove-queue", {"queue": "support"}),
    (
        "queues add-member support 1000 --penalty 2",
        "add-member", {"queue": "support", "extension": "1000", "penalty": "2"},
    ),
    (
        "queues change-member support 1000 3",
        "change-member", {"queue": "support", "extension": "1000", "penalty": "3"},
    ),
    (
        "queues remove-member support 1000",
        "remove-member", {"queue": "support", "extension": "1000"},
    ),
    ("calls", "calls", {"queue": ""}),
    (
        "calls move call1 --place front",
        "move-caller", {"call": "call1", "queue": "", "place": "front"},
    ),
    ("calls priority call1 -- -3", "set-priority", {"call": "call1", "priority": "-3"}),
    ("calls priority call1 -3", "set-priority", {"call": "call1", "priority": "-3"}),
    ("calls withdraw call1 --info late", "withdraw-caller", {"call": "call1", "info": "late"}),
    (
        "customers add 1 Firm --phone 555",
        "add-customer", {"code": "1", "name": "Firm", "phone": "555"},
    ),
    (
        "customers change 1 --set contract=gold --set phone=",
        "change-customer", {"code": "1", "name": "", "attributes": "contract=gold\nphone="},
    ),
    ("customers remove 1", "remove-customer", {"code": "1"}),
    ("reload", "reload", {}),
    ("drain", "drain", {}),
    ("undrain", "undrain", {}),
]  # fmt: skip


class Service:
    """Answers the same whatever is asked, and remembers what was."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.refusal: str | None = None
        self.calls: list[list[str]] = []
        """The states of the calls that are shown, for each time that they are asked for."""

    async def ask(self, _: ControlClient, name: str, given: Mapping[str, str]) -> dict[str, Any]:
        self.asked.append((name, given))
        if self.refusal is not None:
            raise ControlError(self.refusal)
        if name == "calls" and self.calls:
            rows = [{"call": f"call{n}", "state": s} for n, s in enumerate(self.calls.pop(0))]
            return {"text": "", "columns": ["call", "state"], "rows": rows}
        return {"text": "Done."}


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Service:
    service = Service()

    async def ask(client: ControlClient, name: str, given: Mapping[str, str]) -> dict[str, Any]:
        return await service.ask(client, name, given)

    monkeypatch.setattr(ControlClient, "ask_plainly", ask)
    file = tmp_path / "ivr-pubsub.toml"
    file.write_text(CONFIG)
    monkeypatch.setenv("IVR_PUBSUB_CONFIG", str(file))
    return service


@pytest.mark.parametrize(("line", "name", "given"), ASKED, ids=[line for line, *_ in ASKED])
def test_the_service_is_asked_for_what_is_written(
    service: Service, line: str, name: str, given: Mapping[str, str]
) -> None:
    ended = CliRunner().invoke(app, shlex.split(line))
    assert (ended.exit_code, ended.output) == (0, "Done.\n")
    assert service.asked == [(name, given)]
    assert set(given) <= {argument.name for argument in OPERATIONS[name].arguments}


@pytest.mark.parametrize("line", [line for line, *_ in ASKED])
def test_every_answer_can_be_had_as_json(service: Service, line: str) -> None:
    words, dashes, rest = line.partition(" --")
    ended = CliRunner().invoke(app, shlex.split(f"{words} --json{dashes}{rest}"))
    assert json.loads(ended.output) == {"text": "Done."}


def test_draining_is_over_when_nobody_is_left_but_who_is_to_be_called_back(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("component.cli_operations.SECONDS_BETWEEN_LOOKS", 0)
    service.calls = [["away", "answered"], ["calling", "away"], ["away"]]
    ended = CliRunner().invoke(app, ["drain", "--wait"])
    assert (ended.exit_code, ended.output) == (0, "Done.\n")
    assert [name for name, _ in service.asked] == ["drain", "calls", "calls", "calls"]


def test_a_refusal_is_one_line_and_exit_status_1(service: Service) -> None:
    service.refusal = "Callers wait there."
    ended = CliRunner().invoke(app, ["queues", "remove", "support"])
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr == "ivr-pubsub: Callers wait there.\n"


@pytest.mark.parametrize("line", ["queues dance", "agents extend 1000 61", "calls move"])
def test_what_cannot_be_understood_is_exit_status_2(service: Service, line: str) -> None:
    ended = CliRunner().invoke(app, line.split())
    assert ended.exit_code == 2
    assert service.asked == []


def test_every_operation_of_supervisors_and_administrators_is_there() -> None:
    assert {name for _, name, _ in ASKED} == {
        name for name, operation in OPERATIONS.items() if operation.role != "agent"
    }


def test_help_cuts_no_line_short() -> None:
    for command in [typer.main.get_command(app), *commands(typer.main.get_command(app))]:
        context = click.Context(command, info_name="ivr-pubsub")
        assert "..." not in command.get_help(context).partition("Commands:")[2], command.name


def commands(command: Any) -> list[Any]:
    below = list(getattr(command, "commands", {}).values())
    return below + [inner for each in below for inner in commands(each)]
