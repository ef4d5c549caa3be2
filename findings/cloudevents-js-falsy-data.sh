#!/usr/bin/env bash
# cloudevents 10.0.0 (npm): an event in structured mode whose data is false, 0 or "" is read as an event without data, without an error. The
# JSON format of CloudEvents 1.0 allows every JSON value there, the same library writes these events, and cloudevents 2.2.0 (PyPI)
# reads them. A gauge that fell to 0, or a check that says false, arrives as an event that says nothing.
#
# Output seen (each event written by the npm library):
#   "data":1      npm: 1          PyPI: 1
#   "data":0      npm: undefined  PyPI: 0
#   "data":false  npm: undefined  PyPI: false
#   "data":""     npm: undefined  PyPI: ""
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check cloudevents==2.2.0
npm init -y >/dev/null
npm install --silent --no-fund --no-audit cloudevents@10.0.0 >/dev/null
cat >write.cjs <<'JS'
const { CloudEvent, HTTP } = require('cloudevents')
console.log(HTTP.structured(new CloudEvent({ id: '1', source: '/monitors', type: 'check', data: JSON.parse(process.argv[2]) })).body)
JS
cat >read.cjs <<'JS'
const { HTTP } = require('cloudevents')
const headers = { 'content-type': 'application/cloudevents+json' }
console.log(String(JSON.stringify(HTTP.toEvent({ headers, body: require('fs').readFileSync(0, 'utf8') }).data)))
JS
cat >read.py <<'PY'
import json, sys
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
print(json.dumps(from_http_event(HTTPMessage({"content-type": "application/cloudevents+json"}, sys.stdin.buffer.read())).get_data()))
PY
got=$(for data in 1 0 false '""'; do
	node write.cjs "$data" >event.json
	printf '%-13s npm: %-10s PyPI: %s\n' "$(grep -o '"data":[^}]*' event.json)" "$(node read.cjs <event.json)" "$(venv/bin/python read.py <event.json)"
done)
echo "$got"
want='"data":1      npm: 1          PyPI: 1
"data":0      npm: undefined  PyPI: 0
"data":false  npm: undefined  PyPI: false
"data":""     npm: undefined  PyPI: ""'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
