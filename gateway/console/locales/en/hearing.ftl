# A hearing by video link, by the clocks of both sides.
hearing-times = Times
hearing-number = No.
hearing-both = Both clocks
hearing-both-none = Fill in days and times, and look at them by both clocks before you go on.
hearing-show = Show both clocks
hearing-not-office = outside office hours
hearing-slot-line = { $times }, { $minutes } minutes
hearing-by = proposed by
hearing-office = Office hours are taken as 8 to 18 from Monday to Friday; holidays are not known here.
hearing-stages = How far it is
hearing-done = said
hearing-not-yet = not yet
hearing-signed = The minutes are signed by:
hearing-minutes = Download the minutes, to read them before you sign
hearing-yes = Yes
hearing-no = No
