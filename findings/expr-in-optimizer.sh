#!/usr/bin/env bash
# github.com/expr-lang/expr v1.17.8: whether `in` raises an error depends on the optimizer.
#
# With a value of type any, `code in ["500", "502"]` is false for the number 500 when the program is compiled with
# expr.Optimize(false). The optimizer, which is on by default, turns a list of two or more texts into a map; the same
# expression then ends with "reflect.Value.MapIndex: value of type int is not assignable to type string", and `||` with a
# true right side ends with the same error.
#
# Output seen:
#   optimize=true  in: error   or: error
#   optimize=false in: false   or: true
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/expr-lang/expr"
)

func result(code string, optimize bool) any {
	env := map[string]any{"code": any(500), "service": "checkout"}
	program, err := expr.Compile(code, expr.Env(map[string]any{"code": any(nil), "service": ""}), expr.Optimize(optimize))
	if err != nil {
		return "does not compile"
	}
	value, err := expr.Run(program, env)
	if err != nil {
		return "error"
	}
	return value
}

func main() {
	for _, optimize := range []bool{true, false} {
		fmt.Printf("optimize=%-5v in: %-7v or: %v\n", optimize,
			result(`code in ["500", "502"]`, optimize), result(`code in ["500", "502"] || service == "checkout"`, optimize))
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/expr-lang/expr@v1.17.8 >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='optimize=true  in: error   or: error
optimize=false in: false   or: true'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
