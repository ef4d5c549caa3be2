#!/usr/bin/env bash
# github.com/goccy/go-yaml v1.19.2: a tab between two words of a plain scalar disappears, and the words become one. YAML allows tabs
# there, and go.yaml.in/yaml/v3 keeps them. In quotes goccy keeps them too.
#
# Output seen:
#   "query: a\tb"      goccy: "ab"     yaml/v3: "a\tb"
#   "query: a \t b"    goccy: "a  b"   yaml/v3: "a \t b"
#   "query: 'a\tb'"    goccy: "a\tb"   yaml/v3: "a\tb"
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
	for _, source := range []string{"query: a\tb", "query: a \t b", "query: 'a\tb'"} {
		var a, b map[string]any
		errA, errB := yaml.Unmarshal([]byte(source), &a), v3.Unmarshal([]byte(source), &b)
		fmt.Printf("%-18q goccy: %-8s yaml/v3: %s\n", source, show(a["query"], errA), show(b["query"], errB))
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/goccy/go-yaml@v1.19.2 go.yaml.in/yaml/v3@v3.0.6 >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='"query: a\tb"      goccy: "ab"     yaml/v3: "a\tb"
"query: a \t b"    goccy: "a  b"   yaml/v3: "a \t b"
"query: '\''a\tb'\''"    goccy: "a\tb"   yaml/v3: "a\tb"'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
