# The scope of a request, for who validates it.
# review: pending
scope-title = Portée de la demande
scope-validated = Elle est validée. Deux agents peuvent la sceller et l’envoyer.
scope-blocked = Elle ne peut pas encore être validée :
scope-other = Un juge ou un procureur signe ici : la personne désignée se connecte à ce poste et la trouve sous Brouillons.
scope-caps = Limites de la convention
scope-cap-subjects = au plus { $count } personnes ou objets
scope-cap-days = au plus { $count } jours
scope-cap-use = pour la seule procédure nommée
scope-window = du { $from } au { $to } ({ $days } jours)
scope-penalty = jusqu’à { $months } mois
scope-reasons = Ce qui la fonde
scope-limit = Limiter cette mesure
scope-limit-how = Décochez ce que vous n’autorisez pas et réduisez la période. Rien ne peut être élargi ici. La demande est enregistrée ainsi et vous est montrée à nouveau avant la signature.
scope-limit-go = Limiter ainsi
scope-limit-wrong = Laissez au moins un type de données et une personne ou un objet, et des jours compris dans la période demandée.
scope-keep = Autoriser cette mesure
scope-from = Du
scope-to = Au
scope-sign-what = Vous signez la demande entière, dont cette page montre la portée. Toute modification exige une nouvelle signature.
scope-sign = Valider et signer
scope-back = Renvoyer le brouillon
scope-back-how = Le brouillon retourne à son auteur avec vos motifs. Il est validé de nouveau avant d’être envoyé.
scope-back-reasons = Ce qui est à réécrire, et pourquoi
scope-back-go = Renvoyer
scope-back-missing = Dites ce qui est à réécrire, et pourquoi.
