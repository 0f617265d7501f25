"""What a small report costs without Pressroom: Celery, pandas, openpyxl, reportlab's platypus and smtplib.

Written as one would write it, and kindly: everything is imported before the worker forks, the engine and its
connections are kept, and there are no retries, no record, no stored files, no progress and no limits.
"""

from __future__ import annotations

import io
import os
import smtplib
from email.message import EmailMessage
from functools import cache

import pandas as pd
from celery import Celery
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, landscape
from reportlab.platypus import LongTable, SimpleDocTemplate, TableStyle
from sqlalchemy import Engine, create_engine, make_url

app = Celery("bare", broker=os.environ.get("BENCH_BROKER_URL", "amqp://"))
app.conf.task_ignore_result = True
app.conf.broker_connection_retry_on_startup = True

_XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
_STYLE = TableStyle(
    [
        ("BACKGROUND", (0, 0), (-1, 0), colors.lightgrey),
        ("FONTSIZE", (0, 0), (-1, -1), 8),
        ("LINEBELOW", (0, 0), (-1, -1), 0.25, colors.grey),
    ]
)


@app.task
def report(query: str, recipient: str) -> None:
    """Run the query, make the three files and mail them."""
    frame = pd.read_sql(query, _engine())
    _send(recipient, {_XLSX: _xlsx(frame), ("text", "csv"): _csv(frame), ("application", "pdf"): _pdf(frame)})


@cache
def _engine() -> Engine:
    return create_engine(make_url(os.environ["BENCH_DATABASE_URL"]).set(drivername="postgresql+psycopg"))


def _xlsx(frame: pd.DataFrame) -> bytes:
    file = io.BytesIO()
    frame.to_excel(file, index=False, engine="openpyxl")
    return file.getvalue()


def _csv(frame: pd.DataFrame) -> bytes:
    text: str = frame.to_csv(index=False)
    return text.encode()


def _pdf(frame: pd.DataFrame) -> bytes:
    file = io.BytesIO()
    rows = [list(frame.columns), *frame.astype(str).values.tolist()]
    document = SimpleDocTemplate(file, pagesize=landscape(A4))
    document.build([LongTable(rows, repeatRows=1, style=_STYLE)])
    return file.getvalue()


def _send(recipient: str, files: dict[tuple[str, str], bytes]) -> None:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "reports@example.org", recipient, "Orders"
    letter["Message-ID"] = f"<{recipient}>"
    letter.set_content("Your report is attached.")
    for (maintype, subtype), content in files.items():
        letter.add_attachment(content, maintype=maintype, subtype=subtype, filename=f"orders.{subtype[:4]}")
    with smtplib.SMTP("127.0.0.1", int(os.environ["BENCH_SMTP_PORT"])) as server:
        server.send_message(letter)
