from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from component.telephony import control
from tests.unit.telephony.desk import Desk


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(control, "RETRY_SECONDS", 0)
    with capture_logs():
        yield Desk()
