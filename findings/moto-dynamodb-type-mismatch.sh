#!/usr/bin/env bash
# moto 5.2.5 (server): a DynamoDB condition that compares a text attribute with a number ends with status 500 and an HTML page.
# DynamoDB's documentation defines comparisons for operands of one type; clients expect a JSON error or ConditionalCheckFailedException. The
# AWS SDKs retry a 500, so one such item makes a client wait through all its attempts.
#
# Output seen:
#   text < number: 500 text/html
#   number < number: 400 ConditionalCheckFailedException
set -euo pipefail
cd "$(mktemp -d)"
trap 'kill $server 2>/dev/null || true; rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check 'moto[dynamodb,server]==5.2.5'
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
venv/bin/moto_server --host 127.0.0.1 --port "$port" >log 2>&1 &
server=$!
cat >client.py <<'PY'
import json, sys, time, urllib.error, urllib.request

def call(operation, body):
    request = urllib.request.Request(f"http://127.0.0.1:{sys.argv[1]}/", json.dumps(body).encode(), {
        "X-Amz-Target": "DynamoDB_20120810." + operation, "Content-Type": "application/x-amz-json-1.0",
        "Authorization": "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0"})
    for _ in range(100):
        try:
            return urllib.request.urlopen(request).status, ""
        except urllib.error.HTTPError as error:
            kind, text = error.headers.get_content_type(), error.read()
            return error.code, json.loads(text)["__type"].split("#")[1] if "json" in kind else kind
        except urllib.error.URLError:
            time.sleep(0.2)

call("CreateTable", {"TableName": "t", "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                     "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]})
for name, value in (("text < number", {"S": "soon"}), ("number < number", {"N": "9"})):
    call("PutItem", {"TableName": "t", "Item": {"id": {"S": "a"}, "ends": value}})
    print(name + ":", *call("PutItem", {"TableName": "t", "Item": {"id": {"S": "a"}}, "ConditionExpression": "ends < :n",
                                        "ExpressionAttributeValues": {":n": {"N": "7"}}}))
PY
got=$(python3 client.py "$port")
echo "$got"
want='text < number: 500 text/html
number < number: 400 ConditionalCheckFailedException'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
