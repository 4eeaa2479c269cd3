# review: pending
accessibility-title = Déclaration d’accessibilité
accessibility-aim = La console est conçue pour satisfaire aux Règles pour l’accessibilité des contenus Web (WCAG) 2.2, niveau AA. Sa pleine conformité n’a pas été auditée.
accessibility-can = Ce que vous pouvez faire
accessibility-can-keyboard = Atteindre et utiliser tous les éléments au seul clavier. Le premier lien de chaque page mène au-delà de ce qui est commun à toutes les pages.
accessibility-can-script = Accomplir tout votre travail avec JavaScript désactivé.
accessibility-can-zoom = Agrandir la page à 400 pour cent, ou utiliser un écran de 320 pixels de large, sans défilement horizontal. Seuls les tableaux larges défilent séparément.
accessibility-can-colours = Utiliser les couleurs sombres, le contraste élevé ou vos propres couleurs si votre appareil les demande. Aucune information n’est donnée par la couleur seule.
accessibility-can-language = Choisir la langue de l’interface sur chaque page. Les passages dans une autre langue sont signalés comme tels, afin qu’un lecteur d’écran puisse les prononcer.
accessibility-gaps = Insuffisances connues
accessibility-gap-reader = Aucun utilisateur de lecteur d’écran n’a encore essayé toutes les pages.
accessibility-gap-documents = Les documents envoyés par d’autres autorités sont présentés tels qu’ils ont été établis. Ils peuvent ne pas être accessibles.
accessibility-gap-translations = Les textes français, italiens, japonais et chinois n’ont pas encore été relus par un juriste de la langue.
accessibility-gap-session = Une session prend fin après un temps d’inactivité, sans avertissement préalable. Ce que vous avez saisi n’est pas perdu : le formulaire vous est présenté de nouveau, rempli, après connexion.
accessibility-how = Comment elle a été vérifiée
accessibility-how-tested = Les pages sont vérifiées automatiquement avec axe-core dans Chromium, avec et sans JavaScript, au clavier et sur une largeur de 320 pixels. De telles vérifications ne révèlent qu’une partie des défauts.
accessibility-report = Signaler un problème
accessibility-report-whom = Adressez-vous à l’exploitant de votre poste. Son adresse figure dans les instructions de votre autorité.

help-title = Aide
help-person = S’adresser à une personne
help-person-whom = L’exploitant de votre poste vous aide à vous connecter et lorsque des pages ne fonctionnent pas. Les questions de droit relèvent de votre autorité centrale.
help-sign = Pourquoi votre phrase secrète vous est demandée de nouveau
help-sign-why = Chaque acte qui engage votre autorité est signé avec votre propre clé. La page indique d’abord en toutes lettres ce qui sera signé. Votre phrase secrète sert à cette seule signature et n’est pas conservée.
help-refused = En cas de refus
help-refused-what = La page indique ce qui a été refusé, en vertu de quel article ou de quelle règle, de qui émane cette règle et ce que vous pouvez faire ensuite. Rien de ce qui a été refusé n’a quitté le poste.
help-languages = Trois langues
help-languages-three = Vous choisissez la langue de l’interface sur chaque page. Ce choix ne modifie ni la langue d’un document ni celle d’un traité, qui sont présentés tels quels.
