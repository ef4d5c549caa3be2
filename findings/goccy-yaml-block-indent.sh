#!/usr/bin/env bash
# github.com/goccy/go-yaml v1.19.2: a block scalar with an indentation indicator is refused when it is the last value of the
# file and an empty line follows. The same scalar is read when another key follows, or without the empty line. PyYAML reads all three.
#
# Output seen:
#   last, empty line:  error  PyYAML: "  x\n"
#   last:              "  x\n"  PyYAML: "  x\n"
#   not last:          "  x\n"  PyYAML: "  x\n"
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"fmt"
	"io"
	"os"

	"github.com/goccy/go-yaml"
)

func main() {
	source, _ := io.ReadAll(os.Stdin)
	var v map[string]any
	if err := yaml.Unmarshal(source, &v); err != nil {
		fmt.Print("error")
		return
	}
	fmt.Printf("%q", v["text"])
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/goccy/go-yaml@v1.19.2 >/dev/null 2>&1
go build -o goccy .
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check PyYAML==6.0.3
show() {
	printf '%-18s %s' "$1:" "$(printf "$2" | ./goccy)"
	printf "$2" | venv/bin/python -c 'import json, sys, yaml; print("  PyYAML:", json.dumps(yaml.safe_load(sys.stdin)["text"]))'
}
got=$(show "last, empty line" 'text: |2\n    x\n\n'; show "last" 'text: |2\n    x\n'; show "not last" 'text: |2\n    x\n\nb: 1\n')
echo "$got"
want='last, empty line:  error  PyYAML: "  x\n"
last:              "  x\n"  PyYAML: "  x\n"
not last:          "  x\n"  PyYAML: "  x\n"'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
