#!/usr/bin/env bash
# github.com/awslabs/aws-lambda-go-api-proxy v0.16.2: behind an HTTP API or a function URL (payload 2.0) every header value is cut at its
# commas, and Header.Get returns the first part: a Date is "Mon", a title ends at its comma, and Datadog's propagated tags lose _dd.p.tid, the upper
# half of a trace id. Thirteen headers such as User-Agent are spared. The same handler behind a REST API (payload 1.0) gets all of them whole.
#
# Output seen (Header.Get):
#   Date             1.0: "Mon, 30 Nov 2026 11:00:00 GMT"  2.0: "Mon"
#   User-Agent       1.0: "curl (KHTML, like Gecko)"  2.0: "curl (KHTML, like Gecko)"
#   X-Alert-Title    1.0: "CPU, memory and disk are high"  2.0: "CPU"
#   X-Datadog-Tags   1.0: "_dd.p.dm=-1,_dd.p.tid=640cfd8d00000000"  2.0: "_dd.p.dm=-1"
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"net/http"
	"sort"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"
)

func main() {
	headers := map[string]string{
		"Date":           "Mon, 30 Nov 2026 11:00:00 GMT",
		"User-Agent":     "curl (KHTML, like Gecko)",
		"X-Alert-Title":  "CPU, memory and disk are high",
		"X-Datadog-Tags": "_dd.p.dm=-1,_dd.p.tid=640cfd8d00000000",
	}
	var received http.Header
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		received = r.Header
		w.WriteHeader(http.StatusNoContent)
	})
	v1 := events.APIGatewayProxyRequest{HTTPMethod: "GET", Path: "/", Headers: headers}
	if _, err := httpadapter.New(handler).ProxyWithContext(context.Background(), v1); err != nil {
		panic(err)
	}
	first := received
	v2 := events.APIGatewayV2HTTPRequest{RawPath: "/", Headers: headers}
	v2.RequestContext.HTTP.Method = "GET"
	if _, err := httpadapter.NewV2(handler).ProxyWithContext(context.Background(), v2); err != nil {
		panic(err)
	}
	var names []string
	for name := range headers {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		fmt.Printf("%-16s 1.0: %q  2.0: %q\n", name, first.Get(name), received.Get(name))
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/awslabs/aws-lambda-go-api-proxy@v0.16.2 github.com/aws/aws-lambda-go@v1.55.1 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='Date             1.0: "Mon, 30 Nov 2026 11:00:00 GMT"  2.0: "Mon"
User-Agent       1.0: "curl (KHTML, like Gecko)"  2.0: "curl (KHTML, like Gecko)"
X-Alert-Title    1.0: "CPU, memory and disk are high"  2.0: "CPU"
X-Datadog-Tags   1.0: "_dd.p.dm=-1,_dd.p.tid=640cfd8d00000000"  2.0: "_dd.p.dm=-1"'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
