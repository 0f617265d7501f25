"""The process that speaks Apprise: reads what to bring on standard input, brings it, says what came of it, and ends.

Before Apprise gets the URL, a hook of the interpreter's own (PEP 578) is set that cannot be taken off: it sees every
connection with the address to which it really goes, so neither a name that resolves differently the second time nor a
redirect leads into a network that may not be reached. It also keeps Apprise from other files than those to attach and
those of the libraries, and from starting programs, whatever options a URL has.
"""

from __future__ import annotations

import logging
import mimetypes
import os
import re
import sys
import sysconfig
from pathlib import Path
from typing import Any

import msgspec

from libs.common.networks import Networks
from services.mailer.channels.chat_talk import Asked, Said

_CODE = re.compile(r"error=(\d{3})\b")
_UNHEARD = re.compile(r"Read timed out|RemoteDisconnected|Connection aborted|reset by peer|IncompleteRead")
_LIBRARIES = ("stdlib", "platstdlib", "purelib", "platlib")
_CERTIFICATES = ("/etc/ssl", "/etc/pki", "/usr/lib/ssl", "/usr/share/ca-certificates")
_HARMLESS = ("/dev/null", "/etc/localtime")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
_LATER = frozenset({408, 425, 429})
_PROGRAMS = ("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.fork", "os.spawn", "pty.", "ctypes.")


class Forbidden(ConnectionError):
    """What the hook has stopped; to a library it is a connection that does not come about."""


class Guard:
    """Sees what the interpreter is about to do, and stops what a chat has no need of."""

    def __init__(self, networks: Networks, files: tuple[str, ...]) -> None:
        self.stopped = ""
        self._networks = networks
        folders = {*(sysconfig.get_path(name) for name in _LIBRARIES), *_CERTIFICATES}
        self._readable = tuple(f"{Path(folder).resolve()}/" for folder in folders)
        self._files = files

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.sendto"):
            self._check_address(arguments[1])
        elif event == "open":
            self._check_file(arguments[0], arguments[2] or 0)
        elif event.startswith(_PROGRAMS):
            self._stop(event)

    def _check_address(self, address: Any) -> None:
        # What is no pair is a path of a socket on this machine.
        if not isinstance(address, tuple) or not self._networks.may_reach(str(address[0])):
            self._stop("connect")

    def _check_file(self, path: Any, flags: int) -> None:
        if isinstance(path, int):
            return
        name = str(Path(path.decode() if isinstance(path, bytes) else str(path)).resolve())
        if name in _HARMLESS or (not flags & _WRITES and (name in self._files or name.startswith(self._readable))):
            return
        # As if it were not there: libraries look for their settings in many places.
        raise FileNotFoundError(name)

    def _stop(self, what: str) -> None:
        self.stopped = what
        raise Forbidden(what)


def main() -> None:
    """Do it once."""
    asked = msgspec.json.decode(sys.stdin.buffer.read(), type=Asked)
    sys.stdout.buffer.write(msgspec.json.encode(bring(asked)))


def bring(asked: Asked) -> Said:
    """Bring it; afterwards this process can do nothing else any more."""
    import apprise

    mimetypes.init()
    asset = apprise.AppriseAsset(app_id="Pressroom", app_url="", storage_mode="memory", async_mode=False)
    guard = Guard(Networks(asked.networks), tuple(str(Path(file).resolve()) for file in asked.files))
    sys.addaudithook(guard)
    with apprise.LogCapture(  # type: ignore[no-untyped-call]
        level=logging.DEBUG, delete=False, fmt="%(levelname)s %(message)s"
    ) as log:
        chat = apprise.Apprise.instantiate(asked.url, asset=asset, suppress_exceptions=True)
        if chat is None:
            return Said(outcome="unfit", words=_last(log.getvalue()))
        attach = list(asked.files) if chat.attachment_support else []
        is_sent = chat.notify(title=asked.title, body=asked.body, body_format="text", attach=attach or None)
        return _said(bool(is_sent), log.getvalue(), guard, attached=bool(attach))


def _said(is_sent: bool, log: str, guard: Guard, *, attached: bool) -> Said:
    found = _CODE.findall(log)
    code = int(found[-1]) if found else 0
    if is_sent:
        return Said(outcome="sent", code=200, attached=attached)
    if guard.stopped:
        return Said(outcome="forbidden", words=guard.stopped)
    if _UNHEARD.search(log):
        return Said(outcome="unknown", words=_last(log))
    is_final = 400 <= code < 500 and code not in _LATER
    return Said(outcome="refused" if is_final else "failed", code=code, words=_last(log))


def _last(log: str) -> str:
    """The last warning or error."""
    lines = [line for line in log.splitlines() if line.startswith(("WARNING ", "ERROR "))]
    return lines[-1].partition(" ")[2] if lines else "it did not say why"


if __name__ == "__main__":
    main()
