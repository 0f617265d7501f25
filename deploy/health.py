"""Ask the service in this container whether it is ready: exit code 0 if it is, else 1 and what it said."""
# ruff: noqa: S310, T201 (what it prints is shown by `docker inspect`)

from __future__ import annotations

import sys
import urllib.error
import urllib.request

PATIENCE_SECONDS = 4


def main(url: str) -> int:
    """0 if `url` answers with 200; the answer is printed."""
    try:
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:
            print(answer.read().decode())
            return 0
    except urllib.error.HTTPError as refusal:
        print(refusal.read().decode())
    except OSError as error:
        print(f"{url} does not answer: {error}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
