"""What administrators add: extensions, customers, queues, memberships."""

from collections.abc import Callable, Sequence

from component.domain.queue import StrategyName
from component.operations.changes import AddCustomer, AddExtension, AddMember, AddQueue
from component.operations.model import (
    Answer,
    Argument,
    ArgumentError,
    Choice,
    Given,
    Operation,
    Role,
    Scene,
)
from component.operations.supervisor import queue_choices
from component.tables import TABLES, TableName, Value


def extension_choices(scene: Scene, _given: Given) -> Sequence[Choice]:
    """Offer all extensions."""
    agents = sorted(scene.state.agents.values(), key=lambda agent: agent.extension)
    return [Choice(agent.extension, f"{agent.extension} ({agent.jid})") for agent in agents]


def _strategies(_scene: Scene, _given: Given) -> Sequence[Choice]:
    return [Choice(strategy.value, strategy.value) for strategy in StrategyName]


def _add_extension(scene: Scene, given: Given) -> Answer:
    extension, device, jid = read(TableName.EXTENSIONS, given, "extension", "device", "jid")
    if str(extension) in scene.state.agents:
        raise ArgumentError(f"There is an extension {extension} already.")
    change = AddExtension(str(extension), str(device), str(jid))
    text = f"There is a new extension {extension}. It is a member of no queue."
    return Answer(text, change=change)


def _add_customer(_scene: Scene, given: Given) -> Answer:
    code, name = read(TableName.CUSTOMERS, given, "code", "name")
    attributes = {"phone": given["phone"]} if given["phone"] else {}
    change = AddCustomer(str(code), str(name), attributes)
    return Answer(f"There is a new customer {code}.", change=change)


def _add_queue(scene: Scene, given: Given) -> Answer:
    name = given["name"]
    if name in scene.state.queues:
        raise ArgumentError(f"There is a queue {name} already.")
    text = f"There is a new queue {name}. It has no members."
    return Answer(text, change=AddQueue(name, given["strategy"]))


def _add_member(scene: Scene, given: Given) -> Answer:
    queue, extension = given["queue"], given["extension"]
    if (queue, extension) in scene.state.members:
        raise ArgumentError(f"{extension} is a member of {queue} already.")
    [penalty] = read(TableName.MEMBERS, given, "penalty")
    assert isinstance(penalty, int)
    text = f"{extension} may log on to {queue}."
    return Answer(text, change=AddMember(queue, extension, penalty))


def read(table: TableName, given: Given, *names: str) -> list[Value]:
    """Return values as the columns of a table have them. Raises `ArgumentError`."""
    columns = TABLES[table].columns
    return [_value(columns[name], name, given[name]) for name in names]


def _value(read: Callable[[str], Value], name: str, written: str) -> Value:
    try:
        return read(written)
    except ValueError as error:
        raise ArgumentError(f"{name.capitalize()} {error}.") from error


OPERATIONS = (
    Operation(
        "add-extension", "Add an extension", Role.ADMINISTRATOR, _add_extension,
        (
            Argument("extension", "Extension"),
            Argument("device", "Device, like PJSIP/1000"),
            Argument("jid", "Account, like user@example.com"),
        ),
        said=("add extension",), spoken=("extension", "device", "jid"),
    ),
    Operation(
        "add-customer", "Add a customer", Role.ADMINISTRATOR, _add_customer,
        (
            Argument("code", "Code"),
            Argument("phone", "Telephone number", required=False),
            Argument("name", "Name"),
        ),
        said=("add customer",), spoken=("code", "name"),
    ),
    Operation(
        "add-queue", "Add a queue", Role.ADMINISTRATOR, _add_queue,
        (
            Argument("name", "Name"),
            Argument("strategy", "Strategy", _strategies, StrategyName.LEASTRECENT.value),
        ),
        said=("add queue",), spoken=("name", "strategy"),
    ),
    Operation(
        "add-member", "Add a member to a queue", Role.ADMINISTRATOR, _add_member,
        (
            Argument("queue", "Queue", queue_choices),
            Argument("extension", "Extension", extension_choices),
            Argument("penalty", "Penalty", default="0"),
        ),
        said=("add member",), spoken=("queue", "extension", "penalty"),
    ),
)  # fmt: skip
