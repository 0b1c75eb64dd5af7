"""The server that the service brings along."""

import os
from pathlib import Path

import pytest

from component.storage.embedded import EmbeddedServer, ForeignDirectoryError

pytestmark = pytest.mark.contract

NOBODY = 65534


async def test_root_does_not_take_over_the_data_of_another_user(tmp_path: Path) -> None:
    os.chown(tmp_path, NOBODY, NOBODY)
    with pytest.raises(ForeignDirectoryError, match="run this as nobody"):
        await EmbeddedServer.start(tmp_path / "postgresql")
    assert not (tmp_path / "postgresql").exists()
