#!/usr/bin/env bash
# github.com/Masterminds/sprig/v3 v3.3.0: duration, which "formats a given amount of seconds", knows a text and an int64 only. The number
# 95 in a template is an int, and one from JSON a float64: both are 0s, without an error. durationRound treats an int the same way, takes an
# int64 for nanoseconds where duration takes it for seconds, drops the sign, and cuts where its name says that it rounds.
#
# Output seen:
#   duration "95"                 1m35s
#   duration 95                   0s
#   duration .json                0s
#   duration (int64 95)           1m35s
#   durationRound 7200            0s
#   durationRound (int64 7200)    0s
#   durationRound "-2h"           2h
#   durationRound "1h59m59s"      1h
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig/v3"
)

func main() {
	var values map[string]any
	if err := json.Unmarshal([]byte(`{"json": 95}`), &values); err != nil {
		panic(err)
	}
	for _, source := range []string{
		`duration "95"`, `duration 95`, `duration .json`, `duration (int64 95)`,
		`durationRound 7200`, `durationRound (int64 7200)`, `durationRound "-2h"`, `durationRound "1h59m59s"`,
	} {
		var text strings.Builder
		if err := template.Must(template.New("").Funcs(sprig.TxtFuncMap()).Parse("{{ "+source+" }}")).Execute(&text, values); err != nil {
			panic(err)
		}
		fmt.Printf("%-29s %s\n", source, text.String())
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/Masterminds/sprig/v3@v3.3.0 >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='duration "95"                 1m35s
duration 95                   0s
duration .json                0s
duration (int64 95)           1m35s
durationRound 7200            0s
durationRound (int64 7200)    0s
durationRound "-2h"           2h
durationRound "1h59m59s"      1h'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
