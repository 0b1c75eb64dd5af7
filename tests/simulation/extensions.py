"""What the operator does to extensions while calls go on: removes and adds them, gives them other
phones, lets them have more calls at once.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from component.domain.model import Agent
from component.pubsub.addresses import extension_node
from tests.simulation.channels import desk_phone, mobile
from tests.simulation.life import WALLBOARD
from tests.simulation.storm import Happening

if TYPE_CHECKING:
    from tests.simulation.world import World

SUBSCRIBED_WITHIN = 0.5
"""Seconds after which software looks whether it is subscribed, and tries again if it is not."""


class Extensions:
    """All extensions of the call centre, as the database has them."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._dice = world.dice
        self._awaited: set[str] = set()
        """Extensions that have no phone before their calls are seen by who is to see them."""

    def happenings(self) -> Iterator[Happening]:
        """Yield what happens by itself."""
        yield "", self._world.scenario.extensions_per_second, self._change

    def _change(self) -> None:
        agent = self._some_agent()
        if agent is not None:  # else it is removed already
            change = self._dice.choice(
                (self._remove, self._move, self._exchange, self._allow_calls)
            )
            change(agent)
            self._world.operator.announce()

    def _some_agent(self) -> Agent | None:
        return self._world.store.agents.get(self._dice.choice(self._world.extensions))

    # Phones. ------------------------------------------------------------------------------------

    def _move(self, agent: Agent) -> None:
        """Give an agent the other phone, if nobody has that one."""
        if agent.extension in self._awaited:
            return
        for device in self._left(agent.extension):
            self._world.history.note("phone changed", agent.extension, device)
            self._give(agent, device)
            return

    def _exchange(self, agent: Agent) -> None:
        """Let two agents change phones."""
        other = self._some_agent()
        if other is None or other is agent or {agent.extension, other.extension} & self._awaited:
            return
        self._world.history.note("phones exchanged", agent.extension, other.extension)
        self._give(agent, other.device)
        self._give(other, agent.device)

    def _give(self, agent: Agent, device: str) -> None:
        self._world.store.agents[agent.extension] = replace(agent, device=device)

    def _left(self, extension: str) -> list[str]:
        """Return which of an extension's own two phones nobody has."""
        taken = {agent.device for agent in self._world.store.agents.values()}
        own = (desk_phone(extension), mobile(extension))
        return [device for device in own if device not in taken]

    def _allow_calls(self, agent: Agent) -> None:
        """Let an agent have more calls at once, or fewer."""
        max_calls = self._dice.randint(1, 3)
        self._world.history.note("other number of calls", agent.extension, max_calls)
        for device in (desk_phone(agent.extension), mobile(agent.extension)):
            self._world.asterisk.phones[device].lines = max_calls
        self._world.store.agents[agent.extension] = replace(agent, max_calls=max_calls)

    # Coming and going. --------------------------------------------------------------------------

    def _remove(self, agent: Agent) -> None:
        """Remove an extension with its memberships; after a while there is one like it."""
        store = self._world.store
        self._world.history.note("extension removed", agent.extension)
        del store.agents[agent.extension]
        if agent.extension in self._awaited:
            self._plug(agent, plugged=True)
        extension = agent.extension
        store.members = {key: m for key, m in store.members.items() if m.extension != extension}
        self._world.loop.call_later(self._dice.uniform(0, 20), self._add, agent)

    def _add(self, was: Agent) -> None:
        """Add an extension, once one of its own phones is there for it."""
        extension, left = was.extension, self._left(was.extension)
        if not left:
            self._world.loop.call_later(self._dice.uniform(0, 20), self._add, was)
            return
        self._world.history.note("extension added", extension)
        device = self._dice.choice(left)
        agent = Agent(extension, device, was.jid, skills=was.skills, max_calls=was.max_calls)
        self._world.store.agents[extension] = agent
        self._world.store.renewed.add(extension)
        self._plug(agent, plugged=False)
        self._world.operator.announce()
        self._welcome(extension)

    def _welcome(self, extension: str) -> None:
        """Wait until all are subscribed; then let the agent be a member, and have a phone.

        Whoever was subscribed before it was removed has lost that once all is taken over.
        """
        agent, life = self._world.store.agents.get(extension), self._world.life
        if agent is None:
            return  # removed once more
        missing = [account for account in self._readers(agent) if not self._sees(account, agent)]
        if not missing:
            self._plug(agent, plugged=True)
            self._world.operator.add_members(self._world.queues, extension)
            return
        if life is not None and life.serving:
            for account in missing:
                self._world.staff.subscribe(life, account, extension)
        self._world.loop.call_later(SUBSCRIBED_WITHIN, self._welcome, extension)

    def _readers(self, agent: Agent) -> tuple[str, ...]:
        """Return who sees all of an extension's calls, and is subscribed for good."""
        return (WALLBOARD,) if self._world.scenario.people else (WALLBOARD, agent.jid)

    def _sees(self, account: str, agent: Agent) -> bool:
        """Tell whether somebody is subscribed, by what is believed and what is written."""
        life, store, node = self._world.life, self._world.store, extension_node(agent.extension)
        if life is None or store.doubtful or not self._world.operator.is_heard:
            return False
        return all(
            any(known.node == node and known.jid == account for known in subscriptions)
            for subscriptions in (life.pubsub.subscriptions.values(), store.subscriptions.values())
        )

    def _plug(self, agent: Agent, *, plugged: bool) -> None:
        phone = self._world.asterisk.phones[agent.device]
        phone.plugged = plugged
        self._world.asterisk.agents.show_state(phone)
        if plugged:
            self._awaited.discard(agent.extension)
        else:
            self._awaited.add(agent.extension)
