#!/usr/bin/env bash
# github.com/apognu/gocal v0.9.1: the end of a recurrence is compared with each occurrence by their clocks, without their time zones, and an
# equal one is left out. RFC 5545 (3.3.10) says that UNTIL is a moment in UTC, and that an occurrence at this moment is the last one. East of UTC
# the last shift of an on-call rotation is missing, west of it there is one too many. recurring-ical-events 3.8.2 (PyPI) keeps to it.
#
# Output seen (each Monday at 09:00 from 16 March 2026):
#   Berlin, UNTIL at the shift of 13 April               gocal: 4  PyPI: 5
#   Berlin, UNTIL an hour behind the shift of 13 April   gocal: 4  PyPI: 5
#   Denver, UNTIL an hour before the shift of 13 April   gocal: 5  PyPI: 4
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check recurring-ical-events==3.8.2 icalendar==7.3.2
cat >count.py <<'PY'
import sys
import icalendar, recurring_ical_events

calendar = icalendar.Calendar.from_ical(open(sys.argv[1]).read())
print(len(recurring_ical_events.of(calendar).between((2026, 3, 1), (2026, 5, 1))))
PY
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"time"

	"github.com/apognu/gocal"
)

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	calendar := gocal.NewParser(file)
	start, end := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	calendar.Start, calendar.End = &start, &end
	if err := calendar.Parse(); err != nil {
		panic(err)
	}
	fmt.Println(len(calendar.Events))
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/apognu/gocal@v0.9.1 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
go build -o count .
shifts() { # name, time zone, UNTIL
	cat >shifts.ics <<-ICS
		BEGIN:VCALENDAR
		VERSION:2.0
		PRODID:-//finding//EN
		BEGIN:VEVENT
		UID:shift@example.com
		DTSTAMP:20260101T000000Z
		DTSTART;TZID=$2:20260316T090000
		DTEND;TZID=$2:20260316T170000
		RRULE:FREQ=WEEKLY;UNTIL=$3
		SUMMARY:On call
		END:VEVENT
		END:VCALENDAR
	ICS
	printf '%-52s gocal: %s  PyPI: %s\n' "$1" "$(./count shifts.ics)" "$(venv/bin/python count.py shifts.ics)"
}
got=$(
	shifts 'Berlin, UNTIL at the shift of 13 April' Europe/Berlin 20260413T070000Z
	shifts 'Berlin, UNTIL an hour behind the shift of 13 April' Europe/Berlin 20260413T080000Z
	shifts 'Denver, UNTIL an hour before the shift of 13 April' America/Denver 20260413T140000Z
)
echo "$got"
want='Berlin, UNTIL at the shift of 13 April               gocal: 4  PyPI: 5
Berlin, UNTIL an hour behind the shift of 13 April   gocal: 4  PyPI: 5
Denver, UNTIL an hour before the shift of 13 April   gocal: 5  PyPI: 4'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
