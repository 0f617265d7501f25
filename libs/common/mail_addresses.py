"""E-mail addresses as people write them, in the one form in which they are kept and compared."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email


def normalised(address: str) -> str:
    """The address in small letters with its domain in Unicode; an EmailNotValidError if it cannot exist.

    Strictly, the part before the @ may tell big and small letters apart; no mail server in use does.
    """
    checked = validate_email(address.strip(), check_deliverability=False, test_environment=True)
    return checked.normalized.lower()


def why_not(error: EmailNotValidError) -> str:
    """What is wrong with an address, as a sentence."""
    text = str(error).strip()
    return text if text.endswith(".") else f"{text}."
