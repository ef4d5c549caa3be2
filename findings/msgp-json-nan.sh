#!/usr/bin/env bash
# github.com/tinylib/msgp v1.6.5: UnmarshalAsJSON, which turns MessagePack into JSON, writes the float NaN as NaN and an infinity as
# +Inf, without an error. Neither is JSON; encoding/json refuses the same values.
#
# Output seen:
#   1.5 error: <nil>, valid JSON: true; encoding/json: <nil>
#   NaN error: <nil>, valid JSON: false; encoding/json: json: unsupported value: NaN
#   +Inf error: <nil>, valid JSON: false; encoding/json: json: unsupported value: +Inf
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"

	"github.com/tinylib/msgp/msgp"
)

func main() {
	for _, number := range []float64{1.5, math.NaN(), math.Inf(1)} {
		var out bytes.Buffer
		_, err := msgp.UnmarshalAsJSON(&out, msgp.AppendFloat64(nil, number))
		_, errJSON := json.Marshal(number)
		fmt.Printf("%s error: %v, valid JSON: %v; encoding/json: %v\n", &out, err, json.Valid(out.Bytes()), errJSON)
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/tinylib/msgp@v1.6.5 >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='1.5 error: <nil>, valid JSON: true; encoding/json: <nil>
NaN error: <nil>, valid JSON: false; encoding/json: json: unsupported value: NaN
+Inf error: <nil>, valid JSON: false; encoding/json: json: unsupported value: +Inf'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
