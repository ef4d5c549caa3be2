#!/usr/bin/env bash
# go.yaml.in/yaml/v3 v3.0.6: not every JSON text is YAML to it. It refuses the escape \/, which JSON allows, YAML 1.2 added for that
# reason, and PHP's json_encode writes by default. encoding/json, goccy/go-yaml v1.19.2 and go.yaml.in/yaml/v4 v4.0.0 read it.
#
# Output seen:
#   encoding/json: "https://app.datadoghq.com/monitors" <nil>
#   goccy:         "https://app.datadoghq.com/monitors" <nil>
#   yaml/v3:       "" yaml: found unknown escape character
#   yaml/v4:       "https://app.datadoghq.com/monitors" <nil>
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	"github.com/goccy/go-yaml"
	v3 "go.yaml.in/yaml/v3"
	v4 "go.yaml.in/yaml/v4"
)

func main() {
	source := []byte(`{"link": "https:\/\/app.datadoghq.com\/monitors"}`)
	for _, reader := range []struct {
		name string
		read func([]byte, any) error
	}{
		{"encoding/json", json.Unmarshal},
		{"goccy", func(b []byte, v any) error { return yaml.Unmarshal(b, v) }},
		{"yaml/v3", v3.Unmarshal},
		{"yaml/v4", func(b []byte, v any) error { return v4.Unmarshal(b, v) }},
	} {
		var value map[string]string
		err := reader.read(source, &value)
		fmt.Printf("%-14s %q %v\n", reader.name+":", value["link"], err)
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/goccy/go-yaml@v1.19.2 go.yaml.in/yaml/v3@v3.0.6 go.yaml.in/yaml/v4@v4.0.0 >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='encoding/json: "https://app.datadoghq.com/monitors" <nil>
goccy:         "https://app.datadoghq.com/monitors" <nil>
yaml/v3:       "" yaml: found unknown escape character
yaml/v4:       "https://app.datadoghq.com/monitors" <nil>'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
