#!/usr/bin/env bash
# moto 5.2.5: SendMessage and ReceiveMessage each read one attribute of the queue, and moto makes all attributes for that, which counts
# the visible, the delayed and the other messages. ReceiveMessage does so three times for each message that it delivers. A call
# takes longer the more messages wait: a test that filled a queue with some thousand sent a few a second at the end.
#
# Output seen:
#   in a queue with 100 messages: SendMessage looks 4 times at each, ReceiveMessage of ten 122 times
#   in a queue with 1000 messages: SendMessage looks 4 times at each, ReceiveMessage of ten 122 times
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check 'moto[sqs]==5.2.5'
cat >count.py <<'PY'
import boto3
import moto
from moto.sqs.models import Message

looks = 0

def counted(name):
    get = getattr(Message, name).fget
    def look(self):
        global looks
        looks += 1
        return get(self)
    setattr(Message, name, property(look))

def during(call, **arguments):
    global looks
    looks = 0
    call(**arguments)
    return looks

@moto.mock_aws
def main():
    sqs = boto3.client("sqs", region_name="us-east-1", aws_access_key_id="a", aws_secret_access_key="b")
    counted("visible")
    counted("delayed")
    for n in (100, 1000):
        url = sqs.create_queue(QueueName=f"queue-{n}")["QueueUrl"]
        for _ in range(n // 10):
            sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(i), "MessageBody": "x"} for i in range(10)])
        sent = during(sqs.send_message, QueueUrl=url, MessageBody="x")
        received = during(sqs.receive_message, QueueUrl=url, MaxNumberOfMessages=10)
        print(f"in a queue with {n} messages: SendMessage looks {sent / n:.0f} times at each, ReceiveMessage of ten {received / n:.0f} times")

main()
PY
got=$(venv/bin/python count.py)
echo "$got"
want="in a queue with 100 messages: SendMessage looks 4 times at each, ReceiveMessage of ten 122 times
in a queue with 1000 messages: SendMessage looks 4 times at each, ReceiveMessage of ten 122 times"
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
