from pathlib import Path

import pytest

from lab.template import fill, install

pytestmark = pytest.mark.unit


def test_placeholders_are_filled_in() -> None:
    assert fill("bind = @HOST@:@PORT@", {"HOST": "::1", "PORT": 5060}) == "bind = ::1:5060"


def test_addresses_are_no_placeholders() -> None:
    assert fill("user1@example.com, ext1000@ivr", {}) == "user1@example.com, ext1000@ivr"


def test_a_placeholder_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError, match="PORT"):
        fill("bind = @PORT@", {"HOST": "::1"})


def test_installed_files_can_be_read_by_their_owner_alone(tmp_path: Path) -> None:
    source = tmp_path / "ari.conf"
    source.write_text("password = @SECRET@\n")
    install([source], tmp_path / "etc", {"SECRET": "xyz"})
    installed = tmp_path / "etc/ari.conf"
    assert installed.read_text() == "password = xyz\n"
    assert installed.stat().st_mode & 0o777 == 0o600
