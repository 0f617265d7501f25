"""A private Postfix for tests: a mail server that is not ours. It needs root, and changes nothing else."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Self

from libs.common.errors import PermanentFailure
from libs.local import installed
from libs.local.child import Child
from libs.local.ports import LOOPBACK, free_port, is_open
from libs.local.program import Program

ACCOUNT = "postfix"
START_SECONDS = 60.0

# Only what takes a letter and puts it into a mailbox: no command of ours can send anything anywhere else.
SERVICES = """\
{host}:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
proxymap unix - - n - - proxymap
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""


class PrivatePostfix:
    """Takes letters for `mailboxes` of the domain example.org, of at most `size_limit_bytes`; refuses all others."""

    def __init__(self, mailboxes: Sequence[str], size_limit_bytes: int) -> None:
        self._programs = _programs()
        self.port = free_port()
        # Its daemons run as an account of their own, which could not enter a folder of pytest.
        self.folder = Path(tempfile.mkdtemp(prefix="pressroom-postfix-"))
        self._mailboxes = mailboxes
        self._size_limit_bytes = size_limit_bytes
        command = (str(self._programs / "master"), "-c", str(self.folder / "conf"), "-d")
        environment = {"PATH": installed.program_path(os.environ)}
        program = Program(name="postfix", command=command, environment=environment, directory=self.folder)
        self._server = Child(program, self.folder / "log")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        """Where the mailer finds it."""
        return f"smtp://{LOOPBACK}:{self.port}"

    def letters(self, name: str) -> list[EmailMessage]:
        """What lies in the mailbox `name`."""
        found = []
        for path in sorted((self.folder / "mail" / name / "new").glob("*")):
            message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
            assert isinstance(message, EmailMessage)
            found.append(message)
        return found

    def start(self) -> None:
        """Make its folders and let it listen."""
        self.folder.chmod(0o755)
        for name in ("conf", "queue", "data", "mail"):
            (self.folder / name).mkdir()
        for name in ("data", "mail"):
            shutil.chown(self.folder / name, ACCOUNT)
        (self.folder / "conf" / "main.cf").write_text(self._settings())
        (self.folder / "conf" / "master.cf").write_text(SERVICES.format(host=LOOPBACK, port=self.port))
        check = [shutil.which("postfix", path=installed.program_path(os.environ)) or "postfix"]
        made = subprocess.run(
            [*check, "-c", str(self.folder / "conf"), "check"], capture_output=True, text=True, check=False, timeout=60
        )
        if made.returncode:
            raise PermanentFailure(f"Postfix does not accept its settings: {made.stderr.strip()}")
        self._server.start()
        self._server.wait_until(lambda: is_open(self.port), START_SECONDS)

    def close(self) -> None:
        """Stop it and remove all it had."""
        self._server.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _settings(self) -> str:
        account = pwd.getpwnam(ACCOUNT)
        mailboxes = ", ".join(f"{{{name}@example.org = {name}/}}" for name in self._mailboxes)
        settings = {
            "compatibility_level": "3.6",
            "queue_directory": self.folder / "queue",
            "data_directory": self.folder / "data",
            "daemon_directory": self._programs,
            "mail_owner": ACCOUNT,
            "setgid_group": grp.getgrnam("postdrop").gr_name,
            "inet_interfaces": LOOPBACK,
            "inet_protocols": "ipv4",
            "myhostname": "postfix.example.org",
            "mydestination": "",
            "mynetworks": "127.0.0.0/8",
            "alias_maps": "",
            "alias_database": "",
            "virtual_mailbox_domains": "example.org",
            "virtual_mailbox_base": self.folder / "mail",
            "virtual_mailbox_maps": f"inline:{{ {mailboxes} }}",
            "virtual_uid_maps": f"static:{account.pw_uid}",
            "virtual_gid_maps": f"static:{account.pw_gid}",
            "virtual_mailbox_limit": "0",
            "message_size_limit": self._size_limit_bytes,
            "maillog_file": "/dev/stdout",
        }
        return "".join(f"{name} = {value}\n" for name, value in settings.items())


def _programs() -> Path:
    found = installed.postfix_programs(installed.program_path(os.environ))
    if found is None:
        raise PermanentFailure("Postfix is not installed: install the package postfix, or run `make postfix`.")
    if os.geteuid() != 0:
        raise PermanentFailure("Postfix runs only as root.")
    return found
