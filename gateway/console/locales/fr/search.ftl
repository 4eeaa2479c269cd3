# review: pending
search-title = Recherche
search-what = La recherche porte sur numéros, références, autorités, articles, types, états et jours. Rien de scellé n’est ouvert.
search-words = Mots
search-words-hint = Tous doivent être trouvés, p. ex. : FR:central stored_data
search-any = Tous
search-from = Modifié dès le
search-to = jusqu’au
search-do = Chercher
search-found = Résultats
search-told = { $found } trouvés parmi les { $looked } dossiers et projets examinés.
search-on = Continuer parmi les plus anciens
