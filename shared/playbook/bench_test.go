package playbook_test

import (
	"fmt"
	"runtime/debug"
	"strings"
	"testing"

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
