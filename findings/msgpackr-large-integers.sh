#!/usr/bin/env bash
# msgpackr 2.1.4 (npm): an integer that does not fit 32 bits is written as a float, although MessagePack has 64-bit integers and @msgpack/msgpack
# 3.1.3 writes them. So a timestamp in milliseconds is 1764500000000.0 for msgpack 1.2.4 (PyPI), which makes another text and key of it, and
# github.com/vmihailenco/msgpack/v5 v5.4.1 refuses it for an int64. Until 2106 the same time in seconds stays an integer.
#
# Output seen:
#   written by        value           PyPI             Go, into an int64
#   msgpackr          1764500000      1764500000       1764500000
#   msgpackr          1764500000000   1764500000000.0  msgpack: invalid code=cb decoding int64
#   @msgpack/msgpack  1764500000000   1764500000000    1764500000000
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
python3 -m venv venv && venv/bin/pip install --quiet --disable-pip-version-check msgpack==1.2.4
npm init -y >/dev/null
npm install --silent --no-fund --no-audit msgpackr@2.1.4 @msgpack/msgpack@3.1.3 >/dev/null
cat >write.mjs <<'JS'
import { encode } from '@msgpack/msgpack'
import { pack } from 'msgpackr'
const [name, value] = process.argv.slice(2)
process.stdout.write((name === 'msgpackr' ? pack : encode)(Number(value)))
JS
cat >main.go <<'GO'
package main

import (
	"fmt"
	"os"

	"github.com/vmihailenco/msgpack/v5"
)

func main() {
	var value int64
	if err := msgpack.NewDecoder(os.Stdin).Decode(&value); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(value)
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/vmihailenco/msgpack/v5@v5.4.1 >/dev/null 2>&1
go mod tidy >/dev/null 2>&1
go build -o read .
row() { printf '%-17s %-15s %-16s %s\n' "$@"; }
got=$(
	row 'written by' value PyPI 'Go, into an int64'
	for written in 'msgpackr 1764500000' 'msgpackr 1764500000000' '@msgpack/msgpack 1764500000000'; do
		read -r name value <<<"$written"
		node write.mjs "$name" "$value" >value.bin
		row "$name" "$value" "$(venv/bin/python -c 'import msgpack, sys; print(msgpack.unpackb(sys.stdin.buffer.read()))' <value.bin)" "$(./read <value.bin)"
	done
)
echo "$got"
want='written by        value           PyPI             Go, into an int64
msgpackr          1764500000      1764500000       1764500000
msgpackr          1764500000000   1764500000000.0  msgpack: invalid code=cb decoding int64
@msgpack/msgpack  1764500000000   1764500000000    1764500000000'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
