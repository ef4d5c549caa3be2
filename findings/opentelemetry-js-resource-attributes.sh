#!/usr/bin/env bash
# @opentelemetry/resources 2.12.1 (npm): a link with a query, or a bare percent sign, in OTEL_RESOURCE_ATTRIBUTES takes all its attributes
# away, such as env, and only a debug message says so. opentelemetry-sdk 1.45.2 (PyPI) and go.opentelemetry.io/otel/sdk v1.47.0 keep
# them. The specification wants = encoded in a value, so npm is right to the letter, but of services that share the variable those in
# Node.js report without env.
#
# Output seen:
#   env=prod,runbook=https://example.com/db      npm: env, runbook  Go: env, runbook  Python: env, runbook
#   env=prod,runbook=https://example.com/?p=db   npm: nothing       Go: env, runbook  Python: env, runbook
#   env=prod,runbook=https://example.com/?p%3Ddb npm: env, runbook  Go: env, runbook  Python: env, runbook
#   env=prod,limit=90%                           npm: nothing       Go: env, limit    Python: env, limit
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check opentelemetry-sdk==1.45.2
npm init -y >/dev/null
npm install --silent --no-fund --no-audit @opentelemetry/api@1.9.1 @opentelemetry/resources@2.12.1 >/dev/null
cat >read.cjs <<'JS'
const { detectResources, envDetector } = require('@opentelemetry/resources')
console.log(Object.keys(detectResources({ detectors: [envDetector] }).attributes).sort().join(', ') || 'nothing')
JS
cat >read.py <<'PY'
from opentelemetry.sdk.resources import OTELResourceDetector
print(", ".join(sorted(OTELResourceDetector().detect().attributes)) or "nothing")
PY
cat >main.go <<'GO'
package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"go.opentelemetry.io/otel/sdk/resource"
)

func main() {
	found, err := resource.New(context.Background(), resource.WithFromEnv())
	if err != nil {
		panic(err)
	}
	var keys []string
	for _, attribute := range found.Attributes() {
		keys = append(keys, string(attribute.Key))
	}
	fmt.Println(cmp.Or(strings.Join(keys, ", "), "nothing"))
}
GO
go mod init finding >/dev/null 2>&1
go get go.opentelemetry.io/otel/sdk@v1.47.0 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
go build -o read .
unset OTEL_SERVICE_NAME
got=$(for attributes in env=prod,runbook=https://example.com/{db,?p=db,?p%3Ddb} env=prod,limit=90%; do
	export OTEL_RESOURCE_ATTRIBUTES=$attributes
	printf '%-44s npm: %-13s Go: %-13s Python: %s\n' "$attributes" "$(node read.cjs)" "$(./read 2>/dev/null)" "$(venv/bin/python read.py 2>/dev/null)"
done)
echo "$got"
want='env=prod,runbook=https://example.com/db      npm: env, runbook  Go: env, runbook  Python: env, runbook
env=prod,runbook=https://example.com/?p=db   npm: nothing       Go: env, runbook  Python: env, runbook
env=prod,runbook=https://example.com/?p%3Ddb npm: env, runbook  Go: env, runbook  Python: env, runbook
env=prod,limit=90%                           npm: nothing       Go: env, limit    Python: env, limit'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
