#!/usr/bin/env bash
# dateutil 2.9.0.post0, rrule.js 2.8.1 and github.com/teambition/rrule-go v1.8.2: a downtime of each night at 02:30 in Berlin begins at
# another moment depending on the library when the clock changes. RFC 5545 (3.3.5) says that a time which does not exist has the offset from
# before the gap, and that of a time which exists twice the first one counts. dateutil is right in autumn only, rrule-go in spring
# only, and rrule.js never. rrule-go also leaves out an hour of an hourly rule in autumn.
#
# Output seen, in UTC:
#              29 March 2026  25 October 2026
#   RFC 5545   01:30          00:30
#   dateutil   00:30          00:30
#   rrule.js   00:30          01:30
#   rrule-go   01:30          01:30
#   rrule-go, each hour of 25 October from 00:00: 22:00 23:00 01:00 02:00
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check python-dateutil==2.9.0.post0
npm init -y >/dev/null
npm install --silent --no-fund --no-audit rrule@2.8.1 >/dev/null
cat >begin.py <<'PY'
from datetime import datetime
from dateutil import rrule, tz

def second(*day):
    start = datetime(*day, 2, 30, tzinfo=tz.gettz("Europe/Berlin"))
    return rrule.rrule(rrule.DAILY, dtstart=start, count=2)[1].astimezone(tz.UTC).strftime("%H:%M")

print(f"dateutil   {second(2026, 3, 28)}          {second(2026, 10, 24)}")
PY
cat >begin.js <<'JS'
const { rrulestr } = require('rrule')
const second = (start) => rrulestr(`DTSTART;TZID=Europe/Berlin:${start}\nRRULE:FREQ=DAILY;COUNT=2`).all()[1].toISOString().slice(11, 16)
console.log(`rrule.js   ${second('20260328T023000')}          ${second('20261024T023000')}`)
JS
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/teambition/rrule-go"
)

func times(start, rule string) (all []string) {
	set, err := rrule.StrToRRuleSet("DTSTART;TZID=Europe/Berlin:" + start + "\nRRULE:" + rule)
	if err != nil {
		panic(err)
	}
	for _, t := range set.All() {
		all = append(all, t.UTC().Format("15:04"))
	}
	return all
}

func main() {
	const daily = "FREQ=DAILY;COUNT=2"
	fmt.Printf("rrule-go   %s          %s\n", times("20260328T023000", daily)[1], times("20261024T023000", daily)[1])
	fmt.Print("rrule-go, each hour of 25 October from 00:00:")
	for _, hour := range times("20261025T000000", "FREQ=HOURLY;COUNT=4") {
		fmt.Print(" ", hour)
	}
	fmt.Println()
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/teambition/rrule-go@v1.8.2 >/dev/null 2>&1
got=$(venv/bin/python begin.py && TZ=UTC node begin.js && go run .)
echo "$got"
want='dateutil   00:30          00:30
rrule.js   00:30          01:30
rrule-go   01:30          01:30
rrule-go, each hour of 25 October from 00:00: 22:00 23:00 01:00 02:00'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
