#!/usr/bin/env bash
# node-ical 0.26.1 (npm) and github.com/apognu/gocal v0.9.1: the DURATION of a day or a week is 24 or 168 hours. RFC 5545 (3.3.6) says that days and
# weeks are nominal, so that a shift of P1W from Monday 09:00 ends on Monday 09:00. In the week of the clock change these libraries end an on-call
# week an hour late or early: two people are on call, or none. recurring-ical-events 3.8.2 (PyPI) ends it at 09:00.
#
# Output seen (Berlin, each shift from 09:00):
#   P1W from 16 March    npm: 09:00  Go: 09:00  PyPI: 09:00
#   P1W from 23 March    npm: 10:00  Go: 10:00  PyPI: 09:00
#   P1D from 24 October  npm: 08:00  Go: 08:00  PyPI: 09:00
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check recurring-ical-events==3.8.2 icalendar==7.3.2
npm init -y >/dev/null
npm install --silent --no-fund --no-audit node-ical@0.26.1 >/dev/null
cat >end.py <<'PY'
import icalendar, recurring_ical_events

calendar = icalendar.Calendar.from_ical(open("shift.ics").read())
print(*(f"{shift.end:%H:%M}" for shift in recurring_ical_events.of(calendar).between((2026, 1, 1), (2026, 12, 31))))
PY
cat >end.cjs <<'JS'
const shift = Object.values(require('node-ical').sync.parseFile('shift.ics')).find(({ type }) => type === 'VEVENT')
console.log(shift.end.toLocaleTimeString('de-DE', { timeZone: 'Europe/Berlin', timeStyle: 'short' }))
JS
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"
	"time"
	_ "time/tzdata"

	"github.com/apognu/gocal"
)

func main() {
	file, err := os.Open("shift.ics")
	if err != nil {
		panic(err)
	}
	calendar := gocal.NewParser(file)
	start, end := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC)
	calendar.Start, calendar.End = &start, &end
	if err := calendar.Parse(); err != nil {
		panic(err)
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	fmt.Println(calendar.Events[0].End.In(berlin).Format("15:04"))
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/apognu/gocal@v0.9.1 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
go build -o end .
shift_end() { # name, day, DURATION
	cat >shift.ics <<-ICS
		BEGIN:VCALENDAR
		VERSION:2.0
		PRODID:-//finding//EN
		BEGIN:VEVENT
		UID:shift@example.com
		DTSTAMP:20260101T000000Z
		DTSTART;TZID=Europe/Berlin:$2T090000
		DURATION:$3
		SUMMARY:On call
		END:VEVENT
		END:VCALENDAR
	ICS
	printf '%-20s npm: %s  Go: %s  PyPI: %s\n' "$1" "$(node end.cjs)" "$(./end)" "$(venv/bin/python end.py)"
}
got=$(
	shift_end 'P1W from 16 March' 20260316 P1W
	shift_end 'P1W from 23 March' 20260323 P1W
	shift_end 'P1D from 24 October' 20261024 P1D
)
echo "$got"
want='P1W from 16 March    npm: 09:00  Go: 09:00  PyPI: 09:00
P1W from 23 March    npm: 10:00  Go: 10:00  PyPI: 09:00
P1D from 24 October  npm: 08:00  Go: 08:00  PyPI: 09:00'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
