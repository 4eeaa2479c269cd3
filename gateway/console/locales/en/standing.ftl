# The pages that are reached from the foot of every page.
accessibility-title = Accessibility statement
accessibility-aim = The console is built to meet the Web Content Accessibility Guidelines 2.2 at level AA. That it meets them in full has not been audited.
accessibility-can = What you can do
accessibility-can-keyboard = Reach and use everything with the keyboard alone. The first link of each page leads past what is the same on all pages.
accessibility-can-script = Do all of your work with JavaScript switched off.
accessibility-can-zoom = Enlarge the page to 400 per cent, or use a screen 320 pixels wide, without scrolling sideways. Only wide tables scroll by themselves.
accessibility-can-colours = Use the dark colours, the high contrast or the colours of your own that your device asks for. Nothing is said by colour alone.
accessibility-can-language = Choose the language of the interface on each page. Passages in another language are marked as such, so that a screen reader can pronounce them.
accessibility-gaps = What is known to fall short
accessibility-gap-reader = No user of a screen reader has tried all of the pages yet.
accessibility-gap-documents = Documents that other authorities send are shown as they were made. They may not be accessible.
accessibility-gap-translations = The French, Italian, Japanese and Chinese texts have not yet been reviewed by a lawyer who speaks the language.
accessibility-gap-session = A session ends after a time without activity, and the page does not warn beforehand. What you have filled in is not lost: it is shown again after you have signed in.
accessibility-how = How it was tested
accessibility-how-tested = Pages are tested automatically with axe-core in Chromium, with and without JavaScript, by keyboard, and at a width of 320 pixels. Such tests find only part of all faults.
accessibility-report = Tell us what does not work
accessibility-report-whom = Tell the operator of your desk. The operator’s address stands in your authority’s own instructions.

help-title = Help
help-person = Talk to a person
help-person-whom = The operator of your desk helps with signing in and with pages that do not work. Questions of law go to your central authority.
help-sign = Why you are asked for your passphrase again
help-sign-why = Each step that binds your authority is signed with your own key. The page first shows in words what is going to be signed. Your passphrase is used for that one signature and is not kept.
help-refused = When something is refused
help-refused-what = The page says what was refused, by which article or rule, whose rule it is, and what you can do next. Nothing that was refused has left the desk.
help-languages = Three languages
help-languages-three = The language of the interface is yours to choose on every page. It changes neither the language of a document nor that of a treaty, both of which are shown as they are.
