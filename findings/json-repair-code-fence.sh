#!/usr/bin/env bash
# github.com/RealAlexandreAI/json-repair v0.0.18: valid JSON is not returned as it is. A text with three backquotes in it, as a
# message in Markdown has them, is cut at the closing three, and the keys after it are gone, without an error. kaptinlin/jsonrepair
# v0.2.15 returns the same input unchanged.
#
# Output seen:
#   valid:        true
#   json-repair:  {"text":"run ```ls"} <nil>
#   jsonrepair:   {"text":"run ```ls``` now","id":1} <nil>
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	repair "github.com/RealAlexandreAI/json-repair"
	"github.com/kaptinlin/jsonrepair"
)

func main() {
	source := "{\"text\":\"run ```ls``` now\",\"id\":1}"
	a, errA := repair.RepairJSON(source)
	b, errB := jsonrepair.Repair(source)
	fmt.Println("valid:       ", json.Valid([]byte(source)))
	fmt.Println("json-repair: ", a, errA)
	fmt.Println("jsonrepair:  ", b, errB)
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/RealAlexandreAI/json-repair@v0.0.18 github.com/kaptinlin/jsonrepair@v0.2.15 >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='valid:        true
json-repair:  {"text":"run ```ls"} <nil>
jsonrepair:   {"text":"run ```ls``` now","id":1} <nil>'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
