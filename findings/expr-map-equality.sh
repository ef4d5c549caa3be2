#!/usr/bin/env bash
# github.com/expr-lang/expr v1.17.8: numbers of different types are equal alone and in lists, but not in maps. In a decoded JSON
# document, whose numbers are float64, `code == 500` and `codes == [500]` are true, and `pair == {"code": 500}` is false.
#
# Output seen:
#   code == 500              true
#   codes == [500]           true
#   pair == {"code": 500}    false
#   pair == {"code": 500.0}  true
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	"github.com/expr-lang/expr"
)

func main() {
	var env map[string]any
	if err := json.Unmarshal([]byte(`{"code": 500, "codes": [500], "pair": {"code": 500}}`), &env); err != nil {
		panic(err)
	}
	for _, code := range []string{`code == 500`, `codes == [500]`, `pair == {"code": 500}`, `pair == {"code": 500.0}`} {
		value, err := expr.Eval(code, env)
		if err != nil {
			panic(err)
		}
		fmt.Printf("%-24s %v\n", code, value)
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/expr-lang/expr@v1.17.8 >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='code == 500              true
codes == [500]           true
pair == {"code": 500}    false
pair == {"code": 500.0}  true'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
