"""The page behind the link to unsubscribe: plain HTML that works without scripts, in every browser."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from html import escape

from services.api.unsubscribe import Choice, Wishes

_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:1.05rem/1.5 system-ui,sans-serif;max-width:36rem;margin:4rem auto;padding:0 1.2rem}"
    "h1{font-size:1.5rem}form{margin:1rem 0}"
    "button{font:inherit;padding:.6rem 1.2rem;border:1px solid;border-radius:.4rem;cursor:pointer}"
)

HEADERS = {
    # Only this very style, no scripts, nothing from elsewhere; forms go to where the page came from.
    "Content-Security-Policy": (
        "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; style-src 'sha256-"
        + b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
        + "'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
"""The address of the page is a key, so it is told to nobody."""

_BUTTONS: dict[Choice, str] = {
    "this": "Unsubscribe from this report",
    "all": "Unsubscribe from everything",
    "this-again": "Subscribe to this report again",
    "all-again": "Subscribe to everything again",
}


def wishes_page(wishes: Wishes, *, changed: bool) -> str:
    """How it stands, and what can be chosen. `changed`: it was chosen just now."""
    heading = "Done" if changed else "Reports by e-mail"
    buttons = "".join(_button(choice) for choice in _choices(wishes))
    return _page(heading, f"<p>{_sentence(wishes)}</p>{buttons}")


def problem_page(sentence: str) -> str:
    """Why nothing could be done."""
    return _page("This did not work", f"<p>{escape(sentence)}</p>")


def _sentence(wishes: Wishes) -> str:
    address = f"<strong>{escape(wishes.address)}</strong>"
    report = f"the report “{escape(wishes.title)}”" if wishes.title else "this report"
    if not wishes.about_one:
        return f"{address} gets reports from here." if wishes.wants_any else f"{address} gets no reports from here."
    if wishes.wants_this:
        others = "" if wishes.wants_any else ", and no other reports from here"
        return f"{address} gets {report}{others}."
    others = ". Other reports still come" if wishes.wants_any else ", and no other reports from here"
    return f"{address} does not get {report}{others}."


def _choices(wishes: Wishes) -> list[Choice]:
    choices: list[Choice] = []
    if wishes.about_one:
        choices.append("this" if wishes.wants_this else "this-again")
    if wishes.wants_any or wishes.wants_this:
        choices.append("all")
    if not wishes.wants_any:
        choices.append("all-again")
    return choices


def _button(choice: Choice) -> str:
    return f'<form method="post"><button name="choice" value="{choice}">{_BUTTONS[choice]}</button></form>'


def _page(heading: str, content: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="robots" content="noindex, nofollow">'
        f"<title>{heading}</title><style>{_STYLE}</style></head>"
        f"<body><main><h1>{heading}</h1>{content}</main></body></html>"
    )
