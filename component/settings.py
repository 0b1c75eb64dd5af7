"""The sections of the configuration: which keys there are and which values they take."""

import re
import ssl
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)
from slixmpp import JID, InvalidJID

from component.pubsub.policy import Creators, Limits, Policy

SSL_MODES = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
"""How a connection to PostgreSQL may be encrypted."""

_HOST = re.compile(r"(?:\[[^][]+\]|[^][:@]+)(?::(?P<port>[0-9]{1,5}))?")


def _split(value: object) -> object:
    """Let a list be written as `a, b` where there is only text: in the environment."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _number(value: object) -> object:
    """Refuse true and false, which would be taken for 1 and 0."""
    if isinstance(value, bool):
        raise ValueError("must be a number")
    return value


def _bare_jid(value: str) -> str:
    jid = _jid(value)
    if not jid.user or jid.resource:
        raise ValueError("must be a bare JID, like user@example.com")
    return jid.full


def _domain(value: str) -> str:
    jid = _jid(value)
    if not jid.domain or jid.user or jid.resource:
        raise ValueError("must be a domain, like ivr.example.com")
    return jid.full


def _jid(value: str) -> JID:
    try:
        return JID(value)
    except InvalidJID as error:
        raise ValueError(f"must be a valid XMPP address: {error}") from None


def _http_url(value: str) -> str:
    url = urlsplit(value)
    if url.scheme not in ("http", "https") or not url.hostname:
        raise ValueError("must be a URL like http://127.0.0.1:8088")
    if url.username is not None or url.query or url.fragment:
        raise ValueError("must have no user name, query or fragment: they have keys of their own")
    _ = url.port  # raises ValueError if it is no port
    return value.rstrip("/")


def _uri(value: str) -> str:
    if not urlsplit(value).scheme:
        raise ValueError("must be a URI like mailto:abuse@example.com or xmpp:user@example.com")
    return value


def _postgresql_url(value: SecretStr) -> SecretStr:
    url = value.get_secret_value()
    if not url:
        return value
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise ValueError("must be empty or a URL like postgresql://user@host/database")
    hosts = parts.netloc.partition("@")[2] if "@" in parts.netloc else parts.netloc
    if parts.fragment or not all(map(_is_host, hosts.split(",") if hosts else ())):
        raise ValueError(
            "must be like postgresql://user:password@host:5432/database; special characters in"
            " user and password are written as in %40"
        )
    modes = [mode for key, mode in _parameters(parts.query) if key == "sslmode"]
    if not SSL_MODES.issuperset(modes):
        raise ValueError(f"sslmode must be one of {', '.join(sorted(SSL_MODES))}")
    return value


def _is_host(written: str) -> bool:
    found = _HOST.fullmatch(written)
    return found is not None and 0 < int(found["port"] or 1) < 65536


def _parameters(query: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(query, strict_parsing=True) if query else []
    except ValueError:  # which quotes what may be a password
        raise ValueError("must have parameters like ?sslmode=require&port=5432") from None


def _not_empty(value: SecretStr) -> SecretStr:
    if not value.get_secret_value():
        raise ValueError("must not be empty")
    return value


def _authorities(value: Path) -> Path:
    try:
        ssl.create_default_context(cafile=value)
    except OSError as error:  # ssl.SSLError is one, too
        raise ValueError(f"must be a PEM file of certificates: {error}") from None
    return value


def _with_secret(section: Any, key: str) -> Any:
    """Fill in a secret from the file that is named instead of it."""
    if not isinstance(section, dict):
        return section
    file = section.get(f"{key}_file")
    if (key in section) == (file is not None):
        raise ValueError(f"exactly one of {key} and {key}_file must be set")
    if file is None:
        return section
    try:
        secret = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, TypeError, UnicodeDecodeError) as error:
        raise ValueError(f"{key}_file cannot be read: {error}") from None
    if not secret:
        raise ValueError(f"{key}_file is empty: {file}")
    return {**section, key: secret}


Host = Annotated[str, Field(min_length=1)]
Port = Annotated[int, BeforeValidator(_number), Field(ge=1, le=65535)]
Seconds = Annotated[float, BeforeValidator(_number), Field(gt=0, allow_inf_nan=False)]
Days = Annotated[float, BeforeValidator(_number), Field(ge=0, le=36500, allow_inf_nan=False)]
Limit = Annotated[int, BeforeValidator(_number), Field(ge=1)]
Items = Annotated[int, BeforeValidator(_number), Field(ge=1, le=1000)]
Jids = Annotated[tuple[Annotated[str, AfterValidator(_bare_jid)], ...], BeforeValidator(_split)]
Uris = Annotated[tuple[Annotated[str, AfterValidator(_uri)], ...], BeforeValidator(_split)]
Secret = Annotated[SecretStr, AfterValidator(_not_empty)]


DEFAULT_LOOKUP = """\
SELECT id, code, name, attributes FROM customers
WHERE code = $1 OR ($1 = '' AND attributes ->> 'phone' = $2)
"""


class Section(BaseModel):
    """One table of the file."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class XmppConfig(Section):
    """The XMPP server that this service is an external component of (XEP-0114)."""

    domain: Annotated[str, AfterValidator(_domain)] = Field(
        description="domain of the component, as the XMPP server knows it"
    )
    host: Host = Field(default="127.0.0.1", description="where the server accepts components")
    port: Port = Field(default=5347, description="TCP port for components")
    secret: Secret = Field(description="secret shared with the server")
    secret_file: Path | None = Field(
        default=None, description="file with the secret, instead of `secret`"
    )
    supervisors: Jids = Field(
        default=(), description="bare JIDs that see the calls of every extension"
    )
    services: Jids = Field(
        default=(), description="bare JIDs of software that sees every extension"
    )
    admins: Jids = Field(default=(), description="bare JIDs that may administer the service")

    @model_validator(mode="before")
    @classmethod
    def _read_secret_file(cls, section: Any) -> Any:
        return _with_secret(section, "secret")


