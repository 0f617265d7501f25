"""German."""

from services.mailer.words.words import Words

GERMAN = Words(
    code="de",
    thousands=".",
    decimal=",",
    bytes=("1 Byte", "{count} Byte"),
    kilobytes="{count} KB",
    megabytes="{count} MB",
    weekdays=("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag"),
    months=(
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
    short_months=(
        *("Jan.", "Feb.", "März", "Apr.", "Mai", "Juni"),
        *("Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."),
    ),
    moment_form="{weekday}, {day}. {month} {year}, {clock} {zone}",
    short_moment_form="{day}. {month} {year}, {clock} {zone}",
    greeting="Guten Tag {name},",
    greeting_without_name="Guten Tag,",
    ready="Ihr Bericht „{title}“ ist fertig.",
    report="Bericht",
    due="Für",
    made="Erstellt",
    rows="Zeilen",
    counted_rows=("1 Zeile", "{count} Zeilen"),
    some_rows="{shown} von {total} Zeilen",
    more_columns=("1 weitere Spalte", "{count} weitere Spalten"),
    before="zuvor: {value}",
    attached="Im Anhang",
    to_download="Zum Herunterladen",
    packed_because=(
        "Die Dateien sind zu groß für eine E-Mail ({size} von höchstens {limit}), darum kommen sie in einem Archiv."
    ),
    linked_because=(
        "Die Dateien sind zu groß für eine E-Mail ({size} von höchstens {limit}), darum stehen hier Links; "
        "sie gelten bis {moment}."
    ),
    linked="Die Links gelten bis {moment}.",
    whoever_has_links="Wer einen Link hat, kann die Datei herunterladen.",
    note="Bitte beachten",
    late_today="Dieser Bericht ist verspätet: fällig {due}, gesendet {sent}.",
    late="Dieser Bericht ist verspätet: fällig {due}, gesendet {sent}.",
    test="Dies ist ein Test: Jemand wollte sehen, wie diese E-Mail aussieht.",
    on_schedule="Pressroom hat diesen Bericht nach Zeitplan erstellt.",
    on_demand="Pressroom hat diesen Bericht auf Wunsch erstellt.",
    number="Wenn etwas nicht stimmt, nennen Sie bitte die Nummer des Berichts: {number}.",
    subscribed="Sie erhalten diese E-Mails, weil Sie sie abonniert haben.",
    unsubscribe="Abbestellen",
)
