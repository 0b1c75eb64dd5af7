"""The Debian package on a Debian of its own, whose process 1 is systemd."""

import asyncio
import json
import re
import shutil
from pathlib import Path

import pytest

from lab.asterisk import Asterisk
from lab.debian import CommandError, Debian
from lab.paths import PROJECT
from lab.ports import PortBlock
from lab.sip import Phone
from lab.xmpp_server import XmppServer
from tests.e2e.packaged import CONFIG, DATABASE, UNIT, PackagedWorld, build, next_version

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

OPERATOR = """[Service]
LoadCredential=xmpp-secret:/etc/ivr-pubsub/xmpp-secret
LoadCredential=ari-password:/etc/ivr-pubsub/ari-password
WatchdogSec=8
"""
"""What the operator adds to the unit: secrets that root alone can read, and less patience."""


WATCHDOG_PATIENCE = 90.0


async def test_it_is_installed_started_upgraded_removed_and_purged(
    asterisk: Asterisk, xmpp_server: XmppServer, ports: PortBlock, tmp_path: Path
) -> None:
    package = await build(PROJECT, tmp_path / "this")
    later = await build(next_version(tmp_path / "project"), tmp_path / "later")
    async with Debian(tmp_path / "machine.log") as machine:
        await install(machine, package)
        await nothing_runs_before_it_is_configured(machine)
        await secrets_are_for_the_service_alone(machine)
        await what_the_other_servers_need_is_there(machine)
        await every_page_that_the_readme_names_is_there(machine)
        await the_sandbox_is_tight(machine)

        machine.write({f"/etc/systemd/system/{UNIT}.d/operator.conf": OPERATOR})
        world = PackagedWorld(machine, asterisk, xmpp_server, tmp_path, ports.take())
        async with world:
            phone = await world.agent("1000")
            await a_call_is_shown_and_taken(world, phone)
            await it_runs_without_rights(machine)
            await it_may_start_for_as_long_and_as_often_as_it_takes(machine)
            await its_command_line_finds_all_in_order(machine)
            await people_are_made_known_as_its_page_says(machine, world)
            await the_log_of_its_database_is_rotated(machine)
            await it_reads_its_configuration_anew(machine, world)
            await it_waits_for_a_database_that_is_away(machine, world, ports.take())
            await the_watchdog_ends_a_service_that_hangs(machine, world)

            await install(machine, later)
            await it_was_restarted_with_the_new_schema_and_its_old_configuration(machine, world)
            await a_call_is_shown_and_taken(world, phone)
        await machine.run("systemctl", "start", UNIT)

        await machine.run("dpkg", "--remove", "ivr-pubsub")
        await it_is_gone_but_for_configuration_and_data(machine)
        await machine.run("dpkg", "--purge", "ivr-pubsub")
        await nothing_is_left(machine)


async def install(machine: Debian, package: Path) -> None:
    shutil.copyfile(package, machine.path("/root/ivr-pubsub.deb"))
    keep = "Dpkg::Options::=--force-confold"
    await machine.run("apt-get", "-y", "-o", keep, "install", "/root/ivr-pubsub.deb")


async def nothing_runs_before_it_is_configured(machine: Debian) -> None:
    shown = await machine.run("systemctl", "show", "-p", "ActiveState,UnitFileState", UNIT)
    assert shown.split() == ["ActiveState=inactive", "UnitFileState=disabled"]
    assert "change me" in machine.path(CONFIG).read_text()


async def secrets_are_for_the_service_alone(machine: Debian) -> None:
    listed = await machine.run("stat", "-c", "%A %U:%G", "/etc/ivr-pubsub", CONFIG)
    assert listed.splitlines() == ["drwxr-x--- root:ivr-pubsub", "-rw-r----- root:ivr-pubsub"]


