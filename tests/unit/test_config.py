import os
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from component import config
from component.config import Config, ConfigError
from component.pubsub.policy import Creators, Limits, Policy

pytestmark = pytest.mark.unit

EXAMPLE = Path(__file__).parents[2] / "ivr-pubsub.example.toml"

MINIMAL = """
[xmpp]
domain = "ivr.example.com"
secret = "of the stream"
[asterisk]
username = "ivr"
password = "of ari"
"""


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in os.environ:
        if variable.startswith(config.PREFIX):
            monkeypatch.delenv(variable)


def problems(text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        config.from_toml(text, "/etc/some.toml")
    return str(caught.value)


def test_what_is_not_said_has_its_default() -> None:
    loaded = config.from_toml(MINIMAL)
    assert loaded.xmpp.port == 5347
    assert loaded.asterisk.app == "ivr"
    assert loaded.agi.deadline == 2.0
    assert loaded.database.embedded


def test_the_configuration_cannot_be_changed() -> None:
    loaded = config.from_toml(MINIMAL)
    with pytest.raises(ValidationError, match="frozen"):
        loaded.http.port = 1


def test_a_variable_overrides_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_PUBSUB_XMPP__PORT", "5348")
    monkeypatch.setenv("IVR_PUBSUB_XMPP__ADMINS", "a@example.com, b@example.com")
    loaded = config.from_toml(MINIMAL.replace("[asterisk]", "port = 1\n[asterisk]"))
    assert loaded.xmpp.port == 5348
    assert loaded.xmpp.admins == ("a@example.com", "b@example.com")
    assert loaded.xmpp.domain == "ivr.example.com"


def test_the_environment_alone_will_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for section, keys in tomllib.loads(MINIMAL).items():
        for key, value in keys.items():
            monkeypatch.setenv(f"IVR_PUBSUB_{section}__{key}".upper(), value)
    assert config.load(config.find_file()).asterisk.username == "ivr"


@pytest.mark.parametrize(
    ("added", "complaint"),
    [
        ("[agi]\ndeadline = -1", "[agi] deadline: must be greater than 0 (got -1)"),
        ("[agi]\ndeadline = inf", "[agi] deadline: must be a finite number (got inf)"),
        ("[http]\nport = 70000", "[http] port: must be less than or equal to 65535 (got 70000)"),
        ("[http]\nport = 'x'", "[http] port: must be a valid integer"),
        ("[http]\nport = true", "[http] port: must be a number (got True)"),
        ("[agi]\ndeadline = true", "[agi] deadline: must be a number (got True)"),
        ("[pubsub]\nhistory = true", "[pubsub] history: must be a number (got True)"),
        ("[http]\nhots = 'x'", "[http] hots: unknown key; known are host, port"),
        ("[htp]\nport = 1", "[htp]: unknown section; known are xmpp, asterisk, agi"),
        ("[log]\nlevel = 'loud'", "[log] level: must be 'debug', 'info', 'warning' or 'error'"),
        ("[database]\nurl = 'mysql://x'", "[database] url: must be empty or a URL like postgresql"),
        (
            "[contact]\nabuse = ['a@example.com']",
            "[contact] abuse[0]: must be a URI like mailto:abuse@example.com or"
            " xmpp:user@example.com (got 'a@example.com')",
        ),
        ("[pubsub]\ncreate = 'all'", "[pubsub] create: must be 'admins' or 'everyone' (got 'all')"),
        ("[pubsub]\nhistory = 0", "[pubsub] history: must be greater than or equal to 1 (got 0)"),
        ("[http", "it is not valid TOML"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(added: str, complaint: str) -> None:
    message = problems(MINIMAL + added)
    assert complaint in message
    assert "/etc/some.toml" in message


@pytest.mark.parametrize("key", ["[database] url", "[customers] url"])
@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("postgresql://u@h:port/d", "must be like postgresql://user:password@host:5432/database"),
        ("postgresql://u@h:70000/d", "must be like"),
        ("postgresql://u@a,,b/d", "must be like"),
        ("postgresql://u:a/b@h/d", "special characters in user and password"),
        ("postgresql://u:a#b@h/d", "special characters in user and password"),
        ("postgresql://u:a@b@h/d", "special characters in user and password"),
        ("postgresql://[::1/d", "Invalid IPv6 URL"),
        ("postgresql://h/d?sslmode=on", "sslmode must be one of allow, disable"),
        ("postgresql://h/d?secret", "must have parameters like ?sslmode=require"),
    ],
)
def test_a_malformed_database_url_is_named(key: str, url: str, complaint: str) -> None:
    section, name = key.split()
    message = problems(MINIMAL + f"{section}\n{name} = '{url}'")
    assert f"{key}: " in message
    assert complaint in message


@pytest.mark.parametrize(
    "url",
    [
        "postgresql:///ivr?host=/run/postgresql",
        "postgres://u:p%40ss@[::1]:5433/ivr?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        "postgresql://u@%2Frun%2Fpostgresql/ivr",
        "postgresql://u@a:5432,b/ivr?target_session_attrs=read-write",
    ],
)
def test_a_database_url_may_be_all_that_postgresql_knows(url: str) -> None:
    loaded = config.from_toml(MINIMAL + f"[database]\nurl = '{url}'")
    assert loaded.database.url.get_secret_value() == url


@pytest.mark.parametrize(
    ("key", "value", "complaint"),
    [
        ("domain", "user@example.com", "[xmpp] domain: must be a domain"),
        ("domain", "", "[xmpp] domain: must be a domain"),
        ("domain", "a b@@", "[xmpp] domain: must be a valid XMPP address"),
        ("secret", "", "[xmpp] secret: must not be empty"),
        ("supervisors", ["example.com"], "[xmpp] supervisors[0]: must be a bare JID"),
        ("services", ["a@b.org", "a@b.org/phone"], "[xmpp] services[1]: must be a bare JID"),
    ],
)
def test_a_bad_address_is_named(key: str, value: object, complaint: str) -> None:
    data: dict[str, Any] = tomllib.loads(MINIMAL)
    data["xmpp"][key] = value
    with pytest.raises(ConfigError, match=re.escape(complaint)):
        config.from_mapping(data)


@pytest.mark.parametrize("url", ["ftp://host", "127.0.0.1:8088", "http://", "http://host:x", ""])
def test_asterisk_is_reached_by_http(url: str) -> None:
    assert "[asterisk] url: " in problems(f"{MINIMAL}url = '{url}'")


def test_all_problems_are_reported_at_once() -> None:
    message = problems(MINIMAL + "[agi]\nport = 0\n[log]\nformat = 'xml'")
    assert "[agi] port" in message
    assert "[log] format" in message


def test_a_missing_key_is_named_with_its_meaning() -> None:
    message = problems(MINIMAL.replace('domain = "ivr.example.com"', ""))
    assert "[xmpp] domain: is required: domain of the component" in message


def test_a_missing_section_is_named() -> None:
    assert "[asterisk]: the section is required" in problems(MINIMAL.partition("[asterisk]")[0])


def test_an_unknown_variable_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_PUBSUB_XMPP__HOTS", "x")
    monkeypatch.setenv("IVR_PUBSUB_DEBUG", "1")
    message = problems(MINIMAL)
    assert "environment variable IVR_PUBSUB_DEBUG: unknown" in message
    assert "environment variable IVR_PUBSUB_XMPP__HOTS: unknown" in message


def test_a_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IVR_PUBSUB_HTTP__PORT", "x")
    assert "(got 'x'), from IVR_PUBSUB_HTTP__PORT" in problems(MINIMAL)


def test_variables_of_the_command_line_are_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(config.FILE_VARIABLE, "x")
    monkeypatch.setenv(config.WATCH_PASSWORD_VARIABLE, "x")
    config.from_toml(MINIMAL)


def test_addresses_are_prepared() -> None:
    text = MINIMAL.replace("ivr.example.com", "IVR.Example.COM")
    loaded = config.from_toml(
        text.replace("[asterisk]", "admins = ['User1@Example.com']\n[asterisk]")
    )
    assert loaded.xmpp.domain == "ivr.example.com"
    assert loaded.xmpp.admins == ("user1@example.com",)


def test_a_secret_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("from the file\n")
    loaded = config.from_toml(
        MINIMAL.replace('secret = "of the stream"', f"secret_file = '{file}'")
    )
    assert loaded.xmpp.secret.get_secret_value() == "from the file"


@pytest.mark.parametrize(
    ("instead", "complaint"),
    [
        ("", "exactly one of secret and secret_file must be set"),
        ('secret = "x"\nsecret_file = "/x"', "exactly one of secret and secret_file must be set"),
        ('secret_file = "/does/not/exist"', "secret_file cannot be read"),
        ('secret_file = "/dev/null"', "secret_file is empty: /dev/null"),
        ("secret_file = 3", "secret_file cannot be read"),
    ],
)
def test_a_secret_comes_from_exactly_one_place(instead: str, complaint: str) -> None:
    message = problems(MINIMAL.replace('secret = "of the stream"', instead))
    assert f"[xmpp]: {complaint}" in message


@pytest.mark.parametrize("bad", ["", "[http]\nport = 0", "[database]\nurl = 'mysql://hidden'"])
def test_no_secret_is_shown(bad: str) -> None:
    text = MINIMAL.replace("of the stream", "hidden").replace("of ari", "hidden")
    shown = problems(text + bad) if bad else repr(config.from_toml(text))
    assert "hidden" not in shown


def test_credentials_in_a_url_are_refused_and_not_shown() -> None:
    message = problems(MINIMAL + "url = 'http://user:hidden@127.0.0.1'")
    assert "[asterisk] url: must have no user name" in message
    assert "hidden" not in message


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no-such\.toml.*\n.*cannot be read"):
        config.load(tmp_path / "no-such.toml")


def test_the_file_named_comes_before_the_variable_and_the_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(config, "DEFAULT_FILE", Path("default.toml"))
    assert config.find_file() is None
    Path("default.toml").touch()
    assert config.find_file() == Path("default.toml")
    monkeypatch.setenv(config.FILE_VARIABLE, "variable.toml")
    assert config.find_file() == Path("variable.toml")
    assert config.find_file(Path("named.toml")) == Path("named.toml")


def test_what_lies_in_the_directory_that_root_is_in_is_not_taken_for_the_configuration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ivr-pubsub.toml").touch()
    assert config.find_file() in (None, Path("/etc/ivr-pubsub/ivr-pubsub.toml"))


def test_a_default_that_cannot_even_be_looked_for_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    endless = Path("n" * 1000)  # it fails for root, too, for whom no directory is closed
    monkeypatch.setattr(config, "DEFAULT_FILE", endless)
    with pytest.raises(ConfigError, match=r"cannot be read: .*File name too long"):
        config.load(config.find_file())


class TestExample:
    def test_it_loads(self) -> None:
        assert config.load(EXAMPLE).xmpp.domain == "ivr.example.com"

    def test_every_value_not_marked_required_is_the_default(self) -> None:
        loaded = config.load(EXAMPLE)
        for section in Config.model_fields:
            for name, key in config.keys(section).items():
                if not key.is_required():
                    assert getattr(getattr(loaded, section), name) == key.default, (section, name)

    def test_exactly_what_has_no_default_is_marked_required(self) -> None:
        marked = re.findall(r"^# Required.*?^(\w+) =", EXAMPLE.read_text(), re.M | re.S)
        required = [
            name
            for section in Config.model_fields
            for name, key in config.keys(section).items()
            if key.is_required()
        ]
        assert marked == required

    def test_every_key_occurs_with_a_comment_above_its_group(self) -> None:
        text = EXAMPLE.read_text()
        for section in Config.model_fields:
            table = text.partition(f"\n[{section}]\n")[2].partition("\n\n")[0]
            assert table.startswith("# ")
            assert re.findall(r"^(?:# )?(\w+) = ", table, re.M) == list(config.keys(section))

    def test_its_secrets_are_secret(self) -> None:
        assert isinstance(config.load(EXAMPLE).database.url, SecretStr)
        assert "change me" not in repr(config.load(EXAMPLE))


def test_only_contacts_that_there_are_are_told() -> None:
    loaded = config.from_toml(MINIMAL + "[contact]\nabuse = ['mailto:a@example.com']\nsupport = []")
    assert loaded.contact.addresses == {"abuse": ("mailto:a@example.com",)}


def test_who_may_create_nodes_is_configured() -> None:
    assert config.from_toml(MINIMAL).pubsub.policy == Policy(Creators.ADMINS, auto_create=False)
    chosen = "create = 'everyone'\nauto_create = true\naccount_limit = 1\ndomain_limit = 2"
    loaded = config.from_toml(f"{MINIMAL}[pubsub]\n{chosen}\ntotal_limit = 3")
    assert loaded.pubsub.policy == Policy(Creators.EVERYONE, True, Limits(1, 2, 3))


def test_a_file_of_authorities_must_hold_some(tmp_path: Path) -> None:
    for file in (tmp_path / "missing.pem", EXAMPLE):
        text = MINIMAL + f"ca_file = '{file}'\n"
        assert "[asterisk] ca_file: must be a PEM file of certificates" in problems(text)
