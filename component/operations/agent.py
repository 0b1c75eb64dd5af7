"""What agents ask for, about themselves."""

from collections.abc import Sequence
from datetime import timedelta

from component.domain.events import ExtendWrapUp, LogOff, LogOn, Pause, Unpause
from component.domain.model import Agent, Member, Person
from component.domain.words import AgentState, MemberState
from component.operations.model import (
    Answer,
    Argument,
    ArgumentError,
    Choice,
    Given,
    Operation,
    RefusedError,
    Role,
    Scene,
)
from component.operations.views import agents_table, condition, members_of

MOST_MINUTES = 60
"""By which wrap-up is extended at a time."""


def _own_extension(scene: Scene) -> str | None:
    """Return the extension that is meant without saying so."""
    asker = scene.asker
    if asker.at is not None:
        return asker.at
    return asker.extensions[0] if len(asker.extensions) == 1 else None


def _own_extensions(scene: Scene, _given: Given) -> Sequence[Choice]:
    return [Choice(extension, extension) for extension in scene.asker.extensions]


EXTENSION = Argument("extension", "Your extension", _own_extensions, implied=_own_extension)

ALL_QUEUES = Choice("", "all")


def agent_of(scene: Scene, extension: str) -> Agent:
    """Return the agent at an extension. Raises `RefusedError`."""
    agent = scene.state.agents.get(extension)
    if agent is None:
        raise RefusedError("There is no such extension.")
    return agent


def _queues(scene: Scene, given: Given) -> Sequence[Choice]:
    """Offer the queues of the agent; before an extension is chosen, those of all it may be."""
    extension = given.get("extension")
    extensions = [extension] if extension else scene.asker.extensions
    names = sorted({queue for e in extensions for queue in scene.state.queues_of(e)})
    return [ALL_QUEUES, *(Choice(name, name) for name in names)]


QUEUE = Argument("queue", "Queue", _queues, required=False)
REASON = Argument("reason", "Reason", required=False)
MINUTES = Argument("minutes", "Minutes", default="5")


def log_on(scene: Scene, agent: Agent, person: Person | None, given: Given) -> Answer:
    """Let an agent be offered calls: the extension's own, or a person."""
    scene.step(LogOn(agent.device, given["queue"] or None, person))
    who = f" for {person.number}" if person else ""
    warning = _why_no_call_will_come(scene.state.agents[agent.extension])
    return Answer(f"{agent.extension} is logged on{who}{_of(given)}.{warning}")


def log_off(scene: Scene, agent: Agent, given: Given) -> Answer:
    """Let an agent be offered no more calls."""
    scene.step(LogOff(agent.device, given["queue"] or None))
    return Answer(f"{agent.extension} is logged off{_of(given)}.")


def pause(scene: Scene, agent: Agent, given: Given) -> Answer:
    """Let an agent be offered no calls for a while."""
    scene.step(Pause(agent.device, given["queue"] or None, given["reason"]))
    reason = f": {given['reason']}" if given["reason"] else ""
    return Answer(f"{agent.extension} is paused{_of(given)}{reason}.")


def resume(scene: Scene, agent: Agent, given: Given) -> Answer:
    """Let an agent be offered calls again."""
    scene.step(Unpause(agent.device, given["queue"] or None))
    return Answer(f"{agent.extension} is no longer paused{_of(given)}.")


def extend_wrap_up(scene: Scene, agent: Agent, given: Given) -> Answer:
    """Give an agent more time after a call."""
    written = given["minutes"]
    if not (written.isascii() and written.isdecimal() and 1 <= int(written) <= MOST_MINUTES):
        raise ArgumentError(f"Minutes: a whole number from 1 to {MOST_MINUTES}.")
    scene.step(ExtendWrapUp(agent.extension, timedelta(minutes=int(written))))
    until = scene.state.agents[agent.extension].wrap_up_until or scene.now
    minutes, seconds = divmod(int((until - scene.now).total_seconds()), 60)
    return Answer(f"{agent.extension} has {minutes}:{seconds:02} minutes left.")


def _log_on(scene: Scene, given: Given) -> Answer:
    agent = agent_of(scene, given["extension"])
    return log_on(scene, agent, agent.person, given)  # whose account asks is who is there


def _log_off(scene: Scene, given: Given) -> Answer:
    return log_off(scene, agent_of(scene, given["extension"]), given)


def _pause(scene: Scene, given: Given) -> Answer:
    return pause(scene, agent_of(scene, given["extension"]), given)


def _resume(scene: Scene, given: Given) -> Answer:
    return resume(scene, agent_of(scene, given["extension"]), given)


def _extend_wrap_up(scene: Scene, given: Given) -> Answer:
    return extend_wrap_up(scene, agent_of(scene, given["extension"]), given)


def _my_state(scene: Scene, given: Given) -> Answer:
    agent = agent_of(scene, given["extension"])
    members = members_of(scene.state, agent.extension)
    how = condition(agent, members)
    if agent.state is AgentState.WRAP_UP and agent.wrap_up_until is not None:
        how += f" until {agent.wrap_up_until:%H:%M:%S} UTC"
    places = "; ".join(_place(member) for member in members) or "a member of no queue"
    table = agents_table(scene.state, [agent.extension], scene.now)
    return Answer(f"{agent.extension}: {how}. Queues: {places}.", table)


def _place(member: Member) -> str:
    reason = f" ({member.pause_reason})" if member.pause_reason else ""
    state = "logged on" if member.state is MemberState.READY else member.state.value
    return f"{member.queue} {state}{reason}"


def _why_no_call_will_come(agent: Agent) -> str:
    if not agent.device_state.is_there:
        return " Its telephone is not registered: no call will come."
    if agent.do_not_disturb:
        return " It is set to do not disturb: no call will come."
    return ""


def _of(given: Given) -> str:
    return f" in {given['queue']}" if given["queue"] else ""


OPERATIONS = (
    Operation(
        "log-on", "Log on", Role.AGENT, _log_on, (EXTENSION, QUEUE),
        said=("log on", "logon", "login"), spoken=("queue",),
    ),
    Operation(
        "log-off", "Log off", Role.AGENT, _log_off, (EXTENSION, QUEUE),
        said=("log off", "logoff", "logout"), spoken=("queue",),
    ),
    Operation(
        "pause", "Pause", Role.AGENT, _pause, (EXTENSION, REASON, QUEUE),
        said=("pause",), spoken=("reason",),
    ),
    Operation(
        "resume", "Resume", Role.AGENT, _resume, (EXTENSION, QUEUE),
        said=("resume", "unpause"), spoken=("queue",),
    ),
    Operation(
        "extend-wrap-up", "Extend wrap-up", Role.AGENT, _extend_wrap_up,
        (EXTENSION, MINUTES),
        said=("extend wrap-up", "extend", "wrap-up"), spoken=("minutes",),
    ),
    Operation(
        "my-state", "My state", Role.AGENT, _my_state, (EXTENSION,), said=("status", "state"),
    ),
)  # fmt: skip
