"""The URLs of destinations: what each kind looks like, and what of it may be shown.

See docs/destinations.md. The api reads a URL when it is saved, the mailer when it delivers; both find the same.
"""

from __future__ import annotations

import re
from base64 import b64encode
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

import msgspec

from libs.common.delivering import DestinationKind
from libs.common.drops import Target, pattern_complaint, read_target
from libs.common.networks import Networks, refusal

_OWN_SERVERS = frozenset(
    {"bark", "gotify", "mastodon", "matrix", "mmost", "nctalk", "ntfy", "rocket", "signal", "synology"}
    | {"barks", "gotifys", "mastodons", "matrixs", "mmosts", "nctalks", "ntfys", "rockets", "signals", "synologys"}
)
"""Services of Apprise whose URL names the server; with an s at the end they are asked over TLS."""

_KNOWN_SERVICES = frozenset(
    {"discord", "flock", "gchat", "guilded", "line", "opsgenie", "pagerduty", "pbul", "pover", "ryver", "splunk"}
    | {"tgram", "twist", "webex", "wxteams", "zulip"}
)
"""Those whose URL names an account, where the server is known."""

CHATS = _OWN_SERVERS | _KNOWN_SERVICES
"""What a `chat` may be: services that are asked over HTTP, and that touch nothing on the mailer's machine."""

_LOCAL_FILES = ("template", "keyfile")
"""Options by which Apprise reads a file of the machine it runs on."""

DEFAULT_NAMES = "{date}/{filename}"
SFTP_PORT = 22
LEAST_SECRET = 16

_SEEN = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?\.?|[0-9A-Fa-f:.]+")
_HOST_KEY = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_REGION = re.compile(r"[a-z0-9-]{0,40}")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """What the URL of a destination says. `url` and the fields after `shown` hold secrets."""

    shown: str
    """For people, without secrets."""
    url: str = ""
    """Of a web address: without user and password."""
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = ""
    path: str = ""
    """Of an SFTP server: the folder."""
    host_key: str = ""
    names: str = ""
    """How files are called in a folder; see libs/common/drops.py."""
    target: Target | None = None
    """The folder or bucket."""

    def __repr__(self) -> str:
        return f"<Place {self.shown}>"

    @property
    def basic_auth(self) -> str:
        """The value of the header Authorization; empty without a user."""
        if not self.user:
            return ""
        return "Basic " + b64encode(f"{self.user}:{self.password}".encode()).decode()

    def secrets(self) -> frozenset[str]:
        """Everything in it that must not be repeated to anybody, in every spelling."""
        parts = urlsplit(self.url)
        plain = {self.url, self.user, self.password, parts.query, parts.path.strip("/")}
        plain |= {step for step in parts.path.split("/") if len(step) > 1}
        plain |= {value for _, value in parse_qsl(parts.query)}
        if self.host and self.shown.endswith("://…"):
            plain.add(parts.netloc)
        if self.target is not None:
            plain = {self.target.key, self.target.secret}
        if self.path:
            plain = {self.password}
        return frozenset(one for text in plain if text for one in (text, unquote(text), quote(text, safe="")))


def read_place(kind: DestinationKind, url: str, networks: Networks) -> Place:
    """What `url` says; ValueError with a clause that follows "url" and does not quote it."""
    if kind in ("webhook", "slack", "teams"):
        return _web(url, networks)
    if kind == "chat":
        return _chat(url, networks)
    return _folder(url, networks) if kind == "folder" else _sftp(url, networks)


def secret_complaint(kind: DestinationKind, secret: str) -> str | None:
    """What is wrong with the secret of a destination, as a clause that follows "secret"; None if it can be used."""
    if not secret:
        return None
    if kind == "webhook":
        fits = len(secret) >= LEAST_SECRET and _SEEN.fullmatch(secret)
        return None if fits else f"must be at least {LEAST_SECRET} visible ASCII characters, which sign what is sent"
    if kind == "sftp":
        is_key = secret.lstrip().startswith("-----BEGIN ") and "PRIVATE KEY-----" in secret
        return None if is_key else "must be a private key that begins with -----BEGIN … PRIVATE KEY-----"
    return f"must be left out: a destination of the kind {kind} has its secrets in its url"


