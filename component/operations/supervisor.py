"""What supervisors ask for: how things stand, and what agents have forgotten to do."""

from collections.abc import Sequence

from component.domain.model import MemberState
from component.operations import agent
from component.operations.agent import REASON, agent_of
from component.operations.model import Answer, Argument, Choice, Given, Operation, Role, Scene
from component.operations.views import (
    agents_table,
    calls_table,
    condition,
    members_of,
    queue_names,
    queues_table,
)


def queue_choices(scene: Scene, _given: Given) -> Sequence[Choice]:
    """Offer all queues."""
    return [Choice(name, name) for name in queue_names(scene.state)]


def _any_queue(scene: Scene, given: Given) -> Sequence[Choice]:
    return [agent.ALL_QUEUES, *queue_choices(scene, given)]


def _at_work(scene: Scene, _given: Given) -> Sequence[Choice]:
    """Offer the agents who are logged on to any queue; to others there is nothing to do."""
    logged_on = {
        member.extension
        for member in scene.state.members.values()
        if member.state is not MemberState.LOGGED_OFF
    }
    return [Choice(e, f"{e} ({_how(scene, e)})") for e in sorted(logged_on)]


def _how(scene: Scene, extension: str) -> str:
    return condition(scene.state.agents[extension], members_of(scene.state, extension))


AGENT = Argument("agent", "Agent", _at_work, implied=lambda scene: scene.asker.at)
ANY_QUEUE = Argument("queue", "Queue", _any_queue, required=False)


def _agents(scene: Scene, given: Given) -> Answer:
    """Show the agents of a queue, or of all; those who are logged on come first."""
    state, queue = scene.state, given["queue"]
    if queue:
        extensions = {member.extension for member in state.members_of(queue)}
    else:
        extensions = set(state.agents)
    table = agents_table(state, sorted(extensions, key=lambda e: (_is_off(scene, e), e)), scene.now)
    off = sum(_is_off(scene, extension) for extension in extensions)
    return Answer(f"Logged on: {len(extensions) - off}. Logged off: {off}.", table)


def _is_off(scene: Scene, extension: str) -> bool:
    return _how(scene, extension) == "logged off"


def _queues(scene: Scene, _given: Given) -> Answer:
    table = queues_table(scene.state, scene.now)
    waiting = sum(scene.state.callers(name) for name in scene.state.queues)
    return Answer(f"Queues: {len(table.rows)}. Callers who wait: {waiting}.", table)


def _calls(scene: Scene, given: Given) -> Answer:
    table = calls_table(scene.state, scene.now, given["queue"])
    return Answer(f"Calls: {len(table.rows)}.", table)


def _log_off(scene: Scene, given: Given) -> Answer:
    return agent.log_off(scene, agent_of(scene, given["agent"]), given)


def _pause(scene: Scene, given: Given) -> Answer:
    return agent.pause(scene, agent_of(scene, given["agent"]), given)


def _resume(scene: Scene, given: Given) -> Answer:
    return agent.resume(scene, agent_of(scene, given["agent"]), given)


OPERATIONS = (
    Operation(
        "agents", "Agents at a glance", Role.SUPERVISOR, _agents, (ANY_QUEUE,),
        said=("agents",), spoken=("queue",),
    ),
    Operation(
        "queues", "Queues at a glance", Role.SUPERVISOR, _queues, said=("queues",),
    ),
    Operation(
        "calls", "Calls at a glance", Role.SUPERVISOR, _calls, (ANY_QUEUE,),
        said=("calls",), spoken=("queue",),
    ),
    Operation(
        "log-off-agent", "Log an agent off", Role.SUPERVISOR, _log_off, (AGENT, ANY_QUEUE),
        said=("log off agent", "logoff agent"), spoken=("agent", "queue"),
    ),
    Operation(
        "pause-agent", "Pause an agent", Role.SUPERVISOR, _pause, (AGENT, REASON, ANY_QUEUE),
        said=("pause agent",), spoken=("agent", "reason"),
    ),
    Operation(
        "resume-agent", "Resume an agent", Role.SUPERVISOR, _resume, (AGENT, ANY_QUEUE),
        said=("resume agent", "unpause agent"), spoken=("agent", "queue"),
    ),
)  # fmt: skip
