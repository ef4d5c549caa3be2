#!/usr/bin/env bash
# moto 5.2.5: SQS accepts a body with characters that AWS refuses (InvalidMessageContents: all but tab, line breaks and U+0020 up) and a
# message with more than ten attributes ("Message quotas" of the developer guide), although it holds the body to its size and the
# delay to 15 minutes. A sender that passes its tests fails on AWS with the alert that has such a character.
#
# Output seen:
#   control character in the body   accepted
#   11 attributes                   accepted
#   body of 1 MiB and a byte        InvalidParameterValue
#   delay of 901 s                  InvalidParameterValue
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check 'moto[sqs]==5.2.5'
cat >send.py <<'PY'
import boto3
import botocore.exceptions
import moto

@moto.mock_aws
def main():
    client = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    url = client.create_queue(QueueName="alerts")["QueueUrl"]

    def send(name, **message):
        try:
            client.send_message(QueueUrl=url, **message)
            outcome = "accepted"
        except botocore.exceptions.ClientError as e:
            outcome = e.response["Error"]["Code"]
        print(f"{name:31} {outcome}")

    attributes = {f"tag{i}": {"DataType": "String", "StringValue": "a"} for i in range(11)}
    send("control character in the body", MessageBody="CPU \x07 high")
    send("11 attributes", MessageBody="CPU high", MessageAttributes=attributes)
    send("body of 1 MiB and a byte", MessageBody="a" * (1024 * 1024 + 1))
    send("delay of 901 s", MessageBody="CPU high", DelaySeconds=901)

main()
PY
got=$(venv/bin/python send.py)
echo "$got"
want='control character in the body   accepted
11 attributes                   accepted
body of 1 MiB and a byte        InvalidParameterValue
delay of 901 s                  InvalidParameterValue'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
