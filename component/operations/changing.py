"""What administrators change and take away: extensions, customers, queues, memberships.

The database says which values there are; what is plainly wrong is told before it is asked.
"""

from collections.abc import Sequence

from component.domain import removing, skills
from component.domain.settings_by_name import SETTINGS
from component.operations.administrator import extension_choices, read
from component.operations.changes import (
    ChangeCustomer,
    ChangeExtension,
    ChangeMember,
    ChangeQueue,
    RemoveCustomer,
    RemoveExtension,
    RemoveMember,
    RemoveQueue,
)
from component.operations.model import (
    Answer,
    Argument,
    ArgumentError,
    Choice,
    Given,
    Operation,
    Role,
    Scene,
    Table,
)
from component.operations.supervisor import ONE_QUEUE, queue_choices
from component.tables import TableName


def _change_extension(scene: Scene, given: Given) -> Answer:
    device, jid = read(TableName.EXTENSIONS, given, "device", "jid")
    try:
        able = skills.read(given["skills"])
    except ValueError as error:
        raise ArgumentError(f"Skills: this {error}.") from error
    extension = given["extension"]
    other = scene.state.agent_at(str(device))
    if other is not None and other.extension != extension:
        raise ArgumentError(f"{device} is the device of {other.extension}.")
    change = ChangeExtension(extension, str(device), str(jid), able)
    return Answer(f"{extension} is {device} of {jid}.", change=change)


def _remove_extension(scene: Scene, given: Given) -> Answer:
    extension = given["extension"]
    removing.check_extension(scene.state, extension)
    return Answer(f"There is no extension {extension} any more.", change=RemoveExtension(extension))


def _change_customer(_scene: Scene, given: Given) -> Answer:
    attributes = dict(map(_attribute, given["attributes"].splitlines()))
    if not given["name"] and not attributes:
        raise ArgumentError("Name, attributes: one of the two has to be filled in.")
    change = ChangeCustomer(given["code"], given["name"], attributes)
    return Answer(f"Customer {given['code']} is changed.", change=change)


def _attribute(line: str) -> tuple[str, str]:
    name, equals, value = (part.strip() for part in line.partition("="))
    if not name or not equals:
        raise ArgumentError("Attributes: a line for each, like contract=gold.")
    return name, value


def _remove_customer(_scene: Scene, given: Given) -> Answer:
    code = given["code"]
    return Answer(f"There is no customer {code} any more.", change=RemoveCustomer(code))


def _queue_settings(scene: Scene, given: Given) -> Answer:
    queue = scene.state.queues[given["queue"]]
    rows = tuple((setting.name, setting.now(queue)) for setting in SETTINGS.values())
    return Answer(f"Settings of {queue.name}.", Table(("setting", "value"), rows))


def _change_queue(_scene: Scene, given: Given) -> Answer:
    queue, name = given["queue"], given["setting"]
    try:
        value = SETTINGS[name].read(given["value"])
    except ValueError as error:
        raise ArgumentError(f"Value: {name} {error}.") from error
    text = f"{queue}: {name} is {given['value'] or 'empty'}."
    return Answer(text, change=ChangeQueue(queue, name, value))


def _setting_choices(_scene: Scene, _given: Given) -> Sequence[Choice]:
    return [Choice(name, name) for name in SETTINGS]


def _value_choices(_scene: Scene, given: Given) -> Sequence[Choice] | None:
    setting = SETTINGS.get(given.get("setting", ""))
    if setting is None or setting.choices is None:
        return None
    return [Choice(choice, choice) for choice in setting.choices]


def _value_now(scene: Scene, given: Given) -> str:
    return SETTINGS[given["setting"]].now(scene.state.queues[given["queue"]])


def _remove_queue(scene: Scene, given: Given) -> Answer:
    queue = given["queue"]
    removing.check_queue(scene.state, queue)
    return Answer(f"There is no queue {queue} any more.", change=RemoveQueue(queue))


