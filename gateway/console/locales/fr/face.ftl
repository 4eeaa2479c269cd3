# review: pending
face-skip = Aller au contenu principal
face-menu = Menu
face-service = Informations sur le service
face-inbox = Boîte de réception
face-agenda = Échéancier
face-disposal = Destruction
face-search = Recherche
face-statistics = Statistiques
face-language = Langue de l’interface
face-sign-out = Se déconnecter
face-support = Liens d’assistance
face-help = Aide
face-accessibility = Déclaration d’accessibilité
face-training = Formation
face-training-means = Cet État est simulé. Rien de ce que vous faites ici ne parvient à une autorité ou à une personne réelle.

govuk-error-prefix = Erreur
govuk-error-title = Il y a un problème
govuk-success = Terminé
govuk-important = Important
govuk-warning = Avertissement
govuk-date-day = Jour
govuk-date-month = Mois
govuk-date-year = Année
govuk-pages = Pages
govuk-page-first = Retour à la première page
govuk-page-next = Page suivante
