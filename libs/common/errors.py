"""Every failure knows whether trying again can help, and says in one sentence what happened."""

from __future__ import annotations


class PressroomError(Exception):
    """Base of our failures; its text is a sentence for people, free of secrets.

    `stage` is how far the work had come, where that is known; `trace` is the traceback of another process.
    """

    stage: str = ""
    trace: str = ""


class TransientFailure(PressroomError):
    """Trying again later can help: a database, server or storage is away, busy or too slow.

    `pause_seconds` is for how long the other side has asked to be left alone.
    """

    pause_seconds: float | None = None


class PermanentFailure(PressroomError):
    """Trying again cannot help: the input itself is wrong and a person has to change it."""


class SettingsError(PressroomError):
    """The environment does not describe a service that can run; the sentence names the variable."""
