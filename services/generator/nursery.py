"""Imported once by the process that children are forked from (see children.py), and by nobody else.

What is imported here is there at once in every child. And that process ends with the service: the children end
with it in turn, so that a SIGKILL of the service leaves nothing behind.
"""

from services.generator import produce, template_answer
from services.generator.mortal import die_with_parent
from services.generator.parts.writing import Writer

__all__ = ["produce", "template_answer"]

die_with_parent()
Writer("en")  # reads the data of the locale, which takes a third of the time of a small report
