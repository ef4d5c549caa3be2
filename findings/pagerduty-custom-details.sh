#!/usr/bin/env bash
# pagerduty 7.2.0 (PyPI): EventsApiV2Client.trigger writes its custom_details into the dictionary that the caller gave it as
# payload["custom_details"]. A payload that several alerts share collects the details of all of them, so the second incident shows those of
# the first. Without the argument custom_details, or without details in the payload, nothing is written.
#
# Output seen (what the API receives as custom_details):
#   disk full  {"disk": "sda", "runbook": "https://example.com/db"}
#   lag        {"disk": "sda", "lag": "90s", "runbook": "https://example.com/db"}
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check pagerduty==7.2.0 httpx2==2.16.2
cat >trigger.py <<'PY'
import json
import httpx2
from pagerduty import EventsApiV2Client

def receive(request):
    payload = json.loads(request.content)["payload"]
    print(f"{payload['summary']:10} {json.dumps(payload['custom_details'], sort_keys=True)}")
    return httpx2.Response(202, json={"status": "success", "dedup_key": "k"})

client = EventsApiV2Client("0" * 32, transport=httpx2.MockTransport(receive))
shared = {"component": "db", "custom_details": {"runbook": "https://example.com/db"}}
client.trigger("disk full", "db-1", payload=shared, custom_details={"disk": "sda"})
client.trigger("lag", "db-2", payload=shared, custom_details={"lag": "90s"})
PY
got=$(venv/bin/python trigger.py)
echo "$got"
want='disk full  {"disk": "sda", "runbook": "https://example.com/db"}
lag        {"disk": "sda", "lag": "90s", "runbook": "https://example.com/db"}'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
