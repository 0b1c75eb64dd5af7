"""The configuration: one TOML file, and environment variables that override its keys.

`[asterisk] request_timeout` in the file is `IVR_PUBSUB_ASTERISK__REQUEST_TIMEOUT` in the
environment. Nothing is taken silently: an unknown section, key or variable is an error, as is a
value that cannot be used. `ivr-pubsub.example.toml` shows every key.
"""

import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from component.settings import (
    AgiConfig,
    AsteriskConfig,
    ContactConfig,
    ControlConfig,
    CustomersConfig,
    DatabaseConfig,
    HttpConfig,
    LogConfig,
    PubSubConfig,
    RecordsConfig,
    Section,
    XmppConfig,
)

PREFIX = "IVR_PUBSUB_"
FILE_VARIABLE = f"{PREFIX}CONFIG"
"""Names the file; see `find_file`."""
WATCH_PASSWORD_VARIABLE = f"{PREFIX}WATCH_PASSWORD"
"""Read by `ivr-pubsub watch`; no key of the file."""
DEFAULT_FILE = Path("/etc/ivr-pubsub/ivr-pubsub.toml")
"""None in the directory that somebody is in: others may have left one there for root to read."""


class ConfigError(Exception):
    """The configuration cannot be used. The message names the file and each key at fault."""

    def __init__(self, source: str, problems: list[str]) -> None:
        super().__init__("\n  ".join([f"cannot use the configuration of {source}:", *problems]))


class Config(BaseSettings):
    """All settings, checked and unchangeable."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        enable_decoding=False,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    xmpp: XmppConfig
    asterisk: AsteriskConfig
    agi: AgiConfig = AgiConfig()
    database: DatabaseConfig = DatabaseConfig()
    customers: CustomersConfig = CustomersConfig()
    http: HttpConfig = HttpConfig()
    control: ControlConfig = ControlConfig()
    log: LogConfig = LogConfig()
    pubsub: PubSubConfig = PubSubConfig()
    records: RecordsConfig = RecordsConfig()
    contact: ContactConfig = ContactConfig()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the signature is pydantic-settings'
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over the file, which is given as arguments."""
        return env_settings, init_settings


def find_file(named: Path | None = None) -> Path | None:
    """Return the file to load: the one named, $IVR_PUBSUB_CONFIG, or the default if there is one.

    None means that there is none: everything is then taken from the environment.
    """
    if named is None and (variable := os.environ.get(FILE_VARIABLE)):
        named = Path(variable)
    if named is None and _may_be_there(DEFAULT_FILE):
        named = DEFAULT_FILE
    return named


def _may_be_there(file: Path) -> bool:
    try:
        return file.exists()
    except OSError:  # it is in a directory of others'
        return True  # who reads it is told why that is impossible


def load(file: Path | None) -> Config:
    """Read a file and the environment. Raises `ConfigError`."""
    if file is None:
        return from_mapping({}, f"the environment (there is no {DEFAULT_FILE})")
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(file), [f"the file cannot be read: {error}"]) from None
    return from_toml(text, str(file))


def from_toml(text: str, source: str = "a string") -> Config:
    """Read TOML text and the environment; `source` is named in errors. Raises `ConfigError`."""
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(source, [f"it is not valid TOML: {error}"]) from None
    return from_mapping(data, source)


def from_mapping(data: Mapping[str, Any], source: str = "a mapping") -> Config:
    """Read sections of keys and the environment. Raises `ConfigError`."""
    problems = list(_unknown_variables())
    try:
        config = Config(**data)
    except ValidationError as error:
        problems += map(_problem, error.errors(include_url=False))
    else:
        if not problems:
            return config
    raise ConfigError(source, problems)


def keys(section: str) -> Mapping[str, FieldInfo]:
    """Return the keys of a section with what is known about each. KeyError: no such section."""
    model = Config.model_fields[section].annotation
    assert isinstance(model, type)
    assert issubclass(model, Section)
    return model.model_fields


def _variable(section: str, key: str) -> str:
    return f"{PREFIX}{section}__{key}".upper()


def _unknown_variables() -> Iterator[str]:
    known = {FILE_VARIABLE, WATCH_PASSWORD_VARIABLE}
    known |= {_variable(section, key) for section in Config.model_fields for key in keys(section)}
    for variable in sorted(os.environ):
        if variable.upper().startswith(PREFIX) and variable.upper() not in known:
            yield (
                f"environment variable {variable}: unknown; "
                f"the form is {PREFIX}<SECTION>__<KEY>, for example {_variable('xmpp', 'host')}"
            )


def _problem(error: ErrorDetails) -> str:
    """Say what is wrong with one key, and what is allowed."""
    section, *path = map(str, error["loc"])
    if section not in Config.model_fields:
        return f"[{section}]: unknown section; known are {', '.join(Config.model_fields)}"
    if not path:
        return f"[{section}]: {_complaint(error)}"
    name = "".join([path[0], *(f"[{index}]" for index in path[1:])])
    key = keys(section).get(path[0])
    if key is None:
        return f"[{section}] {name}: unknown key; known are {', '.join(keys(section))}"
    if error["type"] == "missing":
        return f"[{section}] {name}: is required: {key.description}"
    # A URL may carry a password, too.
    secret = key.annotation is SecretStr or path[0] == "url"
    got = "" if secret else f" (got {error['input']!r})"
    variable = _variable(section, path[0])
    origin = f", from {variable}" if variable in map(str.upper, os.environ) else ""
    return f"[{section}] {name}: {_complaint(error)}{got}{origin}"


def _complaint(error: ErrorDetails) -> str:
    if error["type"] == "value_error":
        return str(error["ctx"]["error"])
    if error["type"] == "model_type":
        return "must be a section of keys"
    if error["type"] == "missing":
        return "the section is required"
    return error["msg"].replace("Input should", "must", 1)
