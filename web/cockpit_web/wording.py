"""What went wrong, in words: for each reason a title, what it means, what we do, what the person can do."""

from __future__ import annotations

from dataclasses import dataclass

from cockpit_web.languages import marked


@dataclass(frozen=True, slots=True)
class Explanation:
    """A problem said to a person, as four French texts to translate. ``code`` is the stable word for programs."""

    code: str
    happened: str
    meaning: str
    we_do: str
    you_can: str


_NOTHING_CHANGED = marked("Rien n'a été modifié dans votre espace.")
_WE_KEEP_NOTHING = marked("Nous ne gardons rien de cette demande.")

CROSS_SITE = Explanation(
    "cross_site",
    marked("Cette action ne vient pas de votre cockpit."),
    marked("Un autre site a peut-être essayé d'agir à votre place."),
    marked("Nous avons refusé l'action. Rien n'a été modifié."),
    marked("Revenez à l'accueil et recommencez depuis le cockpit."),
)
TOO_LARGE = Explanation(
    "too_large",
    marked("C'est trop gros pour être reçu."),
    _NOTHING_CHANGED,
    marked("Nous avons arrêté la réception avant la fin."),
    marked("Envoyez moins de fichiers à la fois, ou un fichier plus court."),
)
NOT_FOUND = Explanation(
    "not_found",
    marked("Cette page n'existe pas, ou n'est pas à vous."),
    _NOTHING_CHANGED,
    marked("Nous répondons la même chose dans les deux cas, pour ne rien révéler."),
    marked("Vérifiez l'adresse, ou repartez de l'accueil."),
)
CHANGE_NOT_POSSIBLE = Explanation(
    "change_not_possible",
    marked("Ce partage a changé d'état entre-temps : cela ne peut plus se faire."),
    _NOTHING_CHANGED,
    marked("Nous gardons chaque changement d'un partage dans votre historique."),
    marked("Regardez où il en est dans « Mes partages »."),
)
NOT_ALLOWED = Explanation(
    "method_not_allowed",
    marked("Cette page ne se demande pas de cette façon."),
    _NOTHING_CHANGED,
    _WE_KEEP_NOTHING,
    marked("Repartez de l'accueil et suivez les boutons."),
)
BAD_REQUEST = Explanation(
    "bad_request",
    marked("Nous n'avons pas compris ce qui a été envoyé."),
    _NOTHING_CHANGED,
    _WE_KEEP_NOTHING,
    marked("Revenez à la page précédente et recommencez."),
)
OURS = Explanation(
    "ours",
    marked("Quelque chose s'est mal passé de notre côté."),
    marked("Ce n'est pas de votre faute. Vos données restent scellées."),
    marked("L'erreur est notée, sans aucune de vos données."),
    marked("Réessayez dans un moment. Si cela continue, prévenez la personne qui s'occupe du cockpit."),
)
OPERATOR = Explanation(
    "operator",
    marked("Le cockpit est mal réglé ou à court de place."),
    marked("Ce n'est pas de votre faute. Vos données restent scellées."),
    marked("L'erreur est notée, sans aucune de vos données."),
    marked("Prévenez la personne qui s'occupe du cockpit."),
)
TAMPERED = Explanation(
    "tampered",
    marked("Une partie de votre espace ne correspond plus à son sceau."),
    marked("Elle a été abîmée ou modifiée. Nous refusons de vous la montrer comme vraie."),
    marked("Nous ne montrons rien qui ne soit pas vérifié."),
    marked("Prévenez la personne qui s'occupe du cockpit : une sauvegarde peut la remplacer."),
)
CITIZEN = Explanation(
    "citizen",
    marked("Il manque quelque chose, ou un choix n'est pas possible."),
    _NOTHING_CHANGED,
    _WE_KEEP_NOTHING,
    marked("Revenez à la page précédente et vérifiez ce que vous avez choisi."),
)
SERVICE = Explanation(
    "service",
    marked("Le service a fait une demande qui n'est pas valable."),
    marked("Aucune donnée n'est partie."),
    marked("Nous avons refusé la demande."),
    marked("Retournez sur le site du service et recommencez, ou laissez tomber."),
)
QUOTA = Explanation(
    "quota",
    marked("Il n'y a plus de place pour ce fichier."),
    marked("Vos fichiers prennent toute la place permise. Rien n'a été modifié dans votre espace."),
    _WE_KEEP_NOTHING,
    marked("Demandez plus de place à la personne qui s'occupe du cockpit."),
)
OBJECTS = Explanation(
    "objects",
    marked("L'endroit où sont gardés vos fichiers ne répond pas."),
    marked("Ce n'est pas de votre faute. Vos données restent scellées."),
    marked("L'erreur est notée, sans aucune de vos données."),
    marked("Réessayez dans un moment. Si cela continue, prévenez la personne qui s'occupe du cockpit."),
)
ERASED_MEANWHILE = Explanation(
    "erased_meanwhile",
    marked("Un fichier a été effacé pendant que l'archive se préparait."),
    marked("L'archive aurait contenu ce que vous venez d'effacer. Rien n'a été modifié dans votre espace."),
    marked("Nous avons jeté l'archive commencée."),
    marked("Demandez l'archive à nouveau."),
)
ONLY_THE_PERSON = Explanation(
    "only_the_person",
    marked("Seule la personne elle-même peut faire cela."),
    marked("Vous agissez pour elle. Ses clés, ses proches et ses archives restent à elle."),
    marked("Nous avons refusé l'action. Rien n'a été modifié."),
    marked("Revenez à l'accueil, ou demandez-lui de le faire depuis son espace."),
)
UNKNOWN_REQUEST = Explanation(
    "unknown_request",
    marked("Cette demande n'attend plus de réponse."),
    marked("Elle a plus de cinq minutes, ou elle a déjà reçu une réponse. Aucune donnée n'est partie."),
    marked("Nous oublions une demande restée sans réponse."),
    marked("Retournez sur le site du service pour qu'il redemande, si vous le souhaitez."),
)