def _web(url: str, networks: Networks) -> Place:
    like = "must be like https://hooks.example.org/reports"
    parts = _split(url, like)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise ValueError(like)
    if parts.fragment:
        raise ValueError("must not have a # in it; write %23 where one is meant")
    port = _port(parts, like) or (443 if parts.scheme == "https" else 80)
    _check_host(parts.hostname, networks)
    # What stands behind the host is often the secret itself.
    rest = "/…" if parts.path.strip("/") or parts.query else ""
    authority = parts.netloc.rpartition("@")[2]
    return Place(
        shown=f"{parts.scheme}://{authority}{rest}",
        url=parts._replace(netloc=authority).geturl(),
        host=parts.hostname,
        port=port,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def _chat(url: str, networks: Networks) -> Place:
    scheme, separator, _ = url.partition("://")
    if not separator or scheme.lower() not in CHATS:
        raise ValueError(f"must begin with one of {', '.join(sorted(CHATS))} and ://, as in tgram://token/chat")
    parts = _split(url, "must be a URL as Apprise has it, like tgram://token/chat")
    if option := next((name for name, _ in parse_qsl(parts.query) if name.lower() in _LOCAL_FILES), None):
        raise ValueError(f"must not have the option {option}, which reads a file of the mailer")
    if parts.scheme not in _OWN_SERVERS:
        return Place(shown=f"{parts.scheme}://…", url=url, host=parts.hostname or "")
    if not parts.hostname:
        raise ValueError("must name a server")
    _check_host(parts.hostname, networks)
    return Place(shown=f"{parts.scheme}://{parts.hostname}/…", url=url, host=parts.hostname)


def _folder(url: str, networks: Networks) -> Place:
    address, options = _options(url)
    names = options.pop("names", DEFAULT_NAMES)
    if complaint := pattern_complaint(names):
        raise ValueError(f"has the option names, which {complaint}")
    rest = "&".join(f"{name}={quote(value, safe='')}" for name, value in options.items())
    target = read_target(f"{address}?{rest}" if rest else address)
    if not _REGION.fullmatch(target.region):
        raise ValueError("has the option region, which must be like eu-central-1")
    if target.endpoint:
        endpoint = _web(target.endpoint, networks)
        return Place(shown=target.shown, names=names, target=target, host=endpoint.host, port=endpoint.port)
    return Place(shown=target.shown, names=names, target=target)


def _sftp(url: str, networks: Networks) -> Place:
    like = "must be like sftp://user:password@host:22/folder?host_key=SHA256:…"
    parts = _split(url.partition("?")[0], like)
    _, options = _options(url)
    if parts.scheme != "sftp" or not parts.hostname or not parts.username:
        raise ValueError(like)
    port = _port(parts, like) or SFTP_PORT
    _check_host(parts.hostname, networks)
    # A form turns + into a blank, and fingerprints have many.
    host_key = options.pop("host_key", "").replace(" ", "+").rstrip("=")
    if not _HOST_KEY.fullmatch(host_key):
        raise ValueError(
            "must have the option host_key=SHA256:… with the fingerprint of the server's key (ssh-keygen -lf shows it)"
        )
    names = options.pop("names", "{filename}")
    if complaint := pattern_complaint(names):
        raise ValueError(f"has the option names, which {complaint}")
    if options:
        raise ValueError(f"may have the options host_key and names, not {next(iter(options))}")
    user, path = unquote(parts.username), unquote(parts.path)
    if "\x00" in path:
        raise ValueError(like)
    at = "" if port == SFTP_PORT else f":{port}"
    return Place(
        shown=f"sftp://{user}@{_bracketed(parts.hostname)}{at}{path}",
        host=parts.hostname,
        port=port,
        user=user,
        password=unquote(parts.password or ""),
        path=path or "/",
        host_key=host_key,
        names=names,
    )


def _split(url: str, like: str) -> SplitResult:
    if not _SEEN.fullmatch(url):
        raise ValueError("must consist of visible ASCII characters; write ü as %C3%BC, and in a host as xn--…")
    try:
        return urlsplit(url)
    except ValueError:
        raise ValueError(like) from None


def _options(url: str) -> tuple[str, dict[str, str]]:
    address, _, query = url.partition("?")
    return address, dict(parse_qsl(query, keep_blank_values=True))


def _port(parts: SplitResult, like: str) -> int | None:
    try:
        return parts.port
    except ValueError:
        raise ValueError(like) from None


def _check_host(host: str, networks: Networks) -> None:
    if not _HOST.fullmatch(host) or len(host) > 253:
        raise ValueError("must name a host, or an IP address")
    if not networks.may_name(host):
        raise ValueError(f"must name a public server: {refusal(host)}".rstrip("."))


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
