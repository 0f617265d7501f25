"""What went wrong in a source, in words, and whether trying again can help. No URL and no password gets in."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, quote_plus

from sqlalchemy.engine import URL

from libs.common.errors import PermanentFailure, PressroomError, TransientFailure
from services.generator.sources.cause import Cause


@dataclass(frozen=True)
class Failures:
    """Puts the errors of one source into words."""

    source: str
    url: URL
    statement_timeout_seconds: int

    def of_driver(self) -> PressroomError:
        """There is no driver for this kind of database."""
        kind = self.url.get_backend_name()
        return PermanentFailure(f"The source '{self.source}' is a '{kind}' database, and no driver for it is here.")

    def of_connecting(self, cause: Cause) -> PressroomError:
        """Why the source could not be opened."""
        words = self.without_secrets(cause.words)
        if cause.nature != "transient":
            return PermanentFailure(f"The source '{self.source}' cannot be opened: {words}.")
        if "refused" in words:
            return TransientFailure(f"The source '{self.source}' refused the connection: {words}.")
        return TransientFailure(f"The source '{self.source}' cannot be reached: {words}.")

    def of_query(self, query: str, cause: Cause, seconds: float) -> PressroomError:
        """Why `query` failed after it ran for `seconds`."""
        words, place = self.without_secrets(cause.words), f" ({cause.place.spoken()})" if cause.place else ""
        if cause.nature == "cancelled":
            return self._of_cancelling(query, words, seconds)
        if cause.nature == "forbidden":
            return PermanentFailure(
                f"The query '{query}' does more than read, and reports may only read from the source "
                f"'{self.source}': {words}."
            )
        if cause.nature == "transient":
            return TransientFailure(f"The source '{self.source}' broke off the query '{query}': {words}.")
        return PermanentFailure(f"The query '{query}' failed in the source '{self.source}': {words}{place}.")

    def _of_cancelling(self, query: str, words: str, seconds: float) -> PressroomError:
        limit = self.statement_timeout_seconds
        if seconds < limit:  # somebody at the database ended it
            return TransientFailure(f"The source '{self.source}' broke off the query '{query}': {words}.")
        return PermanentFailure(
            f"The query '{query}' ran longer than the {limit:,} seconds that the source '{self.source}' allows; "
            "let it read less, or raise the limit."
        )

    def without_secrets(self, words: str) -> str:
        """`words` on one line, without the URL or the password in any of the ways that a driver might write them."""
        secrets = [self.url.render_as_string(hide_password=False)]
        for value in (self.url.password, *self._passwords_in_query()):
            secrets += [str(value), quote(str(value), safe=""), quote_plus(str(value))] if value else []
        for secret in sorted(secrets, key=len, reverse=True):
            words = words.replace(secret, "***")
        return " ".join(words.split()).rstrip(".?") or "it gave no reason"

    def _passwords_in_query(self) -> list[str]:
        found: list[str] = []
        for name, value in self.url.query.items():
            if any(part in name.lower() for part in ("password", "passwd", "pwd", "secret", "token")):
                found += [value] if isinstance(value, str) else value
        return found
