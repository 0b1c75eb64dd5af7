"""What supervisors ask for: how things stand, and what agents have forgotten to do."""

import re
from collections.abc import Callable, Iterable, Sequence

from component.domain.events import MoveCaller, Withdraw
from component.domain.model import Call, Member
from component.domain.words import AgentState, MemberState, Place
from component.operations import agent
from component.operations.agent import MINUTES, REASON, agent_of
from component.operations.changes import CloseQueue, OpenQueue
from component.operations.model import (
    PERSON,
    Answer,
    Argument,
    ArgumentError,
    Choice,
    Given,
    Operation,
    Role,
    Scene,
)
from component.operations.views import (
    agents_table,
    calls_table,
    condition,
    members_of,
    queue_names,
    queues_table,
)

PRIORITY = re.compile("-?[0-9]{1,6}")


def queue_choices(scene: Scene, _given: Given) -> Sequence[Choice]:
    """Offer all queues."""
    return [Choice(name, name) for name in queue_names(scene.state)]


def _any_queue(scene: Scene, given: Given) -> Sequence[Choice]:
    return [agent.ALL_QUEUES, *queue_choices(scene, given)]


def _at_work(scene: Scene, _given: Given) -> Sequence[Choice]:
    """Offer the agents who are logged on to any queue; to others there is nothing to do."""
    return _people(scene, _logged_on(scene.state.members.values()))


def _members(scene: Scene, _given: Given) -> Sequence[Choice]:
    """Offer the agents who may log on to any queue."""
    return _people(scene, {member.extension for member in scene.state.members.values()})


def _wrapping_up(scene: Scene, _given: Given) -> Sequence[Choice]:
    agents = scene.state.agents.values()
    return _people(scene, {a.extension for a in agents if a.state is AgentState.WRAP_UP})


def _people(scene: Scene, extensions: set[str]) -> Sequence[Choice]:
    return [Choice(e, f"{e} ({_how(scene, e)})") for e in sorted(extensions)]


def _how(scene: Scene, extension: str) -> str:
    return condition(scene.state.agents[extension], members_of(scene.state, extension))


def _agent(choices: Callable[[Scene, Given], Sequence[Choice]]) -> Argument:
    """Offer some agents; who names another one is told why nothing can be done about that one."""
    return Argument(
        "agent", "Agent", choices,
        implied=lambda scene: scene.asker.at,
        exists=lambda scene, extension: extension in scene.state.agents,
    )  # fmt: skip


AGENT = _agent(_at_work)
ANY_QUEUE = Argument("queue", "Queue", _any_queue, required=False)


def _agents(scene: Scene, given: Given) -> Answer:
    """Show the agents of a queue, or of all; those who are logged on there come first."""
    state, queue = scene.state, given["queue"]
    members = state.members_of(queue) if queue else list(state.members.values())
    extensions = {m.extension for m in members} if queue else set(state.agents)
    on = _logged_on(members)
    table = agents_table(state, sorted(extensions, key=lambda e: (e not in on, e)), scene.now)
    return Answer(f"Logged on: {len(on)}. Logged off: {len(extensions - on)}.", table)


def _logged_on(members: Iterable[Member]) -> set[str]:
    return {m.extension for m in members if m.state is not MemberState.LOGGED_OFF}


def _queues(scene: Scene, _given: Given) -> Answer:
    table = queues_table(scene.state, scene.now)
    waiting = sum(scene.state.callers(name) for name in scene.state.queues)
    return Answer(f"Queues: {len(table.rows)}. Callers who wait: {waiting}.", table)


def _calls(scene: Scene, given: Given) -> Answer:
    table = calls_table(scene.state, scene.now, given["queue"])
    return Answer(f"Calls: {len(table.rows)}.", table)


def _log_on(scene: Scene, given: Given) -> Answer:
    if given[PERSON] and scene.person is None:
        raise ArgumentError(f"There is nobody with the number {given[PERSON]}.")
    return agent.log_on(scene, agent_of(scene, given["agent"]), scene.person, given)


def _log_off(scene: Scene, given: Given) -> Answer:
    return agent.log_off(scene, agent_of(scene, given["agent"]), given)


def _pause(scene: Scene, given: Given) -> Answer:
    return agent.pause(scene, agent_of(scene, given["agent"]), given)


def _resume(scene: Scene, given: Given) -> Answer:
    return agent.resume(scene, agent_of(scene, given["agent"]), given)


def _extend(scene: Scene, given: Given) -> Answer:
    return agent.extend_wrap_up(scene, agent_of(scene, given["agent"]), given)


