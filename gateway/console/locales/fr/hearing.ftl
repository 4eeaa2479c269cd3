# review: pending
hearing-times = Horaires
hearing-number = N°
hearing-both = Les deux horloges
hearing-both-none = Indiquez jours et heures, puis regardez-les aux deux horloges avant de continuer.
hearing-show = Montrer les deux horloges
hearing-not-office = hors des heures de bureau
hearing-slot-line = { $times }, { $minutes } minutes
hearing-by = proposée par
hearing-office = Les heures de bureau sont comptées de 8 à 18 h du lundi au vendredi ; les jours fériés ne sont pas connus ici.
hearing-stages = Où en est l’audition
hearing-done = dit
hearing-not-yet = pas encore
hearing-signed = Procès-verbal signé par :
hearing-minutes = Télécharger le procès-verbal, pour le lire avant de signer
hearing-yes = Oui
hearing-no = Non
