"""`python -m libs.mailsink` runs until SIGTERM and says what came."""

from __future__ import annotations

import json
import signal
import smtplib
import subprocess
import sys
from pathlib import Path


def test_the_process_logs_each_letter_and_ends_cleanly(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "libs.mailsink", "--port", "0", "--folder", str(tmp_path / "letters")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        listening = json.loads(process.stdout.readline())
        assert listening["message"] == "mail sink listening"
        with smtplib.SMTP("127.0.0.1", listening["port"], timeout=10) as smtp:
            smtp.sendmail("reports@example.org", ["ada@example.org"], b"Subject: Hello\r\n\r\nBody\r\n")
        kept = json.loads(process.stdout.readline())
        assert (kept["message"], kept["recipient"]) == ("letter kept", "ada@example.org")
        assert (tmp_path / "letters" / kept["file"]).exists()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0


def test_a_taken_port_is_said_in_one_sentence(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "libs.mailsink", "--folder", str(tmp_path), "--host", "203.0.113.1"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert ended.returncode == 1
    assert ended.stderr.startswith("The mail sink cannot listen on 203.0.113.1:1025: ")
