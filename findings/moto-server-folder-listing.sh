#!/usr/bin/env bash
# moto 5.2.5 (server): to route a request, the server lists the folder of its own package and asks of each entry whether it is a
# folder, until one has the name of the service. It does so for every request, in turn behind one lock. A call of SQS asks about
# all of them. On a machine where a file system call is slow, such as a container with a user space kernel, this is most of a call's time.
#
# Output seen:
#   dynamodb: 10 calls list the folder 10 times and look at 570 entries
#   sqs: 10 calls list the folder 10 times and look at 1820 entries
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check 'moto[dynamodb,sqs,server]==5.2.5'
cat >client.py <<'PY'
import os
import moto
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import Client

folder = os.path.dirname(moto.__file__)
counts = {"listdir": 0, "isdir": 0}
listdir, isdir = os.listdir, os.path.isdir

def count(name, function):
    def counted(path="."):
        counts[name] += str(path).startswith(folder)
        return function(path)
    return counted

server = Client(DomainDispatcherApplication(create_backend_app))
for service, target in [("dynamodb", "DynamoDB_20120810.ListTables"), ("sqs", "AmazonSQS.ListQueues")]:
    def call():
        answer = server.post("/", data="{}", headers={
            "X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.0",
            "Authorization": f"AWS4-HMAC-SHA256 Credential=a/20260101/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=a"})
        assert answer.status_code == 200, answer.text
    call()
    counts.update(listdir=0, isdir=0)
    os.listdir, os.path.isdir = count("listdir", listdir), count("isdir", isdir)
    for _ in range(10):
        call()
    os.listdir, os.path.isdir = listdir, isdir
    print(f"{service}: 10 calls list the folder {counts['listdir']} times and look at {counts['isdir']} entries")
PY
got=$(venv/bin/python client.py)
echo "$got"
want="dynamodb: 10 calls list the folder 10 times and look at 570 entries
sqs: 10 calls list the folder 10 times and look at 1820 entries"
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
