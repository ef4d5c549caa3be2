#!/usr/bin/env bash
# github.com/prometheus/statsd_exporter v0.31.0: a DogStatsD metric with a field that is newer than its parser is dropped whole, not read
# without the field. Container id and timestamp (protocol 1.2 and 1.3 in Datadog's "Datagram Format") are known, external data
# (1.5) and cardinality (1.6) are not. datadog 0.56.0 (PyPI) sends both; the first needs no line of code but DD_EXTERNAL_ENV, which the
# Agent's admission controller sets in each pod. The metrics of a team that moves to it vanish from Prometheus.
#
# Output seen (each line sent by the client of PyPI):
#   jobs:1|c|#env:prod                1 event
#   jobs:1|g|#env:prod|T1656581400    1 event
#   jobs:1|c|#env:prod|card:low       0 events
#   jobs:1|c|#env:prod|e:it-false     0 events
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check datadog==0.56.0
cat >send.py <<'PY'
import os, socket
from datadog.dogstatsd import DogStatsd

server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
server.settimeout(10)

def sent(method, *arguments, external=None, **options):
    os.environ.pop("DD_EXTERNAL_ENV", None)
    if external:
        os.environ["DD_EXTERNAL_ENV"] = external
    client = DogStatsd(host="127.0.0.1", port=server.getsockname()[1], disable_telemetry=True, disable_buffering=True,
                       disable_background_sender=True, origin_detection_enabled=False)
    getattr(client, method)("jobs", *arguments, tags=["env:prod"], **options)
    print(server.recv(4096).decode().strip())

sent("increment")
sent("gauge_with_timestamp", 1, 1656581400)
sent("increment", cardinality="low")
sent("increment", external="it-false")
PY
cat >main.go <<'GO'
package main

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/statsd_exporter/pkg/line"
)

func main() {
	parser := line.NewParser()
	parser.EnableDogstatsdParsing()
	errors := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "errors"}, []string{"reason"})
	count := prometheus.NewCounter(prometheus.CounterOpts{Name: "count"})
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		events := len(parser.LineToEvents(lines.Text(), *errors, count, count, count, slog.New(slog.DiscardHandler)))
		word := "events"
		if events == 1 {
			word = "event"
		}
		fmt.Printf("%-33s %d %s\n", lines.Text(), events, word)
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/prometheus/statsd_exporter@v0.31.0 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
go build -o parse .
got=$(venv/bin/python send.py | ./parse)
echo "$got"
want='jobs:1|c|#env:prod                1 event
jobs:1|g|#env:prod|T1656581400    1 event
jobs:1|c|#env:prod|card:low       0 events
jobs:1|c|#env:prod|e:it-false     0 events'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
