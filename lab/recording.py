"""`make recording`: what `make run` prints about its demonstration call, as a picture.

Rich draws the terminal; the picture fetches no fonts from elsewhere.
"""

import asyncio
import io
import re
import signal
import sys

from rich.console import Console

from lab.paths import PROJECT

PICTURE = PROJECT / "docs" / "images" / "make-run.svg"
LAST = "Everything listens on"
"""What comes from here on is passwords and ports."""
PATIENCE = 120.0
"""Seconds."""
COLUMNS = 100


async def demonstration() -> list[str]:
    """Run the whole system until its demonstration call is over; return the lines printed."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "lab"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        async with asyncio.timeout(PATIENCE):
            async for line in process.stdout:
                if LAST in line.decode():
                    break
                lines.append(line.decode().rstrip())
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGINT)
        await process.communicate()
    return lines


def picture(lines: list[str]) -> str:
    """Return an SVG of a terminal that shows these lines."""
    console = Console(record=True, file=io.StringIO(), width=COLUMNS)
    console.print("[bold green]#[/] make run")
    for line in lines:
        console.print(line, highlight=False, style="bold" if "sees" in line else "")
    drawn = console.export_svg(title="ivr-pubsub", unique_id="run")
    return re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)


if __name__ == "__main__":
    PICTURE.write_text(picture(asyncio.run(demonstration())))
    print(PICTURE.relative_to(PROJECT))
