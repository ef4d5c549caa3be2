#!/usr/bin/env bash
# logfmt 1.4.0 (npm): parse drops the backslash of \n and \t and keeps the letter, so a line break that log/slog of Go 1.26.8 wrote joins two words
# with an n between them. Outside of quotes it drops every backslash, so a path loses its separators. Quotation marks that are escaped come back.
# github.com/go-logfmt/logfmt v0.6.1 reads all of it back.
#
# Output seen (each line written by slog):
#   err="timeout\nretry"  npm: "timeoutnretry"  Go: "timeout\nretry"
#   err="col1\tcol2"      npm: "col1tcol2"      Go: "col1\tcol2"
#   err=C:\new\logs       npm: "C:newlogs"      Go: "C:\\new\\logs"
#   err="say \"no\""      npm: "say \"no\""     Go: "say \"no\""
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
npm init -y >/dev/null
npm install --silent --no-fund --no-audit logfmt@1.4.0 >/dev/null
cat >read.cjs <<'JS'
const fs = require('fs')
const { parse } = require('logfmt')
console.log(JSON.stringify(parse(fs.readFileSync(0, 'utf8').trim()).err))
JS
cat >main.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/go-logfmt/logfmt"
)

// main writes its second argument as slog does, or reads it back.
func main() {
	if os.Args[1] == "write" {
		leaveOut := func(_ []string, attr slog.Attr) slog.Attr {
			if attr.Key == "err" {
				return attr
			}
			return slog.Attr{}
		}
		slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: leaveOut})).Info("failed", "err", os.Args[2])
		return
	}
	decoder := logfmt.NewDecoder(strings.NewReader(os.Args[2]))
	decoder.ScanRecord()
	decoder.ScanKeyval()
	value, err := json.Marshal(string(decoder.Value()))
	if err != nil || decoder.Err() != nil {
		panic(fmt.Sprint(err, decoder.Err()))
	}
	fmt.Println(string(value))
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/go-logfmt/logfmt@v0.6.1 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
go build -o slog .
got=$(
	for value in $'timeout\nretry' $'col1\tcol2' 'C:\new\logs' 'say "no"'; do
		line=$(./slog write "$value")
		printf '%-21s npm: %-16s Go: %s\n' "$line" "$(node read.cjs <<<"$line")" "$(./slog read "$line")"
	done
)
echo "$got"
want='err="timeout\nretry"  npm: "timeoutnretry"  Go: "timeout\nretry"
err="col1\tcol2"      npm: "col1tcol2"      Go: "col1\tcol2"
err=C:\new\logs       npm: "C:newlogs"      Go: "C:\\new\\logs"
err="say \"no\""      npm: "say \"no\""     Go: "say \"no\""'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
