#!/usr/bin/env bash
# chevron 0.14.0 (PyPI): a section over a list leaves out the entries that are 0, false or an empty text, without an error. A message that lists
# the values of a metric says "3, 5" for [3, 0, 5], and a row of check results has only those that passed. Mustache's specification renders
# a section once for each item of a list. pystache 0.6.8 (PyPI) and mustache 4.2.0 (npm) do, and chevron itself writes 0 for {{value}}.
#
# Output seen:
#                       chevron   pystache     mustache
#   {{#values}}({{.}})  (3)(5)    (3)(0)(5)    (3)(0)(5)
#   {{#checks}}({{.}})  (ok)      (ok)()       (ok)()
#   {{#hosts}}({{cpu}}) (3)(0)    (3)(0)       (3)(0)
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check chevron==0.14.0 pystache==0.6.8
npm init -y >/dev/null
npm install --silent --no-fund --no-audit mustache@4.2.0 >/dev/null
echo '{"values": [3, 0, 5], "checks": ["ok", ""], "hosts": [{"cpu": 3}, {"cpu": 0}]}' >alert.json
cat >render.py <<'PY'
import importlib, json, sys
print(importlib.import_module(sys.argv[1]).render(sys.argv[2], json.load(open("alert.json"))))
PY
cat >render.cjs <<'JS'
const fs = require('fs')
const mustache = require('mustache')
console.log(mustache.render(process.argv[2], JSON.parse(fs.readFileSync('alert.json'))))
JS
row() { printf '%-19s %-9s %-12s %s\n' "$@"; }
got=$(
	row '' chevron pystache mustache
	for section in '{{#values}}({{.}})' '{{#checks}}({{.}})' '{{#hosts}}({{cpu}})'; do
		name=${section#*#}
		template="$section{{/${name%%\}*}}}"
		row "$section" "$(venv/bin/python render.py chevron "$template")" "$(venv/bin/python render.py pystache "$template")" \
			"$(node render.cjs "$template")"
	done
)
echo "$got"
want='                    chevron   pystache     mustache
{{#values}}({{.}})  (3)(5)    (3)(0)(5)    (3)(0)(5)
{{#checks}}({{.}})  (ok)      (ok)()       (ok)()
{{#hosts}}({{cpu}}) (3)(0)    (3)(0)       (3)(0)'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
