"""What is going on when a part goes away: somebody talks, a phone rings, somebody waits."""

from dataclasses import dataclass

from lab.sip import IncomingCall, OutgoingCall, Phone, ringing_only
from tests.e2e.talks import PATIENCE, in_state, takes, talk, wait
from tests.e2e.world import World
from tests.talking import hear_each_other


async def ring_at_a_colleague(
    world: World, number: str
) -> tuple[Phone, OutgoingCall, IncomingCall]:
    """A customer for whom another agent's phone rings, and goes on ringing."""
    colleague = await world.agent("2000")
    colleague.on_call = ringing_only()
    caller = await world.call_support(number=number)
    return colleague, caller, await colleague.next_call(PATIENCE)


@dataclass(frozen=True)
class Scene:
    """One caller talks with the agent, a colleague's phone rings for another, a third one waits."""

    world: World
    agent: Phone
    colleague: Phone
    caller: OutgoingCall
    taken: IncomingCall
    second: OutgoingCall
    ringing: IncomingCall
    third: OutgoingCall

    async def goes_on(self) -> IncomingCall:
        """The agent has hung up: the third caller is served, and the second by who answers now."""
        await self.caller.ended(PATIENCE)
        if self.ringing.state == "ringing":
            self.ringing.answer()
        taken = await takes(self.world, self.agent, "5550103")
        await in_state(self.world, "5550102", "answered")
        await hear_each_other(self.second, self.ringing)
        await hear_each_other(self.third, taken)
        return taken


async def begin(world: World, agent: Phone) -> Scene:
    """Let it begin."""
    caller, taken = await talk(world, agent, "5550101")
    colleague, second, ringing = await ring_at_a_colleague(world, "5550102")
    third = await wait(world, "5550103")
    return Scene(world, agent, colleague, caller, taken, second, ringing, third)
