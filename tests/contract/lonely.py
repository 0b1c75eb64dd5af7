"""A service that finds a database, but neither Asterisk nor XMPP server."""

import asyncio
from pathlib import Path

import aiohttp

from lab.ports import PortBlock
from lab.service import Service

PATIENCE = 30.0


def lonely_service(directory: Path, database_url: str, ports: PortBlock) -> Service:
    """Return one that is not yet started."""
    closed = ports.take()
    service = Service(
        directory,
        {
            "xmpp": {"domain": "ivr.example.com", "port": closed, "secret": "secret"},
            "asterisk": {
                "url": f"http://127.0.0.1:{closed}", "username": "ivr", "password": "secret"
            },
            "agi": {"port": ports.take()},
            "http": {"port": ports.take()},
            "database": {"url": database_url},
            "log": {"format": "json"},
            "records": {"calls_days": 1.0},
        },
    )  # fmt: skip
    service.needs = ("database",)
    return service


async def says(service: Service, detail: str) -> None:
    """Wait until `/readyz` says this of the database."""
    said = None
    try:
        async with asyncio.timeout(PATIENCE):
            while said is None or detail not in said["detail"]:
                try:
                    said = (await service.status())["database"]
                except aiohttp.ClientError:
                    await asyncio.sleep(0.05)
    except TimeoutError:
        raise TimeoutError(f"it says {said}, not {detail}") from None
