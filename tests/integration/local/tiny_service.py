"""A service of a few lines: says that it is ready on its operations port, and can be told to be of no use.

`python tiny_service.py NAME [--exits-after SECONDS] [--never-ready]`
"""

from __future__ import annotations

import argparse
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Health(BaseHTTPRequestHandler):
    status = 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(b'{"status": "ok"}' if self.status == 200 else b'{"database": "away"}')

    def log_message(self, *_: object) -> None:
        """Say nothing about each request."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--exits-after", type=float)
    parser.add_argument("--never-ready", action="store_true")
    options = parser.parse_args()
    port = int(os.environ[f"PRESSROOM_{options.name.upper()}_OPERATIONS_PORT"])
    Health.status = 503 if options.never_ready else 200
    sys.stderr.write(f"{options.name} starts\n")
    if options.exits_after is not None:
        threading.Timer(options.exits_after, lambda: (sys.stderr.write("no more ink\n"), os._exit(1))).start()
    ThreadingHTTPServer(("127.0.0.1", port), Health).serve_forever()


if __name__ == "__main__":
    sys.exit(main())
