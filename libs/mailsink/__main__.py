"""`python -m libs.mailsink --folder DIR`: keep every letter that comes, until SIGTERM."""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import sys
from pathlib import Path

from libs.common.logs import configure
from libs.mailsink.sink import DEFAULT_SIZE_LIMIT_BYTES, MailSink


def main() -> int:
    """Run until SIGTERM or SIGINT; 1 if the port cannot be had."""
    options = _options()
    configure("mailsink", "info")
    logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd logs every line that is said
    sink = MailSink(options.folder, host=options.host, port=options.port, size_limit_bytes=options.size_limit_bytes)
    try:
        asyncio.run(_serve(sink))
    except OSError as error:
        sys.stderr.write(f"The mail sink cannot listen on {options.host}:{options.port}: {error.strerror}.\n")
        return 1
    return 0


async def _serve(sink: MailSink) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, sink.ask_to_stop)
    await sink.serve(on_listening=lambda: None)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m libs.mailsink", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=1025, help="port to listen on (default: %(default)s)")
    parser.add_argument("--folder", type=Path, required=True, help="where the letters are kept, as .eml files")
    parser.add_argument(
        "--size-limit-bytes",
        type=int,
        default=DEFAULT_SIZE_LIMIT_BYTES,
        help="the largest letter it takes (default: %(default)s)",
    )
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
