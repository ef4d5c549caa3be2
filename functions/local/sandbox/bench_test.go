package sandbox_test

import (
	"encoding/json"
	"testing"
	"time"

	"boomerang/events"
	"boomerang/functions/local/sandbox"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/memory"
	"boomerang/shared/playbook"
)

// BenchmarkEnrich shows what the steps metric and suspects add to the time of the others,
// when each read of Datadog takes 120 ms and no answer is cached:
//
//	go test ./functions/local/sandbox -run '^$' -bench Enrich -count 6 | benchstat -col /steps -
func BenchmarkEnrich(b *testing.B) {
	var request struct{ Body string }
	if err := json.Unmarshal(events.Triggered, &request); err != nil {
		b.Fatal(err)
	}
	a, err := alert.Decode([]byte(request.Body))
	if err != nil {
		b.Fatal(err)
	}
	for name, steps := range map[string]string{
		"two": "[{uses: monitor}, {uses: related_events}]",
		"all": "[{uses: metric, with: {window: 3h}}, {uses: monitor}, {uses: related_events}, {uses: suspects}]",
	} {
		b.Run("steps="+name, func(b *testing.B) {
			s, err := sandbox.Start(nil, false, time.Now)
			if err != nil {
				b.Fatal(err)
			}
			defer s.Close()
			s.Seed(a, a.Date)
			for _, route := range []fakedatadog.Route{"monitor.get", "events.list", "events.search", "metrics.query", "catalog.relations"} {
				if err := s.Datadog.Inject(route, "slow:120ms", 0); err != nil {
					b.Fatal(err)
				}
			}
			for b.Loop() {
				client, err := s.Client()
				if err != nil {
					b.Fatal(err)
				}
				book, err := playbook.Load("bench.yaml", []byte("playbooks:\n  - name: all\n    steps: "+steps+"\n"), registry.Kinds(registry.Deps{Datadog: client}))
				if err != nil {
					b.Fatal(err)
				}
				for _, result := range enrich.Run(b.Context(), book.For(a, memory.Memory{}).Steps(), a, 5*time.Second) {
					if result.Status != enrich.OK {
						b.Fatalf("%s: %s %v", result.Name, result.Status, result.Err)
					}
				}
			}
		})
	}
}
