# A request that came: the first look, the acceptance, questions.
# review: pending
triage-title = Premier examen d’une demande
triage-from = De
triage-next = Suites possibles
triage-what = Ce qui est demandé, et selon quel article
triage-who = Qui demande
triage-why = Pourquoi, et avec quelle urgence
triage-there = Heure sur place
triage-missing = Ce qui manque
triage-nothing-missing = Rien, selon la convention et vos propres règles.
triage-dual = déclarée punissable dans les deux États
triage-no-dual = non déclarée punissable dans les deux États
triage-request = Lire toute la demande
triage-open = Examiner la demande

# To accept in one act.
accept-then = Puis, avec la même phrase de passe
accept-then-what = L’examen est ouvert d’abord. Dès que les deux passerelles l’ont admis, ceci est signé pour vous, et rien d’autre.

# Templates of questions.
ask-templates = Partir d’un modèle
ask-facts = Les faits sont incomplets
ask-identity = La personne ou le compte ne peut être identifié
ask-offence = L’infraction ou la peine n’est pas claire
ask-custodian = Le dépositaire n’est pas connu
ask-translation = La traduction manque ou n’est pas claire
ask-decision = La décision judiciaire n’est pas claire
ask-text-facts = Veuillez compléter les faits : qui est soupçonné de quel acte, quand et où il a été commis, et en quoi les données demandées s’y rapportent.
ask-text-identity = Ce que vous désignez correspond ici à plusieurs personnes ou comptes, ou à aucun. Veuillez indiquer un élément distinctif, par exemple une date de naissance, l’adresse exacte du compte ou un instant avec son fuseau horaire.
ask-text-offence = Veuillez transmettre le texte de la disposition et la peine maximale, et indiquer par quel comportement l’infraction est constituée.
ask-text-custodian = Nous n’avons pu trouver qui détient les données. Veuillez nommer le fournisseur ou dépositaire, avec son adresse ou le lieu de son système.
ask-text-translation = Veuillez transmettre une traduction certifiée de la demande, ou des passages non encore traduits.
ask-text-decision = Veuillez indiquer quelle juridiction ou quel parquet a décidé, quand, sous quel numéro et sur quelle base légale.
