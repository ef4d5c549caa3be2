#!/usr/bin/env bash
# aws-lambda-powertools 3.37.0, parser: the model of a function URL's event reads the address of the caller as a network. Compared with
# an address, or looked up in a list of addresses, it is never equal, and as a text it ends in /32. The event_source class of the
# same package leaves it as it is.
#
# Output seen:
#   parser        203.0.113.7/32  equal to the address: False
#   event_source  203.0.113.7  equal to the address: True
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check 'aws-lambda-powertools[parser]==3.37.0'
cat >address.py <<'PY'
import ipaddress
from aws_lambda_powertools.utilities.data_classes import LambdaFunctionUrlEvent
from aws_lambda_powertools.utilities.parser.models import LambdaFunctionUrlModel

event = {
    "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "", "headers": {"content-type": "application/json"},
    "requestContext": {
        "accountId": "anonymous", "apiId": "example", "domainName": "example.lambda-url.eu-west-1.on.aws", "domainPrefix": "example",
        "http": {"method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7", "userAgent": "Datadog"},
        "requestId": "0", "routeKey": "$default", "stage": "$default", "time": "30/Nov/2026:07:00:00 +0000", "timeEpoch": 1796022000000,
    },
    "body": "{}", "isBase64Encoded": False,
}
parsed = LambdaFunctionUrlModel(**event).requestContext.http.sourceIp
plain = LambdaFunctionUrlEvent(event).request_context.http.source_ip
print(f"parser        {parsed}  equal to the address: {parsed == ipaddress.ip_address('203.0.113.7')}")
print(f"event_source  {plain}  equal to the address: {ipaddress.ip_address(plain) == ipaddress.ip_address('203.0.113.7')}")
PY
got=$(venv/bin/python address.py)
echo "$got"
want='parser        203.0.113.7/32  equal to the address: False
event_source  203.0.113.7  equal to the address: True'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
