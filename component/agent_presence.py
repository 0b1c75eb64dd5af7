"""An agent's state as the presence of the extension's address, in words for people.

Nothing in it is about the caller: whoever sees the agent's presence need not see the calls.
"""

from collections.abc import Iterable

from component.domain.model import Agent, Member
from component.domain.state import State
from component.domain.words import AgentState, DeviceState, MemberState
from component.pubsub.addresses import extension_address
from component.pubsub.presence import OFFLINE, Presence, Show
from component.pubsub.service import PubSub


def agent_presence(agent: Agent, members: Iterable[Member]) -> Presence:
    """Return what contacts are shown of an agent, who has these places in queues.

    What keeps the agent from calls right now comes first: even one who has just logged off is
    still on the call. Then whether calls could be offered at all, then whether they are.
    """
    logged_on = [m for m in members if m.state is not MemberState.LOGGED_OFF]
    ready = [m.queue for m in logged_on if m.state is MemberState.READY]
    queue = f" ({agent.queue})" if agent.queue else ""
    if agent.state is AgentState.RESERVED:
        return Presence(True, Show.DND, f"Ringing{queue}")
    if agent.state is AgentState.ON_CALL:
        return Presence(True, Show.DND, _calls(agent))
    if not logged_on or not agent.device_state.is_there:
        return OFFLINE
    if agent.state is AgentState.WRAP_UP:
        return Presence(True, Show.AWAY, f"Wrap-up{queue}")
    if not ready:
        return Presence(True, Show.AWAY, _pause(logged_on))
    if agent.do_not_disturb:
        return Presence(True, Show.DND, "Do not disturb")
    if not agent.device_state.can_ring:
        return Presence(True, Show.DND, _telephone(agent.device_state))
    return Presence(True, Show.CHAT, f"Free ({', '.join(ready)})")


class AgentsShown:
    """Keeps what is shown at the extensions' addresses in step with their agents."""

    def __init__(self, state: State, pubsub: PubSub, domain: str) -> None:
        self._state = state
        self._pubsub = pubsub
        self._domain = domain

    def load(self) -> None:
        """Take over the agents as they are, before anybody sees them."""
        for extension in self._state.agents:
            self._pubsub.load_presence(*self._shown(extension))

    def update(self) -> None:
        """Show the agents to whom anything has happened since the last commit."""
        extensions = {extension for extension, _ in self._state.agents.pending()}
        extensions.update(extension for (_, extension), _ in self._state.members.pending())
        for extension in sorted(extensions):
            self._pubsub.show(*self._shown(extension))

    def _shown(self, extension: str) -> tuple[str, Presence]:
        """Return an agent's address, and how it is shown there."""
        address = extension_address(extension, self._domain)
        agent = self._state.agents.get(extension)
        if agent is None:
            return address, OFFLINE
        queues = self._state.queues_of(extension)
        return address, agent_presence(agent, [self._state.members[q, extension] for q in queues])


def _calls(agent: Agent) -> str:
    talks = agent.talks
    queues = ", ".join(dict.fromkeys(talk.queue for talk in talks))
    return f"{'On a call' if len(talks) == 1 else f'On {len(talks)} calls'} ({queues})"


def _pause(paused: list[Member]) -> str:
    reasons = dict.fromkeys(m.pause_reason for m in paused if m.pause_reason)
    return f"Paused: {', '.join(reasons)}" if reasons else "Paused"


def _telephone(state: DeviceState) -> str:
    return "Telephone rings" if state is DeviceState.RINGING else "On the telephone"
