#!/usr/bin/env bash
# aws-cron-parser 1.1.12 (npm): a day that a month does not have becomes a day of the next month. A schedule of EventBridge for the 31st is
# reported for 3 March and 1 May, and one for 29 February for 1 March of other years. aws-croniter 2.1.1 (PyPI) leaves such months out. A check
# that waits for the predicted run reports it as missed. L, the last day of the month, is right in both.
#
# Output seen (the next four from 15 January 2026):
#   0 9 31 * ? *   npm:  2026-01-31 2026-03-03 2026-03-31 2026-05-01
#                  PyPI: 2026-01-31 2026-03-31 2026-05-31 2026-07-31
#   0 9 29 2 ? *   npm:  2026-03-01 2027-03-01 2028-02-29 2029-03-01
#                  PyPI: 2028-02-29 2032-02-29 2036-02-29 2040-02-29
#   0 9 L * ? *    npm:  2026-01-31 2026-02-28 2026-03-31 2026-04-30
#                  PyPI: 2026-01-31 2026-02-28 2026-03-31 2026-04-30
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check aws-croniter==2.1.1
npm init -y >/dev/null
npm install --silent --no-fund --no-audit aws-cron-parser@1.1.12 >/dev/null
cat >next.mjs <<'JS'
import parser from 'aws-cron-parser'
const schedule = parser.parse(process.argv[2])
const dates = []
let date = new Date('2026-01-15T00:00:00Z')
for (let i = 0; i < 4; i++) {
	date = parser.next(schedule, date)
	dates.push(date.toISOString().slice(0, 10))
}
console.log(dates.join(' '))
JS
cat >next.py <<'PY'
import sys
from datetime import datetime, timezone
from aws_croniter import AwsCroniter

dates = AwsCroniter(sys.argv[1]).get_next(datetime(2026, 1, 15, tzinfo=timezone.utc), 4)
print(*(date.strftime("%Y-%m-%d") for date in dates))
PY
got=$(
	for schedule in '0 9 31 * ? *' '0 9 29 2 ? *' '0 9 L * ? *'; do
		printf '%-14s npm:  %s\n' "$schedule" "$(node next.mjs "$schedule")"
		printf '%-14s PyPI: %s\n' '' "$(venv/bin/python next.py "$schedule")"
	done
)
echo "$got"
want='0 9 31 * ? *   npm:  2026-01-31 2026-03-03 2026-03-31 2026-05-01
               PyPI: 2026-01-31 2026-03-31 2026-05-31 2026-07-31
0 9 29 2 ? *   npm:  2026-03-01 2027-03-01 2028-02-29 2029-03-01
               PyPI: 2028-02-29 2032-02-29 2036-02-29 2040-02-29
0 9 L * ? *    npm:  2026-01-31 2026-02-28 2026-03-31 2026-04-30
               PyPI: 2026-01-31 2026-02-28 2026-03-31 2026-04-30'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
