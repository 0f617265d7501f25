"""Who receives a report: addresses that can exist, each of them once."""

from __future__ import annotations

from collections.abc import Sequence

from email_validator import EmailNotValidError

from libs.common.addresses import EVERYWHERE, AllowedDomains
from libs.common.mail_addresses import normalised, why_not
from libs.common.messages import Recipient
from services.api.problems import Findings, wrong
from services.api.schemas.common import NewRecipient
from services.api.words import shown

__all__ = ["checked", "normalised", "wanted_address"]


def wanted_address(given: str, field: str) -> str:
    """The address, normalised; Refused (422) if `field` gives one that cannot exist."""
    try:
        return normalised(given)
    except EmailNotValidError as error:
        raise wrong(field, f"{field} must be an e-mail address, not {shown(given)}: {why_not(error)}") from error


def checked(
    given: Sequence[str | NewRecipient],
    most: int,
    findings: Findings,
    where: str = "recipients",
    allowed: AllowedDomains = EVERYWHERE,
) -> tuple[Recipient, ...]:
    """The recipients, normalised, in the given order. Addresses that differ by case or blanks are one recipient.

    `where` is the field that gives them, `allowed` the domains to which letters may go.
    """
    found: dict[str, Recipient] = {}
    for index, one in enumerate(given):
        address, name = (one, "") if isinstance(one, str) else (one.address, one.name)
        try:
            normal = normalised(address)
        except EmailNotValidError as error:
            field = f"{where}[{index}]" + ("" if isinstance(one, str) else ".address")
            findings.add(field, f"{field} must be an e-mail address, not {shown(address)}: {why_not(error)}")
            continue
        if not allowed.allows(normal):
            findings.add(f"{where}[{index}]", f"{where}[{index}]: {allowed.sentence(normal)}")
        found.setdefault(normal.casefold(), Recipient(address=normal, name=name))
    if len(found) > most:
        findings.add(where, f"{where} must be at most {most:,} addresses, not {len(found):,}.")
    return tuple(found.values())
