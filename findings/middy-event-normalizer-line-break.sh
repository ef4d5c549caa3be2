#!/usr/bin/env bash
# @middy/event-normalizer 6.4.5 (npm): a message of SQS or SNS whose JSON begins with a line break or a space stays a text, without an error, because
# only the first character decides whether it is parsed. The handler then reads undefined from every field. A template literal that starts on the
# line below its backquote sends such JSON. aws-lambda-powertools 3.37.0 (PyPI) parses it in json_body.
#
# Output seen:
#   {"title": "CPU"}    middy: object  Powertools: dict
#   \n{"title": "CPU"}  middy: string  Powertools: dict
#   {"title": "CPU"}\n  middy: object  Powertools: dict
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check aws-lambda-powertools==3.37.0
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @middy/core@6.4.5 @middy/event-normalizer@6.4.5 >/dev/null
cat >handle.mjs <<'JS'
import middy from '@middy/core'
import normalizer from '@middy/event-normalizer'
const handler = middy().use(normalizer()).handler(async (event) => typeof event.Records[0].body)
console.log(await handler({ Records: [{ eventSource: 'aws:sqs', body: process.argv[2] }] }, {}))
JS
cat >handle.py <<'PY'
import sys
from aws_lambda_powertools.utilities.data_classes import SQSEvent
print(*(type(record.json_body).__name__ for record in SQSEvent({"Records": [{"body": sys.argv[1]}]}).records))
PY
got=$(
	for body in '{"title": "CPU"}' '\n{"title": "CPU"}' '{"title": "CPU"}\n'; do
		sent=$(printf '%b.' "$body")
		printf '%-19s middy: %s  Powertools: %s\n' "$body" "$(node handle.mjs "${sent%.}")" "$(venv/bin/python handle.py "${sent%.}")"
	done
)
echo "$got"
want='{"title": "CPU"}    middy: object  Powertools: dict
\n{"title": "CPU"}  middy: string  Powertools: dict
{"title": "CPU"}\n  middy: object  Powertools: dict'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
