#!/usr/bin/env bash
# moto 5.2.5: DynamoDB returns a number as it was written and keeps equal members of a set. AWS's developer guide ("Supported data
# types and naming rules") says that zeros in front and at the end are trimmed, that more than 38 digits end with an exception, and
# that the members of a set are unique. A test that compares the stored text, or waits for the error, turns out the other way on
# AWS.
#
# Output seen:
#   001.50      stored as 001.50
#   1e2         stored as 1e2
#   50 digits   stored as 50 digits
#   set 1, 1.0  stored as 2 members
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check 'moto[dynamodb]==5.2.5'
cat >store.py <<'PY'
import boto3
import moto

@moto.mock_aws
def main():
    table = boto3.client("dynamodb", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    table.create_table(TableName="t", BillingMode="PAY_PER_REQUEST", KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                       AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}])

    def stored(value):
        table.put_item(TableName="t", Item={"id": {"S": "a"}, "value": value})
        return table.get_item(TableName="t", Key={"id": {"S": "a"}})["Item"]["value"]

    for number in ("001.50", "1e2"):
        print(f"{number:11} stored as {stored({'N': number})['N']}")
    print(f"50 digits   stored as {len(stored({'N': '1' * 50})['N'])} digits")
    print(f"set 1, 1.0  stored as {len(stored({'NS': ['1', '1.0']})['NS'])} members")

main()
PY
got=$(venv/bin/python store.py)
echo "$got"
want='001.50      stored as 001.50
1e2         stored as 1e2
50 digits   stored as 50 digits
set 1, 1.0  stored as 2 members'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
