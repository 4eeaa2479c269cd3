# review: pending
sign-in-title = Connexion
sign-in-officer = Agent
sign-in-officer-hint = Votre nom dans le dossier des agents, par exemple officer-1.
sign-in-passphrase = Phrase secrète
sign-in-passphrase-hint = Celle de votre propre clé. Elle sert à prouver votre identité et n’est pas conservée.
sign-in-enter = Se connecter
sign-in-ended = Votre session a pris fin.
sign-in-kept = Rien n’a été fait et votre saisie est conservée : connectez-vous pour continuer.
go-on-title = Vous êtes connecté
go-on-what = Votre saisie est conservée. Elle n’a pas été envoyée.
go-on-button = Continuer
led-here-title = Continuer vers la console
