#!/usr/bin/env bash
# github.com/prometheus/alertmanager v0.35.0: the template function title also makes all other letters of a word small, so a notification
# about "AWS API 5XX" says "Aws Api 5Xx". Its documentation names Go's strings.Title, which changes first letters only, and so does the title
# of prometheus/prometheus v0.316.0, which writes the annotations of the same alerts.
#
# Output seen:
#   AWS API 5XX on db-1  Alertmanager: Aws Api 5Xx On Db-1  Prometheus: AWS API 5XX On Db-1
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"net/url"

	alertmanager "github.com/prometheus/alertmanager/template"
	prometheus "github.com/prometheus/prometheus/template"
)

func main() {
	const name = "AWS API 5XX on db-1"
	templates, err := alertmanager.FromGlobs(nil)
	if err != nil {
		panic(err)
	}
	templates.ExternalURL = &url.URL{}
	notification, err := templates.ExecuteTextString("{{ title . }}", name)
	if err != nil {
		panic(err)
	}
	annotation, err := prometheus.NewTemplateExpander(context.Background(), "{{ title . }}", "annotation", name, 0, nil, &url.URL{}, nil).Expand()
	if err != nil {
		panic(err)
	}
	fmt.Printf("%s  Alertmanager: %s  Prometheus: %s\n", name, notification, annotation)
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/prometheus/alertmanager@v0.35.0 github.com/prometheus/prometheus@v0.316.0 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='AWS API 5XX on db-1  Alertmanager: Aws Api 5Xx On Db-1  Prometheus: AWS API 5XX On Db-1'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
