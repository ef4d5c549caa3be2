#!/usr/bin/env bash
# moto 5.2.5 (server): TransactWriteItems ignores ClientRequestToken. AWS's API reference says that the token makes the call
# idempotent for ten minutes and that the same token with other parameters ends with IdempotentParameterMismatchException; moto
# writes each time. A counter in a transaction that a client repeats counts twice in a test and once on AWS.
#
# Output seen:
#   same token, same request:  TransactWriteItems 200, count 2
#   same token, other request: TransactWriteItems 200, count 12
set -euo pipefail
cd "$(mktemp -d)"
trap 'kill $server 2>/dev/null || true; rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check 'moto[dynamodb,server]==5.2.5'
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
venv/bin/moto_server --host 127.0.0.1 --port "$port" >log 2>&1 &
server=$!
for _ in $(seq 100); do (: </dev/tcp/127.0.0.1/"$port") 2>/dev/null && break; sleep 0.2; done
cat >client.py <<'PY'
import sys
import boto3

table = boto3.client("dynamodb", endpoint_url=f"http://127.0.0.1:{sys.argv[1]}", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
table.create_table(TableName="t", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                   AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])

def add(number):
    answer = table.transact_write_items(ClientRequestToken="token", TransactItems=[{"Update": {
        "TableName": "t", "Key": {"id": {"S": "a"}}, "UpdateExpression": "ADD seen :n", "ExpressionAttributeValues": {":n": {"N": number}}}}])
    count = table.get_item(TableName="t", Key={"id": {"S": "a"}}, ConsistentRead=True)["Item"]["seen"]["N"]
    return f"TransactWriteItems {answer['ResponseMetadata']['HTTPStatusCode']}, count {count}"

add("1")
print("same token, same request: ", add("1"))
print("same token, other request:", add("10"))
PY
got=$(venv/bin/python client.py "$port")
echo "$got"
want='same token, same request:  TransactWriteItems 200, count 2
same token, other request: TransactWriteItems 200, count 12'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
