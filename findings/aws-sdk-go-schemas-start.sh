#!/usr/bin/env bash
# github.com/aws/aws-sdk-go-v2/service/lambda v1.115.0: a program that only imports it builds the schemas of all its operations
# before main, whatever it calls. That is some eight times the memory that v1.107.0 takes at the start, and it stays.
#
# Output seen, with Go 1.26:
#   v1.107.0 allocates less than 150 kB before main
#   v1.115.0 allocates more than 600 kB before main
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import _ "github.com/aws/aws-sdk-go-v2/service/lambda"

func main() {}
GO
at_start() {
	rm -f go.mod go.sum
	go mod init finding >/dev/null 2>&1
	go get "github.com/aws/aws-sdk-go-v2/service/lambda@$1" >/dev/null 2>&1
	go build -o program .
	# A line of the trace is "init <package> @<when> ms, <duration> ms clock, <size> bytes, <number> allocs".
	GODEBUG=inittrace=1 ./program 2>&1 | awk -v version="$1" '
		/service\/lambda/ { bytes += $8 }
		END {
			size = bytes " bytes"
			if (bytes < 150000) size = "less than 150 kB"
			if (bytes > 600000) size = "more than 600 kB"
			print version, "allocates", size, "before main"
		}'
}
got=$(at_start v1.107.0 && at_start v1.115.0)
echo "$got"
want='v1.107.0 allocates less than 150 kB before main
v1.115.0 allocates more than 600 kB before main'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