def _in_line(scene: Scene, _given: Given) -> Sequence[Choice]:
    """Offer the callers who have a place in a line, told apart by what a supervisor may know."""
    calls = (call for queue in queue_names(scene.state) for call in scene.state.line(queue))
    return [Choice(call.id, _who(scene, call)) for call in calls]


def _waiting(scene: Scene, given: Given) -> Sequence[Choice]:
    """Offer those of them who are on the line."""
    choices = _in_line(scene, given)
    return [choice for choice in choices if scene.state.calls[choice.value].is_waiting]


def _who(scene: Scene, call: Call) -> str:
    name = call.caller.number if call.customer is None else call.customer.name
    return f"{call.queue} {scene.state.position(call)}: {name or call.id}"


def _other_queues(scene: Scene, given: Given) -> Sequence[Choice]:
    """Offer to stay, and the queues where the caller is not."""
    call = scene.state.calls.get(given.get("call", ""))
    now = "" if call is None else call.queue
    others = [name for name in queue_names(scene.state) if name != now]
    return [Choice("", f"{now} (as now)"), *(Choice(name, name) for name in others)]


def _places(_scene: Scene, _given: Given) -> Sequence[Choice]:
    labels = {Place.KEEP: "by priority and waiting time", Place.FRONT: "first", Place.BACK: "last"}
    return [Choice(place.value, label) for place, label in labels.items()]


CALLER = Argument("call", "Caller", _waiting)


def _move(scene: Scene, given: Given) -> Answer:
    scene.step(MoveCaller(given["call"], given["queue"] or None, Place(given["place"])))
    return _moved(scene, given["call"])


def _set_priority(scene: Scene, given: Given) -> Answer:
    written = given["priority"]
    if not PRIORITY.fullmatch(written):
        raise ArgumentError("Priority: a whole number, of six digits at most.")
    scene.step(MoveCaller(given["call"], place=int(written)))
    return _moved(scene, given["call"])


def _moved(scene: Scene, call_id: str) -> Answer:
    call = scene.state.calls[call_id]
    if not call.is_waiting:
        return Answer(f"The caller is no longer in {call.queue}.")
    rings = f", and the call rings at {call.extension}" if call.offers else ""
    return Answer(f"The caller waits in {call.queue}, place {scene.state.position(call)}{rings}.")


def _withdraw(scene: Scene, given: Given) -> Answer:
    call = scene.state.calls[given["call"]]
    kept = call.is_kept
    scene.step(Withdraw(call.id, given["info"]))
    after = "will not be called back" if kept else "goes back to the dialplan"
    return Answer(f"The caller is no longer in {call.queue}, and {after}.")


def _close(_scene: Scene, given: Given) -> Answer:
    queue = given["queue"]
    return Answer(f"{queue} is closed for the rest of the day.", change=CloseQueue(queue))


def _open(_scene: Scene, given: Given) -> Answer:
    queue = given["queue"]
    return Answer(f"{queue} is open.", change=OpenQueue(queue))


ONE_QUEUE = Argument("queue", "Queue", queue_choices)

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
        "log-on-agent", "Log an agent on", Role.SUPERVISOR, _log_on,
        (_agent(_members), Argument(PERSON, "Number of a person", required=False), ANY_QUEUE),
        said=("log on agent", "logon agent"), spoken=("agent", "queue"),
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
    Operation(
        "extend-agent", "Extend an agent's wrap-up", Role.SUPERVISOR, _extend,
        (_agent(_wrapping_up), MINUTES),
        said=("extend agent",), spoken=("agent", "minutes"),
    ),
    Operation(
        "move-caller", "Move a caller who waits", Role.SUPERVISOR, _move,
        (
            CALLER,
            Argument("queue", "To queue", _other_queues, required=False, stage=2),
            Argument("place", "To place", _places, Place.KEEP.value, stage=2),
        ),
        said=("move",), spoken=("call", "place", "queue"),
    ),
    Operation(
        "set-priority", "Set a caller's priority", Role.SUPERVISOR, _set_priority,
        (CALLER, Argument("priority", "Priority")),
        said=("priority",), spoken=("call", "priority"),
    ),
    Operation(
        "withdraw-caller", "Send a caller back to the dialplan", Role.SUPERVISOR, _withdraw,
        (
            Argument("call", "Caller", _in_line),
            Argument("info", "Why, for the dialplan", required=False),
        ),
        said=("withdraw",), spoken=("call", "info"),
    ),
    Operation(
        "close-queue", "Close a queue for the day", Role.SUPERVISOR, _close, (ONE_QUEUE,),
        said=("close",), spoken=("queue",),
    ),
    Operation(
        "open-queue", "Open a queue", Role.SUPERVISOR, _open, (ONE_QUEUE,),
        said=("open",), spoken=("queue",),
    ),
)  # fmt: skip
