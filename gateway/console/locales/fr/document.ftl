# review: pending
document-under = Transmis sous ces conditions :
document-length = Longueur
document-opened = Contenu
document-gone = Il a été détruit. Il n’en reste que la longueur et l’empreinte.
document-cut = Il y en a davantage ; l’empreinte vaut pour le tout.
document-open-title = Ouvrir ce qui a été reçu
document-open-what = Vous signez chaque ouverture. Elle est consignée : qui, quand et pourquoi.
document-open = Ouvrir
document-purpose = À quelle fin
document-purpose-hint = Par son nom dans le traité. Vide : la finalité de la demande.
document-proceeding = Pour quelle procédure
document-proceeding-hint = Son numéro. Vide : celle que la demande indique.
document-reader = Qui le lit
document-reader-hint = Une personne que la note de garde désigne. Vide : vous.
document-passphrase-hint = Celle de votre clé, pour signer cette seule ouverture.
document-openings = Qui l’a ouvert
document-signed-by = signé par
