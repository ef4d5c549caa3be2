#!/usr/bin/env bash
# github.com/go-gremlins/gremlins v0.6.0: the condition of a `case` and a constant are never mutated. They are reported as NOT
# COVERED although `go test -cover` says 100 %, because Go's coverage has no block for either. "Test efficacy" leaves them out: it
# is 100 % for a test that would not notice > instead of >=.
#
# Output seen:
#   coverage: 100.0% of statements
#   KILLED CONDITIONALS_NEGATION at retry.go:10:17
#   NOT COVERED ARITHMETIC_BASE at retry.go:3:18
#   NOT COVERED CONDITIONALS_BOUNDARY at retry.go:7:15
#   NOT COVERED CONDITIONALS_NEGATION at retry.go:7:15
#   Test efficacy: 100.00%
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
mkdir bin m
GOBIN=$PWD/bin go install github.com/go-gremlins/gremlins/cmd/gremlins@v0.6.0 >/dev/null 2>&1
cd m
cat >retry.go <<'GO'
package retry

const budget = 3 * 20

func Again(status, seconds int) bool {
	switch {
	case seconds >= budget:
		return false
	default:
		return status == 429
	}
}
GO
cat >retry_test.go <<'GO'
package retry

import "testing"

func TestAgain(t *testing.T) {
	if !Again(429, 0) || Again(429, 1000) || Again(404, 0) {
		t.Error("wrong answer")
	}
}
GO
go mod init retry >/dev/null 2>&1
got=$(
	go test -cover . | grep -o 'coverage: .*'
	../bin/gremlins unleash --timeout-coefficient 30 . 2>/dev/null | grep -E 'COVERED|KILLED|LIVED|TIMED|efficacy' | sed 's/^ *//' | sort
)
cd ..
echo "$got"
want='coverage: 100.0% of statements
KILLED CONDITIONALS_NEGATION at retry.go:10:17
NOT COVERED ARITHMETIC_BASE at retry.go:3:18
NOT COVERED CONDITIONALS_BOUNDARY at retry.go:7:15
NOT COVERED CONDITIONALS_NEGATION at retry.go:7:15
Test efficacy: 100.00%'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
