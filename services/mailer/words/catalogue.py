"""Which language a locale asks for."""

from __future__ import annotations

from collections.abc import Mapping

from services.mailer.words.english import ENGLISH
from services.mailer.words.french import FRENCH
from services.mailer.words.german import GERMAN
from services.mailer.words.spanish import SPANISH
from services.mailer.words.words import Words

LANGUAGES: Mapping[str, Words] = {one.code: one for one in (ENGLISH, GERMAN, FRENCH, SPANISH)}


def words_of(locale: str) -> Words:
    """The words for a locale like `de_AT` or `fr-CA`; English for one that nobody has translated yet."""
    return LANGUAGES.get(locale.replace("-", "_").partition("_")[0].lower(), ENGLISH)
