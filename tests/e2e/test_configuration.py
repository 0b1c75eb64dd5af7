"""The operator changes queues, extensions and memberships; the service goes on."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from lab.service import COMMAND
from lab.sip import ringing_only
from lab.xmpp_server import COMPONENT, HOST
from tests.e2e.talks import talk
from tests.e2e.world import World
from tests.e2e.xmpp_user import XmppUser, subscribe
from tests.xmpp_servers import on_every_xmpp_server

pytestmark = pytest.mark.e2e

VIEW = """
CREATE VIEW crm AS
SELECT id, code, name, 'blue' AS ribbon, 3 AS visits, attributes ->> 'phone' AS phone
FROM customers
"""
"""What a company has, with columns of its own."""

LOOKUP = (
    "SELECT id, code, name, ribbon, visits FROM crm WHERE CASE $1"
    " WHEN '' THEN code = '1111' AND phone = $2"
    " WHEN '2222' THEN pg_sleep(30) IS NOT NULL"
    " ELSE code = $1 END"
)
"""Takes far too long for customer 2222."""

CLOSED = ("not-allowed", "{http://jabber.org/protocol/pubsub#errors}closed-node")


@on_every_xmpp_server
async def test_an_extension_is_removed_and_added_while_the_service_runs(world: World) -> None:
    phone = await world.agent("1000")
    call, taken = await talk(world, phone)
    await world.sql("DELETE FROM extensions WHERE extension = '1000'")
    await world.until(lambda: _has_no_members(world), "the membership is gone")
    await call.send_digits("1")
    await taken.hang_up()
    await world.until(lambda: _has_no_node(world), "the node is gone when the call is over")

    await imported(world, "extensions", "extension,device,jid\n1000,PJSIP/1000,user2@example.com\n")
    await imported(world, "members", "queue,extension\nsupport,1000\n")
    async with XmppUser(world.xmpp, "user1") as old, XmppUser(world.xmpp, "user2") as new:
        await world.until(lambda: _has_a_node(world), "the node is there")
        assert await old.refused(COMPONENT, subscribe(old.jid, "ext1000"), "set") == CLOSED
        await new.ask(COMPONENT, subscribe(new.jid, "ext1000"), "set")
        await world.log_on(phone)
        phone.on_call = ringing_only()
        await world.call_support(number="5550101")
        await phone.next_call()
        assert (await new.next_message("headline"))["from"] == COMPONENT


async def test_callers_of_a_removed_queue_get_the_operator(world: World) -> None:
    agent, operator = await world.agent("1000"), await world.phone("3000")
    agent.on_call = ringing_only()
    await world.call_support()
    await agent.next_call()
    await world.sql("DELETE FROM queues")

    taken = await operator.next_call()
    await taken.answered()
    [call] = await world.sql("SELECT outcome FROM calls")
    assert call["outcome"] == "withdraw"


@on_every_xmpp_server
async def test_the_file_is_read_anew_without_a_restart(world: World) -> None:
    config = world.service.config
    boss = f"user2@{HOST}"
    async with XmppUser(world.xmpp, "user2") as user:
        assert await user.refused(COMPONENT, subscribe(user.jid, "ext1000"), "set") == CLOSED
        file = config.read_text()
        config.write_text(
            file.replace("[xmpp]", f'[xmpp]\nsupervisors = ["{boss}"]')
            .replace("[agi]", "[agi]\ndeadline = 3.0")
            .replace("[log]", "[log]\npersonal_data = true")
            + "[records]\nchoices_days = 1\n"
            + f'[contact]\nabuse = ["mailto:{boss}"]\n'
        )
        said = await carried_out("reload", "--config", config)
        taken = "[xmpp] supervisors, [agi] deadline, [log] personal_data, [records] choices_days"
        assert f"Taken over from the file: {taken}." in said
        assert "Not before a restart: [contact] abuse." in said
        await user.ask(COMPONENT, subscribe(user.jid, "ext1000"), "set")
        await world.call_support("2222")
        await world.until(lambda: looked_up(world, "2222"), "what is keyed is logged")

        config.write_text(file.replace('"debug"', '"loud"'))
        os.kill(world.service.process.pid, signal.SIGHUP)
        await world.until(lambda: logged(world, "configuration not read anew"), "it is refused")
        config.write_text(file)
        os.kill(world.service.process.pid, signal.SIGHUP)
        assert (await user.next_message("normal"))["from"] == COMPONENT
        assert await user.refused(COMPONENT, subscribe(user.jid, "ext1000"), "set") == CLOSED


async def test_a_view_of_the_company_finds_who_calls_by_number_and_may_be_slow(
    world: World,
) -> None:
    watcher = await world.watcher("1000")
    await world.agent("1000")
    await world.sql('UPDATE customers SET attributes = \'{"phone": "5550123"}\'')
    await world.sql(VIEW)
    config = world.service.config
    lookup = f'[customers]\nlookup = "{LOOKUP}"\n\n[agi]\ndeadline = 2.5'
    config.write_text(config.read_text().replace("[agi]", lookup))
    assert "[customers] lookup" in await carried_out("reload", "--config", config)

    caller = await world.call_support("#", number="5550123")
    pop = await watcher.next("offered")
    assert (pop.digits, pop.customer_code) == ("", "1111")
    assert pop.customer_attributes == {"ribbon": "blue", "visits": "3"}
    await watcher.next("answered")
    await caller.hang_up()
    await watcher.next("ended")
    await world.quiet()

    await world.call_support("2222")
    pop = await watcher.next("offered")
    assert (pop.digits, pop.customer_code) == ("2222", "")


async def test_who_is_told_of_a_caller_and_how_much_can_be_set(world: World) -> None:
    phones = [await world.agent("1000"), await world.agent("2000")]
    for phone in phones:
        phone.on_call = ringing_only()
    async with XmppUser(world.xmpp, "user1") as first, XmppUser(world.xmpp, "user2") as second:
        caller = await world.call_support(number="5550123")
        for user in (first, second):
            told = (await user.next_message("chat"))["body"]
            assert told == "Call waiting in support: Company 1 (1111), 5550123"
        await caller.hang_up()
        await world.quiet()

        await world.sql("UPDATE queues SET message_to = 'agent', message_personal = false")
        await world.until(lambda: changed(world, "queue_changed"), "the service knows")
        caller = await world.call_support(number="5550124")
        assert (await first.next_message("chat"))["body"] == "Call waiting in support"
        await caller.hang_up()
        await world.quiet()
        assert second.messages.empty()


async def changed(world: World, change: str) -> bool:
    return any(
        line.get("change") == change for line in world.service.logged("configuration changed")
    )


async def looked_up(world: World, digits: str) -> bool:
    return any(line["digits"] == digits for line in world.service.logged("customer looked up"))


async def logged(world: World, event: str) -> bool:
    return bool(world.service.logged(event))


async def carried_out(*arguments: str | Path) -> str:
    """Run a command; return what it writes, in one line."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, *arguments, stdout=asyncio.subprocess.PIPE
    )
    written, _ = await process.communicate()
    assert process.returncode == 0
    return " ".join(written.decode().split())


async def imported(world: World, table: str, text: str) -> None:
    """Import a file as an operator does."""
    process = await asyncio.create_subprocess_exec(
        *(COMMAND, "import", table, "-", "--config", world.service.config),
        stdin=asyncio.subprocess.PIPE,
    )
    await process.communicate(text.encode())
    assert process.returncode == 0


async def _has_no_members(world: World) -> bool:
    members = await world.service.metrics()
    return members['ivr_members_logged_on{queue="support"}'] == 0


async def _has_a_node(world: World) -> bool:
    return bool(await world.sql("SELECT 1 FROM nodes WHERE name = 'ext1000'"))


async def _has_no_node(world: World) -> bool:
    return not await _has_a_node(world)
