"""Spanish."""

from services.mailer.words.words import Words

SPANISH = Words(
    code="es",
    thousands=".",
    decimal=",",
    fewest_grouped=10_000,
    bytes=("1 byte", "{count} bytes"),
    kilobytes="{count} kB",
    megabytes="{count} MB",
    weekdays=("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"),
    months=(
        *("enero", "febrero", "marzo", "abril", "mayo", "junio"),
        *("julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"),
    ),
    short_months=("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"),
    moment_form="{weekday}, {day} de {month} de {year}, {clock} {zone}",
    short_moment_form="{day} {month} {year}, {clock} {zone}",
    greeting="Hola, {name}:",
    greeting_without_name="Hola:",
    ready="Su informe «{title}» está listo.",
    report="Informe",
    due="Para",
    made="Creado",
    rows="Filas",
    counted_rows=("1 fila", "{count} filas"),
    some_rows="{shown} de {total} filas",
    more_columns=("1 columna más", "{count} columnas más"),
    before="antes: {value}",
    attached="Adjuntos",
    to_download="Para descargar",
    packed_because=(
        "Los archivos son demasiado grandes para un correo ({size}; como máximo, {limit}), "
        "así que van en un único archivo comprimido."
    ),
    linked_because=(
        "Los archivos son demasiado grandes para un correo ({size}; como máximo, {limit}), "
        "así que aquí tiene enlaces; funcionan hasta el {moment}."
    ),
    linked="Los enlaces funcionan hasta el {moment}.",
    whoever_has_links="Quien tenga un enlace puede descargar el archivo.",
    note="Tenga en cuenta",
    late_today="Este informe llega tarde: previsto para las {due}, enviado a las {sent}.",
    late="Este informe llega tarde: previsto para el {due}, enviado el {sent}.",
    test="Esto es una prueba: alguien quería ver cómo es este correo.",
    on_schedule="Pressroom ha creado este informe según lo programado.",
    on_demand="Pressroom ha creado este informe a petición.",
    number="Si algo no parece correcto, indique el número del informe: {number}.",
    subscribed="Recibe estos correos porque está suscrito a ellos.",
    unsubscribe="Cancelar la suscripción",
)
