#!/usr/bin/env bash
# github.com/aws/aws-sdk-go-v2/service/dynamodb v1.74.0: the client holds an answer without an X-Amz-Crc32 header to the checksum 0.
# The call succeeds, and each one logs a warning about the reuse of connections, which is not affected. botocore skips the check
# then. Tables that speak DynamoDB's protocol, and doubles in tests, often leave the header out.
#
# Output seen, with Go 1.26:
#   without the header  error <nil>, warned true, connections 1
#   with the header     error <nil>, warned false, connections 1
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"hash/crc32"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/smithy-go/logging"
)

func try(name string, hasChecksum bool) {
	connections := 0
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		body := `{"TableNames":["alerts"]}`
		w.Header().Set("Content-Type", "application/x-amz-json-1.0")
		if hasChecksum {
			w.Header().Set("X-Amz-Crc32", fmt.Sprint(crc32.ChecksumIEEE([]byte(body))))
		}
		fmt.Fprint(w, body)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections++
		}
	}
	server.Start()
	defer server.Close()
	warned := false
	client := dynamodb.New(dynamodb.Options{
		Region: "us-east-1", BaseEndpoint: &server.URL,
		Credentials: aws.NewCredentialsCache(credentials.NewStaticCredentialsProvider("a", "b", "")),
		Logger: logging.LoggerFunc(func(_ logging.Classification, _ string, v ...any) {
			warned = warned || strings.Contains(fmt.Sprint(v...), "checksum")
		}),
	})
	var err error
	for range 3 {
		if _, failed := client.ListTables(context.Background(), nil); failed != nil {
			err = failed
		}
	}
	fmt.Printf("%-19s error %v, warned %v, connections %d\n", name, err, warned, connections)
}

func main() {
	try("without the header", false)
	try("with the header", true)
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/aws/aws-sdk-go-v2/service/dynamodb@v1.74.0 github.com/aws/aws-sdk-go-v2/credentials@v1.21.0 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='without the header  error <nil>, warned true, connections 1
with the header     error <nil>, warned false, connections 1'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
