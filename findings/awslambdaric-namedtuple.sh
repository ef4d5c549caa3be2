#!/usr/bin/env bash
# awslambdaric 4.2.2 (PyPI), the runtime client of Lambda for Python: it does not encode a handler's result as json.dumps does. A named tuple
# becomes an object, not an array, and bytes, a Decimal and an object with a method _asdict are encoded where json.dumps refuses them.
# A test that encodes the result with json.dumps sees another answer than the function's caller.
#
# Output seen:
#                  in Lambda                       json.dumps
#   named tuple    {"status": 200, "body": "ok"}   [200, "ok"]
#   tuple          [200, "ok"]                     [200, "ok"]
#   bytes in it    {"body": "ok"}                  TypeError
#   Decimal        1.10                            TypeError
#   _asdict        {"id": 1}                       TypeError
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check awslambdaric==4.2.2 simplejson==4.3.0
cat >encode.py <<'PY'
import json
from decimal import Decimal
from typing import NamedTuple
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller

class Answer(NamedTuple):
    status: int
    body: str

class Order:
    def _asdict(self):
        return {"id": 1}

def text(encode, value):
    try:
        return encode(value)
    except TypeError:
        return "TypeError"

print(f"{'':14} {'in Lambda':31} json.dumps")
for name, value in [
    ("named tuple", Answer(200, "ok")),
    ("tuple", (200, "ok")),
    ("bytes in it", {"body": b"ok"}),
    ("Decimal", Decimal("1.10")),
    ("_asdict", Order()),
]:
    print(f"{name:14} {text(lambda v: LambdaMarshaller().marshal_response(v)[0], value):31} {text(json.dumps, value)}")
PY
got=$(venv/bin/python encode.py)
echo "$got"
want='               in Lambda                       json.dumps
named tuple    {"status": 200, "body": "ok"}   [200, "ok"]
tuple          [200, "ok"]                     [200, "ok"]
bytes in it    {"body": "ok"}                  TypeError
Decimal        1.10                            TypeError
_asdict        {"id": 1}                       TypeError'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
