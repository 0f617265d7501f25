"""The letter's own words, in every language that it speaks, with the numbers and dates that belong to them."""

from services.mailer.words.catalogue import words_of
from services.mailer.words.words import Words

__all__ = ["Words", "words_of"]
