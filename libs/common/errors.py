"""Every failure knows whether trying again can help, and says in one sentence what happened."""

from __future__ import annotations


class PressroomError(Exception):
    """Base of our failures; its text is a sentence for people, free of secrets."""


class TransientFailure(PressroomError):
    """Trying again later can help: a database, server or storage is away, busy or too slow."""


class PermanentFailure(PressroomError):
    """Trying again cannot help: the input itself is wrong and a person has to change it."""


class SettingsError(PressroomError):
    """The environment does not describe a service that can run; the sentence names the variable."""
