"""What benchmarks have in common that are run by the name of a size and keep their tables."""

import asyncio
import logging
import sys
import tempfile
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import Any, TypeVar

from lab.paths import PROJECT, STATE

S = TypeVar("S")


def main(
    name: str, sizes: Mapping[str, S], run: Callable[[S, Path], Coroutine[Any, Any, str]]
) -> None:
    """Run a benchmark in the size that the command line names, in full without one.

    `run` is given a directory of its own and returns the report, as Markdown. That of a full run
    is kept in `docs/benchmarks/`, that of any other in `.state/`.
    """
    size = sys.argv[1] if len(sys.argv) > 1 else "full"
    if size not in sizes:
        sys.exit(f"There is no size {size}: take one of {', '.join(sizes)}.")
    logging.getLogger("pogo_core").setLevel(logging.ERROR)
    with tempfile.TemporaryDirectory(prefix="ivr") as directory:
        text = asyncio.run(run(sizes[size], Path(directory)))
    full = PROJECT / "docs" / "benchmarks" / f"{name}.md"
    file = full if size == "full" else STATE / f"bench-{name}-{size}.md"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    print(text)
    print(f"This is kept in {file.relative_to(PROJECT)}.", file=sys.stderr)
