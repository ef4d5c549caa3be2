package output_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"boomerang/functions/local/backtest"
	"boomerang/functions/local/output"
)

// TestPrinter_Backtest keeps a large report to a screen, without what a terminal would obey.
func TestPrinter_Backtest(t *testing.T) {
	at := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	r := backtest.Report{
		Base: "a.yaml at HEAD (01234567)", Playbooks: "a.yaml", From: at, To: at.Add(time.Hour), Read: 2000, Skipped: 3, Alerts: 1000, Changed: 990, Unchanged: 9, NotJudged: 1,
		Default: backtest.Pair{Base: 1, Now: 55}, Open: backtest.Pair{Now: 1}, Cut: backtest.Count{Pair: backtest.Pair{Now: 4}},
	}
	for i := range 30 {
		r.Matched = append(r.Matched, backtest.Match{Playbook: fmt.Sprint("p", i), Pair: backtest.Pair{Base: 30 - i}})
		example := backtest.Example{ID: "7", URL: "https://app.datadoghq.com/event/event?id=7", Title: "Disk\x1b[31m is full\n", Before: strings.Repeat("b", 500), After: "a\x07"}
		for _, kind := range []string{"playbook", "title", "tags"} {
			r.Changes = append(r.Changes, backtest.Group{Kind: kind, Playbook: fmt.Sprint("p", i), What: fmt.Sprintf("+t%d\x1b", i), Count: 33 - i, Examples: []backtest.Example{example, example}})
		}
		r.Unjudged = append(r.Unjudged, backtest.Unjudged{Playbook: "p", Key: "match", Source: fmt.Sprintf("memory.count > %d", i), Needs: []string{"memory.count"}, Count: 1, BaseOnly: i == 0})
	}
	var screen bytes.Buffer
	output.New(&screen).Show("backtest", r)
	got := screen.String()
	for _, want := range []string{
		"a.yaml, compared with a.yaml at HEAD (01234567)\n1000 alerts from 2026-11-20 12:00 to 2026-11-20 13:00 UTC, in 2000 events; no step runs\n",
		"3 more alerts do not mention the webhook; --all-monitors counts them, too\n", "  and 22 more playbooks\n",
		"      33  title +t0 in p0\n          e.g. Disk[31m is full  https://app.datadoghq.com/event/event?id=7\n          - bbbbb", "          + a\n", "in 81 more groups\n",
		"       1  playbook p, match of the base: memory.count > 0 needs memory.count\n", "  and 25 more expressions\n",
		"\nOf 1000 alerts, 990 change, 9 do not, and 1 are not judged; 55 fall to the default playbook (5.5%)\n",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("it does not show %q:\n%s", want, got)
		}
	}
	if lines := strings.Count(got, "\n"); lines > 55 || strings.ContainsAny(got, "\x1b\x07") {
		t.Errorf("%d lines, or control characters:\n%q", lines, got)
	}
}
