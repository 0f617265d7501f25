"""Who receives a report: addresses that can exist, each of them once."""

from __future__ import annotations

from collections.abc import Sequence

from email_validator import EmailNotValidError, validate_email

from libs.common.messages import Recipient
from services.api.problems import Findings
from services.api.schemas.common import NewRecipient
from services.api.words import shown


def checked(given: Sequence[str | NewRecipient], most: int, wrong: Findings) -> tuple[Recipient, ...]:
    """The recipients, normalised, in the given order. Addresses that differ by case or blanks are one recipient."""
    found: dict[str, Recipient] = {}
    for index, one in enumerate(given):
        address, name = (one, "") if isinstance(one, str) else (one.address, one.name)
        try:
            normal = normalised(address)
        except EmailNotValidError as error:
            field = f"recipients[{index}]" + ("" if isinstance(one, str) else ".address")
            wrong.add(field, f"{field} must be an e-mail address, not {shown(address)}: {_why(error)}")
            continue
        found.setdefault(normal.casefold(), Recipient(address=normal, name=name))
    if len(found) > most:
        wrong.add("recipients", f"recipients must be at most {most:,} addresses, not {len(found):,}.")
    return tuple(found.values())


def normalised(address: str) -> str:
    """The address in small letters with its domain in Unicode; an EmailNotValidError if it cannot exist.

    Strictly, the part before the @ may tell big and small letters apart; no mail server in use does.
    """
    checked = validate_email(address.strip(), check_deliverability=False, test_environment=True)
    return checked.normalized.lower()


def _why(error: EmailNotValidError) -> str:
    text = str(error).strip()
    return text if text.endswith(".") else f"{text}."