async def what_the_other_servers_need_is_there(machine: Debian) -> None:
    listed = await machine.run("find", "/usr/share/ivr-pubsub", "-type", "f", "-printf", "%P\n")
    for project in ("asterisk", "monitoring", "xmpp-server-config"):
        files = (file for file in (PROJECT / project).rglob("*") if file.is_file())
        assert {str(file.relative_to(PROJECT)) for file in files} <= set(listed.split())
    assert "prompts/ivr/already-logged-on.ulaw" in listed


async def every_page_that_the_readme_names_is_there(machine: Debian) -> None:
    linked = re.findall(r"\]\(([^):#]+)[#)]", (PROJECT / "README.md").read_text())
    assert "docs/security.md" in linked
    await machine.run("bash", "-c", 'cd /usr/share/doc/ivr-pubsub && ls -d "$@"', "bash", *linked)


async def the_sandbox_is_tight(machine: Debian) -> None:
    await machine.run("systemd-analyze", "verify", f"/usr/lib/systemd/system/{UNIT}")
    await machine.run("systemd-analyze", "security", "--threshold=15", UNIT)


async def a_call_is_shown_and_taken(world: PackagedWorld, phone: Phone) -> None:
    watcher = await world.watcher("1000")
    await world.call_support()
    taken = await phone.next_call()
    await taken.answered()
    offered = await watcher.next("offered")
    assert offered.customer_name == "Company 1"
    await watcher.next("answered")
    await taken.hang_up()
    await watcher.next("ended")
    await world.quiet()
    await watcher.close()


async def it_runs_without_rights(machine: Debian) -> None:
    pid = (await machine.run("systemctl", "show", "-P", "MainPID", UNIT)).strip()
    status = machine.path(f"/proc/{pid}/status").read_text()
    user = (await machine.run("id", "-u", "ivr-pubsub")).strip()
    facts = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert set(facts["Uid"].split()) == {user}
    assert facts["CapEff"] == facts["CapBnd"] == "0000000000000000"
    assert (facts["NoNewPrivs"], facts["Seccomp"]) == ("1", "2")


async def it_may_start_for_as_long_and_as_often_as_it_takes(machine: Debian) -> None:
    limits = "TimeoutStartUSec,StartLimitIntervalUSec"
    shown = await machine.run("systemctl", "show", "-p", limits, UNIT)
    assert set(shown.split()) == {"TimeoutStartUSec=infinity", "StartLimitIntervalUSec=0"}


async def its_command_line_finds_all_in_order(machine: Debian) -> None:
    in_roots = 'cd /root && exec runuser -u ivr-pubsub -- "$@"'  # where the user may not look
    found = await machine.run("bash", "-c", in_roots, "bash", "ivr-pubsub", "check")
    assert "PROBLEM" not in found
    assert f"OK      configuration: {CONFIG}" in found
    agents = json.loads(await machine.run("ivr-pubsub", "agents", "--json"))
    assert "1000" in str(agents)


async def people_are_made_known_as_its_page_says(machine: Debian, world: PackagedWorld) -> None:
    page = (PROJECT / "docs" / "install" / "debian.md").read_text()
    typed = re.findall(r"(?m)^ {4}(.*ivr-pubsub (?:queues add|import) .*)", page)
    assert len(typed) == 4
    machine.write(
        {
            "/root/extensions.csv": "extension,device,jid\n4000,PJSIP/4000,ann@example.com\n",
            "/root/members.csv": "queue,extension\nnight,4000\n",
            "/root/customers.csv": "code,name\n4444,Company 4\n",
        }
    )
    lines = "\n".join(typed).replace("support", "night")  # which there is already
    await machine.run("bash", "-ec", f"cd /root\n{lines}")
    [member] = await world.sql(
        "SELECT queue, jid FROM members JOIN extensions USING (extension) WHERE extension = '4000'"
    )
    assert tuple(member) == ("night", "ann@example.com")


