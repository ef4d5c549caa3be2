#!/usr/bin/env bash
# github.com/hashicorp/cronexpr v1.1.3: Sunday is 0, 7 and SUN, but as the end of a range it is dropped. 5-7 and FRI-SUN are Friday and
# Saturday, without an error. A range of hours over midnight is read, and its time never comes. adhocore/gronx v1.20.4 reads 5-7 as three
# days and refuses the others, robfig/cron v3.0.1 refuses all of them.
#
# Output seen (the next times, as weekday and hour):
#   0 0 * * SUN      cronexpr: Sun00 Sun00 Sun00 Sun00  gronx: Sun00 Sun00 Sun00 Sun00  robfig: Sun00 Sun00 Sun00 Sun00
#   0 0 * * 5-7      cronexpr: Fri00 Sat00 Fri00 Sat00  gronx: Fri00 Sat00 Sun00 Fri00  robfig: error
#   0 0 * * FRI-SUN  cronexpr: Fri00 Sat00 Fri00 Sat00  gronx: error                    robfig: error
#   0 22-1 * * *     cronexpr: never                    gronx: error                    robfig: error
set -euo pipefail
cd "$(mktemp -d)"
trap 'rm -rf "$PWD"' EXIT
cat >main.go <<'GO'
package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/adhocore/gronx"
	"github.com/hashicorp/cronexpr"
	"github.com/robfig/cron/v3"
)

// times answers the next four times from a Thursday on.
func times(next func(time.Time) time.Time, err error) string {
	if err != nil {
		return "error"
	}
	var found []string
	t := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for range 4 {
		if t = next(t); t.IsZero() {
			return "never"
		}
		found = append(found, t.Format("Mon15"))
	}
	return strings.Join(found, " ")
}

func main() {
	for _, expression := range []string{"0 0 * * SUN", "0 0 * * 5-7", "0 0 * * FRI-SUN", "0 22-1 * * *"} {
		a, errA := cronexpr.Parse(expression)
		_, errB := gronx.NextTickAfter(expression, time.Now(), false)
		b := func(t time.Time) time.Time {
			next, err := gronx.NextTickAfter(expression, t, false)
			if err != nil {
				panic(err)
			}
			return next
		}
		c, errC := cron.ParseStandard(expression)
		nextC := func(t time.Time) time.Time { return c.Next(t) }
		fmt.Printf("%-16s cronexpr: %-24s gronx: %-24s robfig: %s\n", expression, times(a.Next, errA), times(b, errB), times(nextC, errC))
	}
}
GO
go mod init finding >/dev/null 2>&1
go get github.com/hashicorp/cronexpr@v1.1.3 github.com/adhocore/gronx@v1.20.4 github.com/robfig/cron/v3@v3.0.1 >/dev/null 2>&1
got=$(go run .)
echo "$got"
want='0 0 * * SUN      cronexpr: Sun00 Sun00 Sun00 Sun00  gronx: Sun00 Sun00 Sun00 Sun00  robfig: Sun00 Sun00 Sun00 Sun00
0 0 * * 5-7      cronexpr: Fri00 Sat00 Fri00 Sat00  gronx: Fri00 Sat00 Sun00 Fri00  robfig: error
0 0 * * FRI-SUN  cronexpr: Fri00 Sat00 Fri00 Sat00  gronx: error                    robfig: error
0 22-1 * * *     cronexpr: never                    gronx: error                    robfig: error'
[ "$got" = "$want" ] || { echo "the behaviour has changed" >&2; exit 1; }
