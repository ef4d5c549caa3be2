#!/usr/bin/env bash
# github.com/expr-lang/expr v1.17.8: in a map, nil stands for the zero value of the key type. A name that is nil is "in" a map with
# the key "" and finds its value, a code that is nil finds the value of the key 0. Everywhere else nil differs from "" and 0.
#
# Output seen:
#   Name == ""            false
#   Name in keys(Owners)  false
#   Name in Owners        true
#   Owners[Name]          platform
#   Code == 0             false
#   Code in Reasons       true
#   Reasons[Code]         success
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/expr-lang/expr"
)

type env struct {
	Name, Code any
	Owners     map[string]string
	Reasons    map[int]string
}

func main() {
	values := env{Owners: map[string]string{"": "platform"}, Reasons: map[int]string{0: "success"}}
	for _, code := range []string{`Name == ""`, `Name in keys(Owners)`, `Name in Owners`, `Owners[Name]`, `Code == 0`, `Code in Reasons`, `Reasons[Code]`} {
		value, err := expr.Eval(code, values)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%-21s %v\n", code, value)
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/expr-lang/expr@v1.17.8 >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='Name == ""            false
Name in keys(Owners)  false
Name in Owners        true
Owners[Name]          platform
Code == 0             false
Code in Reasons       true
Reasons[Code]         success'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
