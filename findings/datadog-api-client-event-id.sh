#!/usr/bin/env bash
# github.com/DataDog/datadog-api-client-go/v2 v2.67.0: the id of an event depends on its alert_type. If the client does not know the
# alert_type, it decodes the event without an error and keeps the id as an int64, but encodes the event again from a map of float64:
# the last digits of the id become zeros. With an alert_type that it knows the id survives.
#
# Output seen:
#   8765432109876543210 {"alert_type":"info","id":8765432109876543210}
#   8765432109876543210 {"alert_type":"maintenance","id":8765432109876543000}
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"

	"github.com/DataDog/datadog-api-client-go/v2/api/datadogV1"
)

func main() {
	for _, kind := range []string{"info", "maintenance"} {
		var event datadogV1.Event
		if err := json.Unmarshal([]byte(`{"id":8765432109876543210,"alert_type":"`+kind+`"}`), &event); err != nil {
			panic(err)
		}
		encoded, err := json.Marshal(event)
		if err != nil {
			panic(err)
		}
		fmt.Println(event.GetId(), string(encoded))
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/DataDog/datadog-api-client-go/v2@v2.67.0 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='8765432109876543210 {"alert_type":"info","id":8765432109876543210}
8765432109876543210 {"alert_type":"maintenance","id":8765432109876543000}'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
