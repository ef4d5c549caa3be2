package playbook_test

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/memory"
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

// BenchmarkBook_For matches 200 playbooks against an alert; the goal is 200 µs.
func BenchmarkBook_For(b *testing.B) {
	book, a := bench{}.load(b, book200()), checkout()
	b.ReportAllocs()
	for b.Loop() {
		if plan := book.For(a, memory.Memory{}); plan.Name() != "checkout" {
			b.Fatal(plan.Names)
		}
	}
}

// BenchmarkPlan makes the steps of one alert and writes its event.
func BenchmarkPlan(b *testing.B) {
	book, a := bench{"owner": finds(ownerData{Team: "payments"})}.load(b, book200()), checkout()
	b.ReportAllocs()
	for b.Loop() {
		plan := book.For(a, memory.Memory{})
		plan.Draft(enrich.Run(b.Context(), plan.Steps(), a, time.Minute), event.Cycle{})
	}
}

// BenchmarkWords matches, and writes an event, by the length of the alert's message and
// its tags. The goal is a time that grows no faster than they do, and 20 ms for 64 KiB.
func BenchmarkWords(b *testing.B) {
	book := bench{}.load(b, one(`
match: >-
  alert.message matches "(?i)(error|timeout)+ [0-9]{1,20}$" || alert.message contains alert.text || upper(alert.message) in alert.tag_list
  || any(alert.tag_list, {alert.title contains #}) || alert.tags.service == "checkout"
event:
  title: "{{ .alert.message | replace \"@\" \"-\" | truncate 80 }}"
  text: "{{ .alert.message | lower | trim }}{{ join \", \" .alert.tag_list | truncate 500 }}{{ url .alert.text | truncate 80 }}"
  tags: ["{{ range .alert.tag_list }}{{ if eq . $.alert.title }}{{ . }}{{ end }}{{ end }}"]`))
	for _, size := range []int{1 << 10, 16 << 10, 64 << 10, 256 << 10} {
		b.Run(fmt.Sprintf("%dKiB", size>>10), func(b *testing.B) {
			a := checkout()
			a.Message, a.Text = strings.Repeat("@", size), strings.Repeat("@", size/2)+"x"
			for i := range size / 50 { // 5,000 tags for 256 KiB.
				a.Tags = append(a.Tags, fmt.Sprintf("@tag%d:@", i))
			}
			for b.Loop() {
				if _, failed := book.For(a, memory.Memory{}).Draft(nil, event.Cycle{}); len(failed) > 0 {
					b.Fatal(failed)
				}
			}
		})
	}
}
