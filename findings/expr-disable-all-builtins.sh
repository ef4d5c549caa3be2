#!/usr/bin/env bash
# github.com/expr-lang/expr v1.17.8: expr.DisableAllBuiltins() does not disable all builtins. Functions such as upper are gone,
# but those that take a predicate (filter, map, reduce, groupBy, sortBy, …) stay and cannot be listed by expr.EnableBuiltin either,
# because the parser handles them before it looks at the list. A sandbox that relies on the option must reject them itself.
#
# Output seen:
#   upper("a")            not available
#   sortBy([2, 1], #)     [1 2]
#   reduce([1, 2], #acc + #) 3
#   groupBy([1, 2], #)    map[1:[1] 2:[2]]
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"fmt"

	"github.com/expr-lang/expr"
)

func main() {
	for _, code := range []string{`upper("a")`, `sortBy([2, 1], #)`, `reduce([1, 2], #acc + #)`, `groupBy([1, 2], #)`} {
		env := map[string]any{}
		program, err := expr.Compile(code, expr.Env(env), expr.DisableAllBuiltins())
		if err != nil {
			fmt.Printf("%-21s not available\n", code)
			continue
		}
		value, err := expr.Run(program, env)
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
want='upper("a")            not available
sortBy([2, 1], #)     [1 2]
reduce([1, 2], #acc + #) 3
groupBy([1, 2], #)    map[1:[1] 2:[2]]'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
