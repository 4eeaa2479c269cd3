# A request and its translation.
# review: pending
translation-title = Original et traduction
translation-how = Les nombres, montants, dates, identifiants et noms sont comparés. Les mots ne le sont pas : c’est la tâche du traducteur.
translation-no-language = La langue de la demande ou de sa traduction n’est pas encore choisie.
translation-uncompared = Rien n’est comparé :
translation-nothing = Il n’y a pas encore de texte.
translation-original = Original
translation-translation = Traduction
translation-agree = Nombres, dates et noms concordent
translation-none = Rien à comparer
translation-differ = Ils diffèrent
translation-perhaps = peut-être un nom
translation-save = Enregistrer et comparer
translation-look = Original et traduction côte à côte
differs-only-original = Seulement dans l’original
differs-only-translation = Seulement dans la traduction
differs-kind-number = nombre
differs-kind-amount = montant
differs-kind-percentage = pourcentage
differs-kind-date = date
differs-kind-month = mois
differs-kind-time = heure
differs-kind-identifier = identifiant
differs-kind-name = nom
