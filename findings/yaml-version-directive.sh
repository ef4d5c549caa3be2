#!/usr/bin/env bash
# go.yaml.in/yaml/v3 v3.0.6 and v4 v4.0.0: a file that says which YAML it is written in, `%YAML 1.2`, is refused as "incompatible",
# though both read the texts of YAML 1.2 (0o17 is 15, yes is a text); `%YAML 1.1` is accepted, and yes stays a text there.
#
# Output seen:
#   ""                v3: <nil> [15 yes]
#   ""                v4: <nil> [15 yes]
#   "%YAML 1.2\n---\n" v3: yaml: found incompatible YAML document []
#   "%YAML 1.2\n---\n" v4: yaml: line 1: found incompatible YAML document []
#   "%YAML 1.1\n---\n" v3: <nil> [15 yes]
#   "%YAML 1.1\n---\n" v4: <nil> [15 yes]
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"fmt"

	v3 "go.yaml.in/yaml/v3"
	v4 "go.yaml.in/yaml/v4"
)

func main() {
	for _, head := range []string{"", "%YAML 1.2\n---\n", "%YAML 1.1\n---\n"} {
		source := []byte(head + "[0o17, yes]")
		var a, b []any
		fmt.Printf("%-17q v3: %v %v\n", head, v3.Unmarshal(source, &a), a)
		fmt.Printf("%-17q v4: %v %v\n", head, v4.Unmarshal(source, &b), b)
	}
}
GO
go mod init finding >/dev/null 2>&1
go get go.yaml.in/yaml/v3@v3.0.6 go.yaml.in/yaml/v4@v4.0.0 >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='""                v3: <nil> [15 yes]
""                v4: <nil> [15 yes]
"%YAML 1.2\n---\n" v3: yaml: found incompatible YAML document []
"%YAML 1.2\n---\n" v4: yaml: line 1: found incompatible YAML document []
"%YAML 1.1\n---\n" v3: <nil> [15 yes]
"%YAML 1.1\n---\n" v4: <nil> [15 yes]'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
