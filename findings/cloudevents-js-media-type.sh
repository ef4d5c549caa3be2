#!/usr/bin/env bash
# cloudevents 10.0.0 (npm): the content type of an event in structured mode is compared as a text with the forms that the library knows. The
# space behind the semicolon, which RFC 9110 (8.3.1) makes optional, and the case of utf-8, which it says does not matter, decide
# whether an event is read or refused. cloudevents 2.2.0 (PyPI) and github.com/cloudevents/sdk-go/v2 v2.16.2 read all four.
#
# Output seen:
#   application/cloudevents+json                 npm: read     PyPI: read  Go: read
#   application/cloudevents+json; charset=utf-8  npm: read     PyPI: read  Go: read
#   application/cloudevents+json; charset=UTF-8  npm: refused  PyPI: read  Go: read
#   application/cloudevents+json;charset=utf-8   npm: refused  PyPI: read  Go: read
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check cloudevents==2.2.0
npm init -y >/dev/null
npm install --silent --no-fund --no-audit cloudevents@10.0.0 >/dev/null
event='{"specversion":"1.0","id":"1","source":"/monitors","type":"check","data":{"ok":true}}'
cat >read.cjs <<'JS'
const { HTTP } = require('cloudevents')
let word = 'refused'
try {
  if (HTTP.toEvent({ headers: { 'content-type': process.argv[2] }, body: process.argv[3] }).data.ok) word = 'read'
} catch {}
console.log(word)
JS
cat >read.py <<'PY'
import sys
from cloudevents.core.bindings.http import HTTPMessage, from_http_event
event = from_http_event(HTTPMessage({"content-type": sys.argv[1]}, sys.argv[2].encode()))
print("read" if event.get_data() == {"ok": True} else "misread")
PY
cat >main.go <<'GO'
package main

import (
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/cloudevents/sdk-go/v2/binding"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
)

func main() {
	request := httptest.NewRequest("POST", "/", strings.NewReader(os.Args[2]))
	request.Header.Set("Content-Type", os.Args[1])
	event, err := binding.ToEvent(context.Background(), cehttp.NewMessageFromHttpRequest(request))
	if err != nil || string(event.Data()) != `{"ok":true}` {
		fmt.Println("refused")
		return
	}
	fmt.Println("read")
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/cloudevents/sdk-go/v2@v2.16.2 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
go build -o read .
got=$(for type in application/cloudevents+json{,'; charset=utf-8','; charset=UTF-8',';charset=utf-8'}; do
	printf '%-44s npm: %-8s PyPI: %-5s Go: %s\n' "$type" "$(node read.cjs "$type" "$event")" "$(venv/bin/python read.py "$type" "$event")" "$(./read "$type" "$event")"
done)
echo "$got"
want='application/cloudevents+json                 npm: read     PyPI: read  Go: read
application/cloudevents+json; charset=utf-8  npm: read     PyPI: read  Go: read
application/cloudevents+json; charset=UTF-8  npm: refused  PyPI: read  Go: read
application/cloudevents+json;charset=utf-8   npm: refused  PyPI: read  Go: read'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
