#!/usr/bin/env bash
# github.com/goccy/go-yaml v1.19.2: the indicator `-` of a block scalar strips the spaces at the end of its last line as well as the
# line break. YAML strips only line breaks, as go.yaml.in/yaml/v3 does. With `|` and `|+`, and on the other lines, the spaces stay.
#
# Output seen:
#   "t: |-\n  a  \n  b  \n"    goccy: "a  \nb"       yaml/v3: "a  \nb  "
#   "t: |\n  a  \n  b  \n"     goccy: "a  \nb  \n"   yaml/v3: "a  \nb  \n"
#   "t: >-\n  a  \n"           goccy: "a"            yaml/v3: "a  "
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
	for _, source := range []string{"t: |-\n  a  \n  b  \n", "t: |\n  a  \n  b  \n", "t: >-\n  a  \n"} {
		var a, b map[string]any
		errA, errB := yaml.Unmarshal([]byte(source), &a), v3.Unmarshal([]byte(source), &b)
		fmt.Printf("%-26q goccy: %-14s yaml/v3: %s\n", source, show(a["t"], errA), show(b["t"], errB))
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/goccy/go-yaml@v1.19.2 go.yaml.in/yaml/v3@v3.0.6 >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='"t: |-\n  a  \n  b  \n"    goccy: "a  \nb"       yaml/v3: "a  \nb  "
"t: |\n  a  \n  b  \n"     goccy: "a  \nb  \n"   yaml/v3: "a  \nb  \n"
"t: >-\n  a  \n"           goccy: "a"            yaml/v3: "a  "'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
