"""Show the calls of an extension: python show_calls.py user1@example.com 1000"""

import asyncio
import os
import sys

from subscriber import Subscriber


async def main(jid: str, extension: str) -> None:
    server = os.environ.get("XMPP_SERVER", "")  # empty: looked up in the DNS, with TLS
    subscriber = Subscriber(
        jid,
        os.environ["XMPP_PASSWORD"],
        extension=extension,
        host=server.partition(":")[0],
        port=int(server.partition(":")[2] or 5222),
        plaintext=bool(server),
    )
    async for event in subscriber.events():
        customer = event.customer_name or "unknown customer"
        print(event.state, customer, event.caller_number, flush=True)


asyncio.run(main(*sys.argv[1:]))
