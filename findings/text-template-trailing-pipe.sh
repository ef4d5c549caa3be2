#!/usr/bin/env bash
# text/template of Go 1.26.8: a pipeline may end with a pipe. The parser ignores it, where it refuses one at the beginning and two in
# a row, so a template whose last function was forgotten loads and shows the value as it is.
#
# Output seen:
#   {{ .x | }}         value
#   {{ .x | print | }} value
#   {{ | .x }}         error
#   {{ .x | | print }} error
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"fmt"
	"strings"
	"text/template"
)

func main() {
	for _, source := range []string{"{{ .x | }}", "{{ .x | print | }}", "{{ | .x }}", "{{ .x | | print }}"} {
		var text strings.Builder
		t, err := template.New("finding").Parse(source)
		if err == nil {
			err = t.Execute(&text, map[string]string{"x": "value"})
		}
		if err != nil {
			text.WriteString("error")
		}
		fmt.Printf("%-18s %s\n", source, text.String())
	}
}
GO
export GOTOOLCHAIN=go1.26.8
go mod init finding >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='{{ .x | }}         value
{{ .x | print | }} value
{{ | .x }}         error
{{ .x | | print }} error'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
