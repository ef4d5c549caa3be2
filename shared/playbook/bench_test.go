package playbook_test

import (
	"context"
	"fmt"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/playbook"
)

// book200 are 200 playbooks as people write them, of which an alert of checkout
// matches the last.
func book200() string {
	var file strings.Builder
	file.WriteString("playbooks:\n")
	for i := range 200 {
		service := fmt.Sprintf("service-%d", i)
		if i == 199 {
			service = "checkout"
		}
		fmt.Fprintf(&file, `
  - name: %[1]s
    match: alert.tags.service == "%[1]s" && alert.transition in ["Triggered", "Re-Triggered"]
    steps:
      - uses: monitor
      - uses: owner
        with: {service: "{{ .alert.tags.service }}"}
      - uses: ask
        when: steps.owner.team != ""
        with: {url: "https://example.com/{{ .steps.owner.team }}"}
    event:
      title: "{{ .alert.title }} ({{ .steps.owner.team }})"
      tags: ["team:{{ .steps.owner.team }}"]
`, service)
	}
	return file.String()
}

// BenchmarkLoad loads and compiles 200 playbooks; the goal is 50 ms.
func BenchmarkLoad(b *testing.B) {
	// functions/webhook lets its heap grow so, too.
	defer debug.SetGCPercent(debug.SetGCPercent(200))
	source, kinds := []byte(book200()), bench{}.kinds()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := playbook.Load("bench.yaml", source, kinds); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkDefault loads the embedded playbooks, which every cold start does.
func BenchmarkDefault(b *testing.B) {
	kinds := bench{}.kinds()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := playbook.Default(kinds); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkBook_For matches 200 playbooks against an alert; the goal is 200 µs.
func BenchmarkBook_For(b *testing.B) {
	book, a := bench{}.load(b, book200()), checkout()
	b.ReportAllocs()
	for b.Loop() {
		if plan := book.For(a); plan.Name() != "checkout" {
			b.Fatal(plan.Names)
		}
	}
}

func BenchmarkView(b *testing.B) {
	a := checkout()
	b.ReportAllocs()
	for b.Loop() {
		playbook.View(a)
	}
}

// BenchmarkPlan makes the steps of one alert and writes its event.
func BenchmarkPlan(b *testing.B) {
	book, a := bench{"owner": finds(ownerData{Team: "payments"})}.load(b, book200()), checkout()
	b.ReportAllocs()
	for b.Loop() {
		plan := book.For(a)
		plan.Draft(enrich.Run(b.Context(), plan.Steps(), a, time.Minute), event.Cycle{})
	}
}

// BenchmarkSteps runs steps of 100 ms each and reports how many times as long as
// they must take they took: at most 1.15 for ten side by side, which is one step's
// time, and 1.1 for a chain of three, which is three's.
func BenchmarkSteps(b *testing.B) {
	const each = 100 * time.Millisecond
	takes := bench{"owner": func(context.Context, made, alert.Alert) (enrich.Finding, error) {
		time.Sleep(each)
		return enrich.Finding{Data: ownerData{Team: "payments"}}, nil
	}}
	var ten strings.Builder
	for i := range 10 {
		fmt.Fprintf(&ten, "\n  - {name: step-%d, uses: owner}", i)
	}
	for _, bm := range []struct {
		name, steps string
		needed      time.Duration
	}{
		{"ten_side_by_side", ten.String(), each},
		{"a_chain_of_three", `
  - {name: a, uses: owner}
  - {name: b, uses: owner, with: {service: "{{ .steps.a.team }}"}}
  - {name: c, uses: owner, with: {service: "{{ .steps.b.team }}"}}`, 3 * each},
	} {
		b.Run(bm.name, func(b *testing.B) {
			book, a := takes.load(b, one("steps:"+bm.steps)), checkout()
			for b.Loop() {
				for _, r := range run(b, book.For(a), a) {
					if r.Status != enrich.OK {
						b.Fatal(r)
					}
				}
			}
			b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/bm.needed.Seconds(), "x-needed")
		})
	}
}
