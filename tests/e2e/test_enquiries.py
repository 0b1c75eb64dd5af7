"""Who is no agent calls the queue for a customer, and passes him on there."""

import pytest

from lab.sip import IncomingCall, OutgoingCall, Phone
from tests.e2e.talks import PATIENCE, in_state, takes, talk
from tests.e2e.world import World
from tests.talking import hear_each_other, hears_something

pytestmark = pytest.mark.e2e

SALES = "2000"


async def talk_with_sales(world: World) -> tuple[Phone, OutgoingCall, IncomingCall]:
    """A customer talks with somebody to whom the IVR, not a queue, leads."""
    sales = await world.phone(SALES)
    customer = await world.call_ivr("2", "5550103")
    taken = await sales.next_call(PATIENCE)
    await taken.answered(PATIENCE)
    await hear_each_other(customer, taken)
    return sales, customer, taken


async def call_support(sales: Phone) -> OutgoingCall:
    """The same person calls the queue, with the customer's code."""
    enquiry = await sales.dial("0000")
    await enquiry.answered(PATIENCE)
    for keys in ("1", "1111"):
        await enquiry.send_digits(keys)
    return enquiry


async def test_a_customer_who_is_passed_on_to_an_agent_talks_with_the_agent(world: World) -> None:
    watcher, agent = await world.watcher("1000"), await world.agent("1000")
    sales, customer, taken = await talk_with_sales(world)
    enquiry = await call_support(sales)
    asked = await takes(world, agent, SALES)
    await hear_each_other(enquiry, asked)
    await taken.transfer_to(enquiry)
    await enquiry.ended()

    await hear_each_other(customer, asked)
    await world.crash()
    await hear_each_other(customer, asked)
    await customer.hang_up()
    await asked.ended()
    await world.quiet()
    assert watcher.states[-1] == "ended"


async def test_a_customer_who_is_passed_on_into_the_line_is_served(world: World) -> None:
    agent = await world.agent("1000")
    served, serving = await talk(world, agent)
    sales, customer, taken = await talk_with_sales(world)
    enquiry = await call_support(sales)
    await in_state(world, SALES, "waiting")
    await taken.transfer_to(enquiry)
    await enquiry.ended()

    await in_state(world, "5550103", "waiting")
    await world.until(lambda: hears_something(customer), "there is music")
    await serving.hang_up()
    await served.ended()
    asked = await takes(world, agent, "5550103")
    await hear_each_other(customer, asked)
    await asked.hang_up()
    await customer.ended()
    await world.quiet()