def _change_member(_scene: Scene, given: Given) -> Answer:
    queue, extension = given["queue"], given["extension"]
    [penalty] = read(TableName.MEMBERS, given, "penalty")
    assert isinstance(penalty, int)
    text = f"{extension} has penalty {penalty} in {queue}."
    return Answer(text, change=ChangeMember(queue, extension, penalty))


def _remove_member(_scene: Scene, given: Given) -> Answer:
    queue, extension = given["queue"], given["extension"]
    text = f"{extension} may log on to {queue} no more."
    return Answer(text, change=RemoveMember(queue, extension))


def _member_choices(scene: Scene, given: Given) -> Sequence[Choice]:
    """Offer the members of the queue that was chosen; before, all extensions."""
    if "queue" not in given:
        return extension_choices(scene, given)
    members = sorted(member.extension for member in scene.state.members_of(given["queue"]))
    return [Choice(extension, extension) for extension in members]


def _device_now(scene: Scene, given: Given) -> str:
    return scene.state.agents[given["extension"]].device


def _jid_now(scene: Scene, given: Given) -> str:
    return scene.state.agents[given["extension"]].jid


def _skills_now(scene: Scene, given: Given) -> str:
    return skills.written(scene.state.agents[given["extension"]].skills)


def _penalty_now(scene: Scene, given: Given) -> str:
    return str(scene.state.members[given["queue"], given["extension"]].penalty)


EXTENSION = Argument("extension", "Extension", extension_choices)
MEMBER = Argument("extension", "Extension", _member_choices, stage=2)
CODE = Argument("code", "Code")

OPERATIONS = (
    Operation(
        "change-extension", "Change an extension", Role.ADMINISTRATOR, _change_extension,
        (
            EXTENSION,
            Argument("device", "Device, like PJSIP/1000", now=_device_now, stage=2),
            Argument("jid", "Account, like user@example.com", now=_jid_now, stage=2),
            Argument(
                "skills", "Skills, like french:2, billing:1",
                now=_skills_now, required=False, stage=2,
            ),
        ),
        said=("change extension",), spoken=("extension", "device", "jid"),
    ),
    Operation(
        "change-customer", "Change a customer", Role.ADMINISTRATOR, _change_customer,
        (
            CODE,
            Argument("name", "Name, if it is another one", required=False),
            Argument(
                "attributes", "Attributes that are other ones, like contract=gold, in lines",
                required=False, in_lines=True,
            ),
        ),
        said=("change customer",), spoken=("code", "name"),
    ),
    Operation(
        "queue-settings", "Settings of a queue", Role.ADMINISTRATOR, _queue_settings,
        (ONE_QUEUE,),
        said=("settings",), spoken=("queue",),
    ),
    Operation(
        "change-queue", "Change a setting of a queue", Role.ADMINISTRATOR, _change_queue,
        (
            ONE_QUEUE,
            Argument("setting", "Setting", _setting_choices),
            Argument("value", "Value", _value_choices, now=_value_now, required=False, stage=2),
        ),
        said=("change queue",), spoken=("queue", "setting", "value"),
    ),
    Operation(
        "change-member", "Change a member's penalty", Role.ADMINISTRATOR, _change_member,
        (
            Argument("queue", "Queue", queue_choices),
            MEMBER,
            Argument("penalty", "Penalty", now=_penalty_now, stage=3),
        ),
        said=("change member",), spoken=("queue", "extension", "penalty"),
    ),
    Operation(
        "remove-extension", "Remove an extension", Role.ADMINISTRATOR, _remove_extension,
        (EXTENSION,),
        said=("remove extension",), spoken=("extension",),
    ),
    Operation(
        "remove-customer", "Remove a customer", Role.ADMINISTRATOR, _remove_customer, (CODE,),
        said=("remove customer",), spoken=("code",),
    ),
    Operation(
        "remove-queue", "Remove a queue", Role.ADMINISTRATOR, _remove_queue, (ONE_QUEUE,),
        said=("remove queue",), spoken=("queue",),
    ),
    Operation(
        "remove-member", "Remove a member of a queue", Role.ADMINISTRATOR, _remove_member,
        (ONE_QUEUE, MEMBER),
        said=("remove member",), spoken=("queue", "extension"),
    ),
)  # fmt: skip
