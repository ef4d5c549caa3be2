#!/usr/bin/env bash
# github.com/goccy/go-yaml v1.19.2: yaml.Strict() rejects unknown keys but not lossy numbers. Into a struct field, 1.5 becomes the
# int 1 without an error, and the quoted text "3" becomes the int 3. gopkg.in/yaml.v3 also drops the fraction of 1.5, but rejects
# the text. encoding/json rejects both.
#
# Output seen:
#   limit: 1.5   goccy: 1    yaml.v3: 1
#   limit: "3"   goccy: 3    yaml.v3: error
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/goccy/go-yaml"
	v3 "gopkg.in/yaml.v3"
)

type playbook struct {
	Limit int `yaml:"limit"`
}

func show(p playbook, err error) string {
	if err != nil {
		return "error"
	}
	return fmt.Sprint(p.Limit)
}

func main() {
	for _, source := range []string{`limit: 1.5`, `limit: "3"`} {
		var a, b playbook
		errA := yaml.UnmarshalWithOptions([]byte(source), &a, yaml.Strict())
		errB := v3.Unmarshal([]byte(source), &b)
		fmt.Printf("%-12s goccy: %-4s yaml.v3: %s\n", source, show(a, errA), show(b, errB))
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/goccy/go-yaml@v1.19.2 gopkg.in/yaml.v3@v3.0.1 >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='limit: 1.5   goccy: 1    yaml.v3: 1
limit: "3"   goccy: 3    yaml.v3: error'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
