#!/usr/bin/env bash
# github.com/expr-lang/expr v1.17.8: a uint64 above the range of int is compared as a negative number. The largest one equals -1, is
# not greater than 0, and max(n, 1) is 1; int(n) answers -1 without an error. Only with a float on the other side does the
# comparison hold.
#
# Output seen:
#   n == -1    true
#   n > 0      false
#   n > 0.0    true
#   max(n, 1)  1
#   int(n)     -1
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"fmt"
	"math"

	"github.com/expr-lang/expr"
)

func main() {
	env := map[string]any{"n": uint64(math.MaxUint64)}
	for _, code := range []string{`n == -1`, `n > 0`, `n > 0.0`, `max(n, 1)`, `int(n)`} {
		value, err := expr.Eval(code, env)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%-10s %v\n", code, value)
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/expr-lang/expr@v1.17.8 >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='n == -1    true
n > 0      false
n > 0.0    true
max(n, 1)  1
int(n)     -1'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
