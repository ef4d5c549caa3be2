#!/usr/bin/env bash
# github.com/goccy/go-yaml v1.19.2: a mapping's own key is replaced by that of a merge (<<) that stands behind it. By the merge key's
# definition (yaml.org/type/merge.html) a merge adds only keys that the mapping does not have, wherever it stands: this is how a document
# overrides a shared default. go.yaml.in/yaml/v4 v4.0.0 and PyYAML 6.0.4 read it so.
#
# Output seen:
#   {<<: *shared, team: own} goccy: own     yaml/v4: own    PyYAML: own
#   {team: own, <<: *shared} goccy: shared  yaml/v4: own    PyYAML: own
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check PyYAML==6.0.4
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/goccy/go-yaml"
	v4 "go.yaml.in/yaml/v4"
)

func main() {
	var a, b map[string]map[string]string
	if err := yaml.Unmarshal([]byte(os.Args[1]), &a); err != nil {
		panic(err)
	}
	if err := v4.Unmarshal([]byte(os.Args[1]), &b); err != nil {
		panic(err)
	}
	fmt.Printf("goccy: %-7v yaml/v4: %-6v", a["monitor"]["team"], b["monitor"]["team"])
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/goccy/go-yaml@v1.19.2 go.yaml.in/yaml/v4@v4.0.0 >/dev/null 2>&1
go build -o read .
got=$(for monitor in '{<<: *shared, team: own}' '{team: own, <<: *shared}'; do
	source="default: &shared {team: shared}
monitor: $monitor"
	printf '%-24s %s PyYAML: %s\n' "$monitor" "$(./read "$source")" "$(venv/bin/python -c 'import sys, yaml; print(yaml.safe_load(sys.argv[1])["monitor"]["team"])' "$source")"
done)
echo "$got"
want='{<<: *shared, team: own} goccy: own     yaml/v4: own    PyYAML: own
{team: own, <<: *shared} goccy: shared  yaml/v4: own    PyYAML: own'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
