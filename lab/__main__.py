"""`make run`: start the whole system, make a demonstration call, and go on serving."""

import asyncio
import logging
import signal
import sys
import time

from lab.asterisk import PHONES
from lab.demonstration import call, shown
from lab.paths import STATE
from lab.stack import Stack
from lab.xmpp_server import COMPONENT, HOST, USERS

DIRECTORY = STATE / "run"


async def main() -> int:
    """Run until Ctrl-C or until the service ends; return the exit status."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    logging.getLogger("pogo_core").setLevel(logging.ERROR)
    began = time.monotonic()
    print("Starting PostgreSQL, Prosody, Asterisk, Prometheus and the service", flush=True)
    async with Stack(DIRECTORY) as stack:
        print(f"All are ready after {time.monotonic() - began:.1f} s. A demonstration call:")
        async with shown(stack) as lines:
            await call(stack, lines)
            print(guide(stack), flush=True)
            ended = asyncio.create_task(stack.service.process.wait())
            stopped = asyncio.create_task(stop.wait())
            await asyncio.wait([ended, stopped], return_when=asyncio.FIRST_COMPLETED)
            stopped.cancel()
            if ended.done():
                print(f"The service has ended; see {stack.service.log}", file=sys.stderr)
                return 1
            ended.cancel()
        print("Stopping", flush=True)
    return 0


def guide(stack: Stack) -> str:
    """Tell where everything is, and how to try it by hand."""
    ports, words = stack.ports, stack.passwords
    phones = "\n".join(f"    {phone}  password {words[phone]}" for phone in PHONES)
    accounts = "\n".join(f"    {user}@{HOST}  password {words[user]}" for user in USERS)
    return f"""
Everything listens on 127.0.0.1:
    SIP       {ports.sip}/udp   Asterisk; audio on {ports.rtp[0]}-{ports.rtp[-1]}/udp
    ARI       {ports.ari}       user ivr-pubsub, password {words["ari"]}
    FastAGI   {ports.agi}       the service
    HTTP      {ports.http}       the service: /metrics, /healthz, /readyz
    XMPP      {ports.xmpp}       Prosody, for clients of {HOST} (no TLS here)
    component {ports.component}       Prosody, for the service, which is {COMPONENT}
    database  {stack.database_url}
    Prometheus {ports.prometheus}      with the alerts of monitoring/prometheus

Register a softphone at 127.0.0.1:{ports.sip} (UDP) as one of
{phones}
and dial *56466* to log on to the queue, *564633* to log off, 0000 for the IVR: 1 is support,
where the customer codes are 1111 and 2222.

Log in with an XMPP client (server 127.0.0.1, port {ports.xmpp}, without encryption) as one of
{accounts}
and see what waits and what rings; calls of extension 1000 are shown here, too.

Logs are in {DIRECTORY}. Asterisk's console: {stack.asterisk.console()}
Stop with Ctrl-C.
"""


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
