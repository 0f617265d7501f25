"""A mail server that keeps every letter as a file and delivers none: for the demo, for development and for tests."""

from libs.mailsink.faults import Faults, Step
from libs.mailsink.folder import Envelope, KeptLetter, LetterFolder
from libs.mailsink.sink import MailSink

__all__ = ["Envelope", "Faults", "KeptLetter", "LetterFolder", "MailSink", "Step"]
