#!/usr/bin/env bash
# github.com/goccy/go-yaml v1.19.2: in braces a colon without a space divides key and value, so {env:prod} is {"env": "prod"}. In
# brackets and in block style it does not. YAML asks for the space after every plain key, and go.yaml.in/yaml/v3 reads the key
# "env:prod" with the value null.
#
# Output seen:
#   "t: {env:prod}"   goccy: map[string]interface {}{"env":"prod"} yaml/v3: map[string]interface {}{"env:prod":interface {}(nil)}
#   "t: [env:prod]"   goccy: []interface {}{"env:prod"}         yaml/v3: []interface {}{"env:prod"}
#   "t: env:prod"     goccy: "env:prod"                         yaml/v3: "env:prod"
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
	for _, source := range []string{"t: {env:prod}", "t: [env:prod]", "t: env:prod"} {
		var a, b map[string]any
		errA, errB := yaml.Unmarshal([]byte(source), &a), v3.Unmarshal([]byte(source), &b)
		fmt.Printf("%-17q goccy: %-34s yaml/v3: %s\n", source, show(a["t"], errA), show(b["t"], errB))
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/goccy/go-yaml@v1.19.2 go.yaml.in/yaml/v3@v3.0.6 >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='"t: {env:prod}"   goccy: map[string]interface {}{"env":"prod"} yaml/v3: map[string]interface {}{"env:prod":interface {}(nil)}
"t: [env:prod]"   goccy: []interface {}{"env:prod"}         yaml/v3: []interface {}{"env:prod"}
"t: env:prod"     goccy: "env:prod"                         yaml/v3: "env:prod"'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
