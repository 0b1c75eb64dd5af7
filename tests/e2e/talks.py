"""What agents and callers do while they talk, for the tests of holding, asking and passing on."""

from lab.sip import IncomingCall, OutgoingCall, Phone
from tests.e2e.world import World


async def talk(world: World, agent: Phone) -> tuple[OutgoingCall, IncomingCall]:
    """A customer and an agent, connected."""
    caller = await world.call_support()
    taken = await agent.next_call()
    await taken.answered()
    await world.until(
        lambda: world.sql("SELECT 1 FROM calls WHERE state = 'answered'"), "the call is answered"
    )
    return caller, taken


async def is_ringing(world: World, extension: str) -> bool:
    return "Ringing" in await world.asterisk.cli(f"pjsip show endpoint {extension}")


async def are_connected(world: World) -> bool:
    """Whether Asterisk has two phones in a bridge of its own: one is not ours."""
    return await world.asterisk.pairs("basic") == 1
