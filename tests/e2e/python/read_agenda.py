"""Reads an agenda as calendar programs do, with Python's icalendar, and prints what it found.

    read_agenda.py <file.ics>

Prints [{"uid": …, "summary": …, "start": …, "category": …, "alarms": [<moment>, …]}].
"""

import json
import pathlib
import sys

from icalendar import Calendar


def main(path):
    calendar = Calendar.from_ical(path.read_bytes())
    assert not calendar.errors, calendar.errors
    found = []
    for event in calendar.walk("VEVENT"):
        assert not event.errors, event.errors
        found.append(
            {
                "uid": str(event["UID"]),
                "summary": str(event["SUMMARY"]),
                "start": event.decoded("DTSTART").isoformat(),
                "category": event["CATEGORIES"].to_ical().decode(),
                "alarms": [alarm.decoded("TRIGGER").isoformat() for alarm in event.walk("VALARM")],
            }
        )
    print(json.dumps(found))


main(pathlib.Path(sys.argv[1]))
