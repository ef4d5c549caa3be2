#!/usr/bin/env bash
# github.com/goccy/go-yaml v1.19.2: a number with a leading zero has three readings in one library. `010` is 8, as in YAML 1.1,
# although the library implements YAML 1.2, where it is 10; `08` is neither 8 nor an error but a text, so the type of a field
# changes with its digits. ruamel.yaml, which reads YAML 1.2, answers 10 and 8.
#
# Output seen:
#   goccy:  010 -> 8 (uint64), 08 -> 08 (string)
#   ruamel: 010 -> 10 (int), 08 -> 8 (int)
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/goccy/go-yaml"
)

func main() {
	var v []any
	if err := yaml.Unmarshal([]byte("[010, 08]"), &v); err != nil {
		panic(err)
	}
	fmt.Printf("goccy:  010 -> %v (%T), 08 -> %v (%T)\n", v[0], v[0], v[1], v[1])
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/goccy/go-yaml@v1.19.2 >/dev/null 2>&1
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check ruamel.yaml==0.18.15
got=$(
	go run .
	venv/bin/python -c '
from ruamel.yaml import YAML
a, b = YAML(typ="safe").load("[010, 08]")
print(f"ruamel: 010 -> {a} ({type(a).__name__}), 08 -> {b} ({type(b).__name__})")'
)
echo "$got"
want='goccy:  010 -> 8 (uint64), 08 -> 08 (string)
ruamel: 010 -> 10 (int), 08 -> 8 (int)'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
