import asyncio
from collections.abc import Callable, Mapping

import uvloop


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Run what is tested in the service's event loop, which is not in all like asyncio's own."""
    return {"uvloop": uvloop.new_event_loop}
