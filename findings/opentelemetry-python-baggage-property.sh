#!/usr/bin/env bash
# opentelemetry-api 1.45.2 (PyPI): the properties behind a baggage member's value become part of the value, and the next header has them
# encoded, so every service behind the one in Python reads another value than those before it. W3C's "Baggage" (3.2.1) divides them by a
# semicolon, which a value cannot contain. go.opentelemetry.io/otel v1.47.0 and @opentelemetry/core 2.12.1 (npm) keep them apart.
#
# Output seen for the header  tenant=acme;ttl=60
#   Python  reads acme;ttl=60  sends tenant=acme%3Bttl%3D60
#   Go      reads acme         sends tenant=acme;ttl=60
#   npm     reads acme         sends tenant=acme;ttl=60
#   Go behind Python reads acme;ttl=60
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check opentelemetry-api==1.45.2
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @opentelemetry/api@1.9.1 @opentelemetry/core@2.12.1 >/dev/null
cat >pass.py <<'PY'
import sys
from opentelemetry import baggage
from opentelemetry.baggage.propagation import W3CBaggagePropagator
context = W3CBaggagePropagator().extract({"baggage": sys.argv[1]})
headers = {}
W3CBaggagePropagator().inject(headers, context)
print(baggage.get_baggage("tenant", context), headers["baggage"])
PY
cat >pass.cjs <<'JS'
const { ROOT_CONTEXT, defaultTextMapGetter, defaultTextMapSetter, propagation } = require('@opentelemetry/api')
const { W3CBaggagePropagator } = require('@opentelemetry/core')
const context = new W3CBaggagePropagator().extract(ROOT_CONTEXT, { baggage: process.argv[2] }, defaultTextMapGetter)
const headers = {}
new W3CBaggagePropagator().inject(context, headers, defaultTextMapSetter)
console.log(propagation.getBaggage(context).getEntry('tenant').value, headers.baggage)
JS
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"os"

	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
)

func main() {
	ctx := propagation.Baggage{}.Extract(context.Background(), propagation.MapCarrier{"baggage": os.Args[1]})
	headers := propagation.MapCarrier{}
	propagation.Baggage{}.Inject(ctx, headers)
	fmt.Println(baggage.FromContext(ctx).Member("tenant").Value(), headers["baggage"])
}
GO
go mod init finding >/dev/null 2>&1
go get go.opentelemetry.io/otel@v1.47.0 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
go build -o pass .
show() { printf '%-7s reads %-12s sends %s\n' "$@"; }
header='tenant=acme;ttl=60'
python=$(venv/bin/python pass.py "$header")
read -r go_value go_header < <(./pass "$header")
read -r npm_value npm_header < <(node pass.cjs "$header")
got=$(
	show Python "${python% *}" "${python#* }"
	show Go "$go_value" "$go_header"
	show npm "$npm_value" "$npm_header"
	behind=$(./pass "${python#* }")
	echo "Go behind Python reads ${behind% *}"
)
echo "$got"
want='Python  reads acme;ttl=60  sends tenant=acme%3Bttl%3D60
Go      reads acme         sends tenant=acme;ttl=60
npm     reads acme         sends tenant=acme;ttl=60
Go behind Python reads acme;ttl=60'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
