package backtest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"boomerang/functions/local/backtest"
	"boomerang/shared/site"
)

// manyEvents are n events of 5 services and 40 monitors, with messages of 0 to 4,000
// characters.
func manyEvents(n int) []byte {
	states := []string{"[Triggered", "[Warn", "[Recovered", "[No data", "[P1] [Re-Triggered"}
	var all strings.Builder
	for i := range n {
		service := []string{"checkout", "cart", "search", "payments", "orders"}[i%5]
		message, _ := json.Marshal("%%%\nShoppers wait.\n" + strings.Repeat("Words of a runbook. ", i*7%200) + "\n\n@webhook-boomerang\n%%%")
		fmt.Fprintf(&all, `{"id_str": "%d", "title": "%s on {host:web-%d,service:%s}] Latency of %s is high", "text": %s, "date_happened": %d, "alert_type": "error", "priority": "normal",
			"host": "web-%d", "tags": ["monitor", "env:prod", "service:%s"], "url": "/event/event?event_id=%d", "monitor_id": %d, "monitor_groups": ["host:web-%d,service:%s"]}`+"\n",
			8306082202796025001+2*i, states[i*3%5], i%50, service, service, message, 1795000000+i*60, i%50, service, i, 4700+i%40, i%50, service)
	}
	return []byte(all.String())
}

// BenchmarkRun decodes and compares 10,000 alerts; the goal is 10 s.
func BenchmarkRun(b *testing.B) {
	raw := manyEvents(10_000)
	before, after := load(b, base), load(b, strings.Replace(base, "fails", "is down", 1)+`
  - {name: often, match: alert.tags.service == "search" && memory.count > 3, event: {priority: low, tags: ["team:{{ .alert.extra.team }}"]}}
`)
	for b.Loop() {
		events, err := backtest.Decode(b.Context(), site.Default, raw)
		if err != nil {
			b.Fatal(err)
		}
		r := compared(events, before, after)
		if r.Alerts != 10_000 || r.Changed != 2000 || r.NotJudged != 2000 {
			b.Fatal(lines(r))
		}
	}
}