EXPLAINED = {
    explanation.code: explanation
    for explanation in (
        CROSS_SITE,
        TOO_LARGE,
        NOT_FOUND,
        CHANGE_NOT_POSSIBLE,
        NOT_ALLOWED,
        BAD_REQUEST,
        OURS,
        OPERATOR,
        TAMPERED,
        CITIZEN,
        SERVICE,
        QUOTA,
        OBJECTS,
        ERASED_MEANWHILE,
        ONLY_THE_PERSON,
        UNKNOWN_REQUEST,
    )
}
"""Explanations by the code of the error; an error without its own falls back to its family's."""

FORM_SENTENCES = {
    "wrong_secret": marked("L'identifiant ou le secret ne correspond pas. Vérifiez les majuscules et réessayez."),
    "too_many_tries": marked("Trop d'essais. Attendez %(minutes)s min avant de réessayer."),
    "passphrase_short": marked("La phrase secrète est trop courte : il faut au moins %(least)s caractères."),
    "passphrase_long": marked("La phrase secrète est trop longue : %(most)s caractères au plus."),
    "bad_handle": marked("L'identifiant a de 2 à 64 lettres ou chiffres, sans accent ni espace."),
    "handle_taken": marked("Cet identifiant est déjà pris ici. Choisissez-en un autre."),
    "bad_name": marked("Écrivez un nom de 1 à 80 caractères : c'est ainsi que le cockpit vous appelle."),
    "kit_unreadable": marked("Ce code n'est pas complet : 14 groupes de 4 caractères. Vérifiez chaque groupe."),
    "wrong_passphrase": marked("Ce n'est pas votre phrase secrète. Vérifiez les majuscules et réessayez."),
    "old_kit": marked("Ce code est bien écrit, mais il n'ouvre pas votre espace. C'est sans doute un ancien kit."),
    "old_shares": marked("Ces parts n'ouvrent pas votre espace. Elles sont sans doute d'un ancien partage."),
    "wrong_shares": marked("Cet identifiant et ces parts n'ouvrent pas d'espace. Vérifiez l'identifiant."),
    "share_word": marked("Part %(share)s : le mot numéro %(word)s n'est pas dans la liste. Vérifiez son écriture."),
    "share_length": marked("Part %(share)s : il y a %(words)s mots, il en faut %(needed)s."),
    "share_unreadable": marked("Part %(share)s : un mot est faux, ou n'est pas à sa place. Relisez-la mot par mot."),
    "shares_missing": marked("Il faut %(needed)s parts différentes. Vous en avez donné %(given)s."),
    "share_twice": marked("La même part est écrite deux fois. Il faut celle d'un autre proche."),
    "shares_of_two_sets": marked("Ces parts ne vont pas ensemble. Prenez celles d'un même partage, à la même date."),
    "bad_guardians": marked("Choisissez de 2 à 16 proches, et combien d'entre eux suffisent : 2 au moins."),
    "guardians_alike": marked("Deux proches ont le même nom. Donnez un nom différent à chacun."),
    "bad_label": marked("Chaque nom a de 1 à %(most)s caractères, un par ligne."),
    "last_way": marked("C'est votre dernière clé durable. Gardez une phrase secrète, un kit ou des proches."),
    "escrow_not_understood": marked("Cochez la case pour dire que vous avez compris."),
    "passphrases_differ": marked("Les deux phrases secrètes ne sont pas identiques. Écrivez-les à nouveau."),
    "nothing_left": marked("Il ne reste rien à partager. Gardez au moins une donnée, ou refusez."),
    "joint_facts": marked("Ces données parlent aussi d'un autre adulte. Demandez son accord, ou ne les envoyez pas."),
    "bad_code": marked("Aucune demande n'attend sous ce code. Vérifiez chaque lettre, ou redemandez un code."),
    "own_code": marked("C'est votre propre demande. L'autre adulte y répond depuis son espace."),
    "not_a_checkpoint": marked("Ce n'est pas un point de contrôle signé par ce cockpit, ou il a été changé depuis."),
    "bad_rule": marked("Il manque quelque chose pour faire une règle. Choisissez, puis ajoutez."),
    "too_many_rules": marked("Cinquante règles au plus. Retirez-en une d'abord."),
    "nothing_narrower": marked("Rien n'est réduit. Choisissez ce qui ne doit plus partir, ou revenez en arrière."),
    "change_not_possible": marked("Ce partage a changé d'état entre-temps : cela ne peut plus se faire."),
    "once_only": marked("Une lecture unique ne se prolonge pas. Le service doit vous redemander."),
    "service_gone": marked("Ce service ne peut pas recevoir de données en ce moment."),
    "declaration_broader": marked("Le service déclare plus que ce que vous aviez accepté. Il doit vous redemander."),
    "duration_missing": marked("Choisissez combien de temps l'accès dure."),
    "period_reversed": marked("La période commence après sa fin. Choisissez une date plus ancienne."),
    "wider_than_asked": marked("Ce choix donne plus que ce qui est demandé. Revenez au choix proposé."),
    "decision_missing": marked("Choisissez « Non, refuser » ou « Oui, autoriser »."),
    "beyond_mandate_special": marked(
        "Cette demande touche à des données sensibles, comme la santé. Un proche qui aide ne peut pas dire oui."
    ),
    "beyond_mandate_automated": marked("Une machine déciderait. Un proche qui aide ne peut pas dire oui."),
    "beyond_mandate_end": marked("Cette autorisation dépasse la fin de votre aide. Seule la personne peut dire oui."),
    "passphrase_in_use": marked("Quelqu'un entre déjà avec cette phrase. Choisissez-en une autre."),
    "mandate_day": marked("Choisissez le dernier jour."),
    "mandate_too_long": marked("Ce jour est passé, ou trop lointain : %(most)s mois au plus."),
    "mandate_capacity": marked("Choisissez en quelle qualité cette personne vous aide."),
    "too_many_mandates": marked("Cinq personnes vous aident déjà. Retirez-en une d'abord."),
    "no_file": marked("Choisissez au moins un fichier."),
}
"""What a form says beside itself when it is sent back, by the reason of the error."""
