package telemetry_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/telemetry"
	"boomerang/shared/telemetry/telemetrytest"
)

var update = flag.Bool("update", false, "write the golden files")

// table is the metrics for people.
func table() string {
	var b strings.Builder
	b.WriteString("| metric | unit | what | tags |\n|---|---|---|---|\n")
	for _, m := range telemetry.Metrics {
		tags := ""
		if len(m.Tags) > 0 {
			tags = "`" + strings.Join(m.Tags, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.Unit, m.Meaning, tags)
	}
	return b.String()
}

func TestMetrics_are_what_people_read(t *testing.T) {
	const file = "metrics.md"
	want := "# Metrics\n\nDistributions, sent through the Datadog Lambda Extension. Each also carries the tags that the extension\nadds: the function's name, `service`, `env`, `version` and `DD_TAGS`.\n\n" + table()
	if *update {
		if err := os.WriteFile(file, []byte(want), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("go test ./shared/telemetry -update rewrites it (-want +got):\n%s", diff)
	}
}

// TestMetrics_are_those_of_the_README: its table is that of the code, row by row.
func TestMetrics_are_those_of_the_README(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rows(table()), rows(string(readme))); diff != "" {
		t.Errorf("the README's table of metrics (-want +got):\n%s", diff)
	}
}

// rows are the lines of a text that tell of a metric.
func rows(text string) (rows []string) {
	for line := range strings.Lines(text) {
		if strings.HasPrefix(line, "| `boomerang.") {
			rows = append(rows, line)
		}
	}
	return rows
}

func TestMetrics_have_few_values_for_each_tag(t *testing.T) {
	unbounded := []string{"alert", "event", "monitor", "host", "id", "scope", "cycle"}
	seen := map[string]bool{}
	for _, m := range telemetry.Metrics {
		if seen[m.Name] || !strings.HasPrefix(m.Name, "boomerang.") || m.Unit == "" || m.Meaning == "" {
			t.Errorf("%q is twice there, or unexplained", m.Name)
		}
		seen[m.Name] = true
		for _, tag := range m.Tags {
			for _, word := range unbounded {
				if strings.Contains(tag, word) {
					t.Errorf("%s has the tag %s, with a value for every alert", m.Name, tag)
				}
			}
		}
	}
}

// lines runs a handler that does what do does, and returns what it measured.
func lines(t *testing.T, do func(context.Context)) (*telemetrytest.Extension, []string) {
	t.Helper()
	extension := telemetrytest.New(t)
	h := telemetry.WrapFor(extension.Where(), func(ctx context.Context, _ any) (any, error) { do(ctx); return nil, nil })
	if _, err := invoke(t, h, "id", `{}`); err != nil {
		t.Fatal(err)
	}
	return extension, extension.Lines(t)
}

func TestMetric_Record_writes_what_DogStatsD_reads(t *testing.T) {
	m := telemetry.Metric{Name: "boomerang.m", Tags: []string{"a", "b"}}
	for name, c := range map[string]struct {
		value float64
		tags  []string
		want  string
	}{
		"a whole number":         {3, nil, "boomerang.m:3|d"},
		"a fraction":             {0.00025, nil, "boomerang.m:0.00025|d"},
		"both tags":              {1, []string{"x", "y"}, "boomerang.m:1|d|#a:x,b:y"},
		"an empty first tag":     {1, []string{"", "y"}, "boomerang.m:1|d|#b:y"},
		"one tag too many":       {1, []string{"x", "y", "z"}, "boomerang.m:1|d|#a:x,b:y"},
		"a value that would end": {1, []string{"X|c|#z,w\nq r"}, "boomerang.m:1|d|#a:x_c__z_w_q_r"},
		"a long value":           {1, []string{strings.Repeat("ü", 300)}, "boomerang.m:1|d|#a:" + strings.Repeat("ü", 100)},
		"what is no text":        {1, []string{"a\xff"}, "boomerang.m:1|d|#a:a_"},
	} {
		t.Run(name, func(t *testing.T) {
			_, got := lines(t, func(ctx context.Context) { m.Record(ctx, c.value, c.tags...) })
			if diff := cmp.Diff([]string{c.want}, got); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMetric_Record_fills_packets_of_8_KiB(t *testing.T) {
	const n = 1000
	extension, got := lines(t, func(ctx context.Context) {
		for range n {
			telemetry.StepDuration.Record(ctx, 0.5, "related_events", "timeout")
		}
	})
	// The double has checked the size of each.
	if packets := len(extension.Of(t, telemetrytest.Metrics)); len(got) != n || packets > 10 {
		t.Errorf("%d lines came in %d packets", len(got), packets)
	}
}