class AsteriskConfig(Section):
    """Asterisk's REST interface (ari.conf, http.conf)."""

    url: Annotated[str, AfterValidator(_http_url)] = Field(
        default="http://127.0.0.1:8088", description="root of Asterisk's HTTP server, without /ari"
    )
    username: str = Field(min_length=1, description="user of ari.conf")
    password: Secret = Field(description="password of that user")
    password_file: Path | None = Field(
        default=None, description="file with it, instead of `password`"
    )
    ca_file: Annotated[Path, AfterValidator(_authorities)] | None = Field(
        default=None, description="whose certificates count for https, if not the system's"
    )
    app: str = Field(default="ivr", pattern=r"^[\w.-]+$", description="name given to Stasis()")
    request_timeout: Seconds = Field(default=5.0, description="seconds to wait for one reply")
    requests_over_socket: bool = Field(
        default=True, description="requests on the event socket, if Asterisk takes them there"
    )

    @model_validator(mode="before")
    @classmethod
    def _read_password_file(cls, section: Any) -> Any:
        return _with_secret(section, "password")

    @property
    def tls(self) -> ssl.SSLContext:
        """How Asterisk's certificate is checked, if the URL is https."""
        return ssl.create_default_context(cafile=self.ca_file)


class AgiConfig(Section):
    """The FastAGI server, which the dialplan asks about customers, log-on and log-off."""

    host: Host = Field(default="127.0.0.1", description="address to listen on")
    port: Port = Field(default=4573, description="TCP port to listen on")
    deadline: Seconds = Field(
        default=2.0, description="seconds after which the caller goes on unidentified"
    )


class DatabaseConfig(Section):
    """PostgreSQL, 14 or later."""

    url: Annotated[SecretStr, AfterValidator(_postgresql_url)] = Field(
        default=SecretStr(""), description="postgresql:// URL; empty: an embedded server is started"
    )
    directory: Path = Field(
        default=Path("/var/lib/ivr-pubsub/postgresql"), description="state of the embedded server"
    )

    @property
    def embedded(self) -> bool:
        """Whether the service runs a PostgreSQL server of its own."""
        return not self.url.get_secret_value()


class CustomersConfig(Section):
    """How callers are recognised."""

    url: Annotated[SecretStr, AfterValidator(_postgresql_url)] = Field(
        default=SecretStr(""), description="postgresql:// URL; empty: the service's own database"
    )
    lookup: Annotated[str, Field(min_length=1)] = Field(
        default=DEFAULT_LOOKUP, description="SQL statement that finds a customer"
    )


class HttpConfig(Section):
    """The HTTP server for /metrics, /healthz and /readyz."""

    host: Host = Field(default="127.0.0.1", description="address to listen on")
    port: Port = Field(default=8080, description="TCP port to listen on")


class ControlConfig(Section):
    """Where the command line reaches the running service."""

    socket: Path = Field(
        default=Path("/run/ivr-pubsub/control.sock"),
        description="Unix socket; who may open it is an administrator",
    )


class LogConfig(Section):
    """What is written to standard error."""

    format: Literal["console", "json"] = Field(
        default="console", description="for people or for machines"
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least important level that is written"
    )
    personal_data: bool = Field(
        default=False, description="whether callers, customers and digits are written, not masked"
    )


class RecordsConfig(Section):
    """How many days records are kept in the database; 0 is for ever."""

    calls_days: Days = Field(default=0.0, description="days for which calls are kept; 0: for ever")
    choices_days: Days = Field(
        default=30.0, description="days for which is kept why calls were offered to whom"
    )
    queue_log_days: Days = Field(
        default=0.0, description="days for which queue_log is kept; 0: for ever"
    )


class ContactConfig(Section):
    """Whom strangers may ask, as service discovery tells them (XEP-0157): URIs."""

    abuse: Uris = Field(default=(), description="who is told of abuse")
    admin: Uris = Field(default=(), description="who runs the service")
    feedback: Uris = Field(default=(), description="who listens to opinions")
    sales: Uris = Field(default=(), description="who sells")
    security: Uris = Field(default=(), description="who is told of weaknesses")
    status: Uris = Field(default=(), description="where failures are told of")
    support: Uris = Field(default=(), description="who helps")

    @property
    def addresses(self) -> dict[str, tuple[str, ...]]:
        """The addresses that there are, by what they are for."""
        return {name: uris for name, uris in self if uris}


class PubSubConfig(Section):
    """The publish-subscribe service (XEP-0060)."""

    history: Items = Field(default=20, description="calls kept in the node of an extension")
    create: Creators = Field(default=Creators.ADMINS, description="who may create nodes")
    auto_create: bool = Field(
        default=False, description="whether publishing to a node that does not exist creates it"
    )
    account_limit: Limit = Field(
        default=1_000, description="subscriptions of an account to nodes that are for all"
    )
    domain_limit: Limit = Field(default=10_000, description="of all accounts of a domain")
    total_limit: Limit = Field(default=100_000, description="in all")

    @property
    def policy(self) -> Policy:
        """What the rules of publish-subscribe are told of it."""
        limits = Limits(self.account_limit, self.domain_limit, self.total_limit)
        return Policy(self.create, self.auto_create, limits)
