#!/usr/bin/env bash
# github.com/DataDog/datadog-go/v5 v5.9.1: Event escapes the line breaks of an event's text, and not those of its title. A line break
# separates two messages of DogStatsD, so the message ends within the title, and the rest is none. datadog 0.53.0 for Python escapes
# both. A comma in a tag is escaped by neither, so a tag that holds the scope of two keys becomes two tags.
#
# Output seen:
#   Go      "_e{8,4}:CPU\nhigh|a\\nb|#scope:host:a,env:prod"
#   Python  "_e{9,4}:CPU\\nhigh|a\\nb|#scope:host:a,env:prod"
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check datadog==0.53.0
cat >send.py <<'PY'
import json, socket
from datadog.dogstatsd import DogStatsd

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
client = DogStatsd(host="127.0.0.1", port=server.getsockname()[1], disable_telemetry=True)
client.event("CPU\nhigh", "a\nb", tags=["scope:host:a,env:prod"])
client.flush()
print("Python ", json.dumps(server.recv(65535).decode().rstrip("\n")))
PY
cat >main.go <<'GO'
package main

import (
	"fmt"
	"net"
	"strings"

	"github.com/DataDog/datadog-go/v5/statsd"
)

func main() {
	server, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	client, err := statsd.New(server.LocalAddr().String(), statsd.WithoutTelemetry())
	if err != nil {
		panic(err)
	}
	if err := client.Event(&statsd.Event{Title: "CPU\nhigh", Text: "a\nb", Tags: []string{"scope:host:a,env:prod"}}); err != nil {
		panic(err)
	}
	client.Flush()
	packet := make([]byte, 65535)
	n, _, err := server.ReadFrom(packet)
	if err != nil {
		panic(err)
	}
	fmt.Printf("Go      %q\n", strings.TrimSuffix(string(packet[:n]), "\n"))
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/DataDog/datadog-go/v5@v5.9.1 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
got=$(go run . && venv/bin/python send.py)
echo "$got"
want='Go      "_e{8,4}:CPU\nhigh|a\\nb|#scope:host:a,env:prod"
Python  "_e{9,4}:CPU\\nhigh|a\\nb|#scope:host:a,env:prod"'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
