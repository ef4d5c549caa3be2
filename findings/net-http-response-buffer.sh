#!/usr/bin/env bash
# net/http of Go 1.26.8: over HTTP/2 a client that reads nothing still takes 4 MiB of an answer into memory, for each request on the
# connection; a limit on reading the body comes too late. HTTP2Config.MaxReceiveBufferPerStream bounds it. The server here sends
# until it must wait, and the output says how much that was.
#
# Output seen:
#   default:                           4 MiB
#   MaxReceiveBufferPerStream=64 KiB:  64 KiB
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
export GOTOOLCHAIN=go1.26.8
cat >main.go <<'GO'
package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"
)

// accepted answers how many KiB the client takes of an endless response of which it reads nothing.
func accepted(config *http.HTTP2Config) int64 {
	var sent atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for {
			n, err := w.Write(make([]byte, 4096))
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	client := server.Client()
	client.Timeout = 30 * time.Second
	client.Transport.(*http.Transport).HTTP2 = config
	response, err := client.Get(server.URL)
	if err != nil {
		panic(err)
	}
	defer response.Body.Close()
	for last := int64(-1); last != sent.Load(); time.Sleep(time.Second) {
		last = sent.Load()
	}
	return sent.Load() / (64 << 10) * 64 // the rest waits in the server
}

func main() {
	fmt.Printf("default:                           %d MiB\n", accepted(nil)/1024)
	fmt.Printf("MaxReceiveBufferPerStream=64 KiB:  %d KiB\n", accepted(&http.HTTP2Config{MaxReceiveBufferPerStream: 64 << 10}))
}
GO
go mod init finding >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='default:                           4 MiB
MaxReceiveBufferPerStream=64 KiB:  64 KiB'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
