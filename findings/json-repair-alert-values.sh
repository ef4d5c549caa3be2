#!/usr/bin/env bash
# json_repair 0.53.0 for Python and jsonrepair 3.13.0 for JavaScript: a template that forgot the quotation marks around its variables gives
# other values in each. The Python library drops what stands before a number and the dollar sign of a variable that was not
# replaced, so a threshold loses its comparison. The JavaScript library makes a quotation mark of an apostrophe.
#
# Output seen:
#   written                  Python                      JavaScript
#   {"status": > 0.8}        {"status": 0.8}             {"status": "> 0.8"}
#   {"team": $TEAM}          {"team": "TEAM"}            {"team": "$TEAM"}
#   {'title': 'it's down'}   {"title": "it's down'"}     {"title": "it\"s down"}
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check json_repair==0.53.0
npm init -y >/dev/null
npm install --silent --no-fund --no-audit jsonrepair@3.13.0 >/dev/null
cat >repair.mjs <<'JS'
import { jsonrepair } from 'jsonrepair'
console.log(jsonrepair(process.argv[2]))
JS
repair() {
	printf '%-24s %-27s %s\n' "$1" "$(venv/bin/python -c 'import json_repair, sys; print(json_repair.repair_json(sys.argv[1]))' "$1")" "$(node repair.mjs "$1")"
}
got=$(repair '{"status": > 0.8}' && repair '{"team": $TEAM}' && repair "{'title': 'it's down'}")
echo "$got"
want='{"status": > 0.8}        {"status": 0.8}             {"status": "> 0.8"}
{"team": $TEAM}          {"team": "TEAM"}            {"team": "$TEAM"}
{'\''title'\'': '\''it'\''s down'\''}   {"title": "it'\''s down'\''"}     {"title": "it\"s down"}'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
