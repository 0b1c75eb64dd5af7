"""What callers and agents do: wait, talk, ask a colleague."""

from lab.sip import IncomingCall, OutgoingCall, Phone, ringing_only
from tests.e2e.world import CALLER, World

PATIENCE = 30.0


async def talk(
    world: World, agent: Phone, number: str = CALLER
) -> tuple[OutgoingCall, IncomingCall]:
    """A customer and an agent, connected."""
    caller = await world.call_support(number=number)
    return caller, await takes(world, agent, number)


async def takes(world: World, agent: Phone, number: str = CALLER) -> IncomingCall:
    """The next call at an agent's phone, which is to be this caller's, answered.

    The service knows it, too: whoever hangs up now ends a talk.
    """
    taken = await agent.next_call(PATIENCE)
    if taken.state == "ringing":
        taken.answer()
    await taken.answered(PATIENCE)
    assert taken.caller_number == number
    await in_state(world, number, "answered")
    return taken


async def wait(world: World, number: str) -> OutgoingCall:
    """A customer who waits for an agent."""
    caller = await world.call_support(number=number)
    await in_state(world, number, "waiting")
    return caller


async def in_state(world: World, number: str, state: str) -> None:
    """Wait until the call of a customer is in a state, as far as the service knows."""
    await world.until(
        lambda: world.sql(
            "SELECT 1 FROM calls WHERE caller_number = $1 AND state = $2", number, state
        ),
        f"{number} is {state}",
    )


Asking = tuple[OutgoingCall, IncomingCall]
"""The second call of an agent, at both ends."""


async def ask(world: World, phone: Phone, colleague: Phone) -> Asking:
    """An agent talks with a colleague, in a second call."""
    consulting = await phone.dial(colleague.user)
    asked = await colleague.next_call(PATIENCE)
    await consulting.answered(PATIENCE)
    await world.until(lambda: are_connected(world), "the two are connected, not only said to be")
    return consulting, asked


async def ring_to_ask(world: World, phone: Phone, colleague: Phone) -> Asking:
    """A colleague's phone rings for an agent, and goes on ringing."""
    colleague.on_call = ringing_only()
    consulting = await phone.dial(colleague.user)
    asked = await colleague.next_call(PATIENCE)
    await consulting.ringing(PATIENCE)
    extension = colleague.user
    await world.until(lambda: is_ringing(world, extension), f"phone {extension} is known to ring")
    return consulting, asked


async def is_ringing(world: World, extension: str) -> bool:
    """Tell whether Asterisk knows that a phone rings."""
    return "Ringing" in await world.asterisk.cli(f"pjsip show endpoint {extension}")


async def are_connected(world: World) -> bool:
    """Tell whether Asterisk has two phones in a bridge of its own: one is not ours."""
    return await world.asterisk.pairs("basic") == 1
