"""French."""

from services.mailer.words.words import Words

FRENCH = Words(
    code="fr",
    thousands="\u202f",
    decimal=",",
    bytes=("1 octet", "{count} octets"),
    kilobytes="{count} ko",
    megabytes="{count} Mo",
    weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    months=(
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
    short_months=(
        *("janv.", "févr.", "mars", "avr.", "mai", "juin"),
        *("juil.", "août", "sept.", "oct.", "nov.", "déc."),
    ),
    first="1er",
    moment_form="{weekday} {day} {month} {year}, {clock} {zone}",
    short_moment_form="{day} {month} {year}, {clock} {zone}",
    greeting="Bonjour {name},",
    greeting_without_name="Bonjour,",
    ready="Votre rapport « {title} » est prêt.",
    report="Rapport",
    due="Pour le",
    made="Créé le",
    rows="Lignes",
    counted_rows=("1 ligne", "{count} lignes"),
    some_rows="{shown} lignes sur {total}",
    more_columns=("1 colonne de plus", "{count} colonnes de plus"),
    before="avant : {value}",
    attached="Pièces jointes",
    to_download="À télécharger",
    packed_because=(
        "Les fichiers sont trop volumineux pour un e-mail ({size}, maximum {limit}) : "
        "ils sont donc joints dans une seule archive."
    ),
    linked_because=(
        "Les fichiers sont trop volumineux pour un e-mail ({size}, maximum {limit}) : "
        "voici donc des liens, valables jusqu’au {moment}."
    ),
    linked="Les liens sont valables jusqu’au {moment}.",
    whoever_has_links="Toute personne disposant d’un lien peut télécharger le fichier.",
    note="À noter",
    late_today="Ce rapport est en retard : prévu à {due}, envoyé à {sent}.",
    late="Ce rapport est en retard : prévu le {due}, envoyé le {sent}.",
    test="Ceci est un test : quelqu’un voulait voir à quoi ressemble cet e-mail.",
    on_schedule="Pressroom a créé ce rapport comme prévu.",
    on_demand="Pressroom a créé ce rapport sur demande.",
    number="Si quelque chose semble incorrect, indiquez le numéro du rapport : {number}.",
    subscribed="Vous recevez ces e-mails parce que vous y êtes abonné.",
    unsubscribe="Se désabonner",
)
