#!/usr/bin/env bash
# github.com/goccy/go-yaml v1.19.2: a value that does not fit its tag becomes the zero value of the tag's type, without an error:
# `!!int 1.5` and `!!int soon` are 0. go.yaml.in/yaml/v3 refuses them. What the tag `!!str` means without a value depends on what
# follows: a text at the end of a line, null at the end of the file, an error before another key.
#
# Output seen:
#   "n: !!int 1.5"       goccy: 0          yaml/v3: error
#   "n: !!int soon"      goccy: 0          yaml/v3: error
#   "n: !!float soon"    goccy: 0          yaml/v3: error
#   "n: !!str\n"         goccy: ""         yaml/v3: ""
#   "n: !!str"           goccy: <nil>      yaml/v3: ""
#   "n: !!str\nb: 1"     goccy: error      yaml/v3: ""
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/goccy/go-yaml"
	v3 "go.yaml.in/yaml/v3"
)

func show(value any, err error) string {
	if err != nil {
		return "error"
	}
	return fmt.Sprintf("%#v", value)
}

func main() {
	for _, source := range []string{"n: !!int 1.5", "n: !!int soon", "n: !!float soon", "n: !!str\n", "n: !!str", "n: !!str\nb: 1"} {
		var a, b map[string]any
		errA, errB := yaml.Unmarshal([]byte(source), &a), v3.Unmarshal([]byte(source), &b)
		fmt.Printf("%-20q goccy: %-10s yaml/v3: %s\n", source, show(a["n"], errA), show(b["n"], errB))
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/goccy/go-yaml@v1.19.2 go.yaml.in/yaml/v3@v3.0.6 >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='"n: !!int 1.5"       goccy: 0          yaml/v3: error
"n: !!int soon"      goccy: 0          yaml/v3: error
"n: !!float soon"    goccy: 0          yaml/v3: error
"n: !!str\n"         goccy: ""         yaml/v3: ""
"n: !!str"           goccy: <nil>      yaml/v3: ""
"n: !!str\nb: 1"     goccy: error      yaml/v3: ""'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
