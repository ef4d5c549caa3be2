#!/usr/bin/env bash
# @aws-lambda-powertools/jmespath 2.36.0: not_null() returns null where the first value that is not null is 0, false or "", and does not
# go on to the next one. The average of an empty list is NaN, and sort() follows the locale. JMESPath's specification says the first value
# that is not null, null, and code points; jmespath 1.1.0, which Powertools for Python evaluates the same settings with, does that. An
# idempotency key or envelope written for one of the two picks other data in the other.
#
# Output seen:
#                                 TypeScript  Python
#   not_null(a, b)                null        0
#   not_null(c, b)                null        false
#   not_null(d, b)                null        ""
#   not_null(missing, b)          7           7
#   avg(empty)                    NaN         null
#   sort(hosts)                   ["db","Web"] ["Web","db"]
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check aws-lambda-powertools==3.37.0 jmespath==1.1.0
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @aws-lambda-powertools/jmespath@2.36.0 >/dev/null
echo '{"a": 0, "b": 7, "c": false, "d": "", "empty": [], "hosts": ["db", "Web"]}' >event.json
cat >query.mjs <<'JS'
import fs from 'fs'
import { search } from '@aws-lambda-powertools/jmespath'
const found = search(process.argv[2], JSON.parse(fs.readFileSync('event.json')))
console.log(Number.isNaN(found) ? 'NaN' : JSON.stringify(found))
JS
cat >query.py <<'PY'
import json, sys
from aws_lambda_powertools.utilities.jmespath_utils import query
print(json.dumps(query(json.load(open("event.json")), sys.argv[1]), separators=(",", ":")))
PY
got=$(
	printf '%-29s %-11s %s\n' '' TypeScript Python
	for expression in 'not_null(a, b)' 'not_null(c, b)' 'not_null(d, b)' 'not_null(missing, b)' 'avg(empty)' 'sort(hosts)'; do
		printf '%-29s %-11s %s\n' "$expression" "$(node query.mjs "$expression")" "$(venv/bin/python query.py "$expression")"
	done
)
echo "$got"
want='                              TypeScript  Python
not_null(a, b)                null        0
not_null(c, b)                null        false
not_null(d, b)                null        ""
not_null(missing, b)          7           7
avg(empty)                    NaN         null
sort(hosts)                   ["db","Web"] ["Web","db"]'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
