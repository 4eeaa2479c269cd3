# Signing in.
sign-in-title = Sign in
sign-in-officer = Officer
sign-in-officer-hint = Your name in the folder of officers, as in officer-1.
sign-in-passphrase = Passphrase
sign-in-passphrase-hint = That of your own key. It is used to prove who you are, and is not kept.
sign-in-enter = Sign in
sign-in-ended = Your session has ended.
sign-in-kept = Nothing was done, and what you had entered is kept: sign in to go on.
go-on-title = You are signed in
go-on-what = What you had entered is kept. It was not sent.
go-on-button = Go on
led-here-title = Go on to the console
