#!/usr/bin/env bash
# github.com/PaesslerAG/gval v1.2.4: == compares two texts as numbers if both can be read so, and < and > compare the same texts by their characters.
# The version "1.10" equals "1.1" and the id "007" equals "7", but "10" is less than "9", and "1e3" equals "1000" and is not at most
# "1000". github.com/expr-lang/expr v1.17.8 compares texts as texts.
#
# Output seen:
#   "1.10" == "1.1"  gval: true   expr: false
#   "007" == "7"     gval: true   expr: false
#   "10" < "9"       gval: true   expr: true
#   "1e3" == "1000"  gval: true   expr: false
#   "1e3" <= "1000"  gval: false  expr: false
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/PaesslerAG/gval"
	"github.com/expr-lang/expr"
)

func must(value any, err error) any {
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	for _, text := range []string{`"1.10" == "1.1"`, `"007" == "7"`, `"10" < "9"`, `"1e3" == "1000"`, `"1e3" <= "1000"`} {
		fmt.Printf("%-16s gval: %-6v expr: %v\n", text, must(gval.Evaluate(text, nil)), must(expr.Eval(text, nil)))
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/PaesslerAG/gval@v1.2.4 github.com/expr-lang/expr@v1.17.8 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='"1.10" == "1.1"  gval: true   expr: false
"007" == "7"     gval: true   expr: false
"10" < "9"       gval: true   expr: true
"1e3" == "1000"  gval: true   expr: false
"1e3" <= "1000"  gval: false  expr: false'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