async def the_log_of_its_database_is_rotated(machine: Debian) -> None:
    log = f"{DATABASE}/log"
    assert "database system is ready" in machine.path(log).read_text()
    await machine.run("logrotate", "--force", "/etc/logrotate.d/ivr-pubsub")
    assert "database system is ready" not in machine.path(log).read_text()
    assert "database system is ready" in await machine.run("zcat", f"{log}.1.gz")
    assert (await machine.run("stat", "-c", "%U", log, f"{log}.1.gz")).split() == ["ivr-pubsub"] * 2


async def it_reads_its_configuration_anew(machine: Debian, world: PackagedWorld) -> None:
    async def taken_over() -> bool:
        return "[records] choices_days" in await world.service.journal()

    file = machine.path(CONFIG)
    before = file.read_text()
    file.write_text(f"{before}\n[records]\nchoices_days = 7\n")
    await machine.run("systemctl", "reload", UNIT)
    await world.until(taken_over, "the file is read anew")
    file.write_text(before)
    await machine.run("systemctl", "reload", UNIT)


async def it_waits_for_a_database_that_is_away(
    machine: Debian, world: PackagedWorld, closed_port: int
) -> None:
    async def waits() -> bool:
        return await world.service.property("StatusText") == "waiting for the database"

    file = machine.path(CONFIG)
    before = file.read_text()
    elsewhere = f'url = "postgresql://ivr@127.0.0.1:{closed_port}/ivr"'
    file.write_text(before.replace(f'directory = "{DATABASE}"', elsewhere))
    await machine.run("systemctl", "restart", "--no-block", UNIT)
    await world.until(waits, "the service waits for the database")
    assert await world.service.property("ActiveState") == "activating"
    status = await world.service.status()
    assert not status["database"]["ready"]
    assert "ConnectionRefusedError" in status["database"]["detail"]

    file.write_text(before)
    await machine.run("systemctl", "restart", UNIT)  # waits until it is ready
    await world.service.ready()
    assert await world.service.property("NRestarts") == "0"


async def the_watchdog_ends_a_service_that_hangs(machine: Debian, world: PackagedWorld) -> None:
    before = await world.service.property("NRestarts")
    await machine.run("systemctl", "kill", "--kill-whom=main", "--signal=STOP", UNIT)
    async with asyncio.timeout(WATCHDOG_PATIENCE):
        while await world.service.property("NRestarts") == before:
            await asyncio.sleep(0.2)
    await machine.run("systemctl", "start", UNIT)  # waits until it is ready
    await world.service.ready()
    assert "Watchdog timeout" in await world.service.journal()


async def it_was_restarted_with_the_new_schema_and_its_old_configuration(
    machine: Debian, world: PackagedWorld
) -> None:
    assert (await machine.run("ivr-pubsub", "--version")).startswith("ivr-pubsub 9.")
    await world.service.ready()
    assert await world.sql("SELECT to_regclass('later') IS NOT NULL AS made") == [(True,)]
    assert "change me" not in machine.path(CONFIG).read_text()
    assert "later version" in machine.path(f"{CONFIG}.dpkg-dist").read_text()


async def it_is_gone_but_for_configuration_and_data(machine: Debian) -> None:
    with pytest.raises(CommandError):
        await machine.run("systemctl", "is-active", UNIT)
    assert await machine.run("find", "/proc", "-maxdepth", "1", "-user", "ivr-pubsub") == ""
    assert not machine.path("/usr/lib/ivr-pubsub").exists()
    assert machine.path(CONFIG).exists()
    assert machine.path("/var/lib/ivr-pubsub/postgresql/PG_VERSION").exists()


async def nothing_is_left(machine: Debian) -> None:
    """But what the operator made, and the user: whose numbers files elsewhere may bear."""
    left = await machine.run("find", "/etc", "/usr", "/var", "-path", "*ivr-pubsub*", "-type", "f")
    assert sorted(left.split()) == [
        "/etc/ivr-pubsub/ari-password",
        "/etc/ivr-pubsub/xmpp-secret",
        f"/etc/systemd/system/{UNIT}.d/operator.conf",
    ]
