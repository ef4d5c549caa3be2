#!/usr/bin/env bash
# moto 5.2.5 (server): UpdateItem with ReturnValues UPDATED_NEW leaves out an attribute that the expression sets to the value that it
# has already, and returns no Attributes at all if there is no other. AWS's API reference says that UPDATED_NEW returns the attributes
# of the update as they are after it. On creation it returns the key, too. A caller that reads its own write from the answer works the first time, and fails on a repetition.
#
# Output seen:
#   first:    {'id': {'S': 'a'}, 'ticket': {'S': 'OPS-7'}}
#   repeated: None
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

def keep():
    answer = table.update_item(TableName="t", Key={"id": {"S": "a"}}, UpdateExpression="SET ticket = :t",
                               ExpressionAttributeValues={":t": {"S": "OPS-7"}}, ReturnValues="UPDATED_NEW")
    return answer.get("Attributes") or None

print("first:   ", keep())
print("repeated:", keep())
PY
got=$(venv/bin/python client.py "$port")
echo "$got"
want="first:    {'id': {'S': 'a'}, 'ticket': {'S': 'OPS-7'}}
repeated: None"
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
