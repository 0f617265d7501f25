"""English."""

from services.mailer.words.words import Words

ENGLISH = Words(
    code="en",
    thousands=",",
    decimal=".",
    bytes=("1 byte", "{count} bytes"),
    kilobytes="{count} KB",
    megabytes="{count} MB",
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
    short_months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    moment_form="{weekday}, {day} {month} {year}, {clock} {zone}",
    short_moment_form="{day} {month} {year}, {clock} {zone}",
    greeting="Hello {name},",
    greeting_without_name="Hello,",
    ready="Your report “{title}” is ready.",
    report="Report",
    due="For",
    made="Made",
    rows="Rows",
    counted_rows=("1 row", "{count} rows"),
    some_rows="{shown} of {total} rows",
    more_columns=("1 more column", "{count} more columns"),
    before="before: {value}",
    attached="Attached",
    to_download="To download",
    packed_because="The files are too large for a letter ({size} of at most {limit}), so they come in one archive.",
    linked_because=(
        "The files are too large for a letter ({size} of at most {limit}), so here are links; they work until {moment}."
    ),
    linked="The links work until {moment}.",
    whoever_has_links="Whoever has a link can download its file.",
    note="Please note",
    late_today="This report is late: due {due}, sent {sent}.",
    late="This report is late: due {due}, sent {sent}.",
    test="This is a test: somebody wanted to see what this letter looks like.",
    on_schedule="Pressroom made this report on schedule.",
    on_demand="Pressroom made this report because somebody asked for it.",
    number="If something looks wrong, quote the report's number: {number}.",
    subscribed="You get these letters because you are subscribed to them.",
    unsubscribe="Unsubscribe",
)
