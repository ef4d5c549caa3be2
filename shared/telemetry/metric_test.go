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

func TestMetrics_Table(t *testing.T) {
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

// TestMetrics_README: its table is that of the code, row by row.
func TestMetrics_README(t *testing.T) {
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

func TestMetrics_Tags(t *testing.T) {
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

func TestMetric_Record(t *testing.T) {
	m := telemetry.Metric{Name: "boomerang.m", Tags: []string{"a", "b"}}
	for name, tt := range map[string]struct {
		value float64
		tags  []string
		want  string
	}{
		"whole number":      {3, nil, "boomerang.m:3|d"},
		"fraction":          {0.00025, nil, "boomerang.m:0.00025|d"},
		"both tags":         {1, []string{"x", "y"}, "boomerang.m:1|d|#a:x,b:y"},
		"empty first tag":   {1, []string{"", "y"}, "boomerang.m:1|d|#b:y"},
		"too many tags":     {1, []string{"x", "y", "z"}, "boomerang.m:1|d|#a:x,b:y"},
		"special character": {1, []string{"X|c|#z,w\nq r"}, "boomerang.m:1|d|#a:x_c__z_w_q_r"},
		"long value":        {1, []string{strings.Repeat("ü", 300)}, "boomerang.m:1|d|#a:" + strings.Repeat("ü", 100)},
		"invalid UTF-8":     {1, []string{"a\xff"}, "boomerang.m:1|d|#a:a_"},
	} {
		t.Run(name, func(t *testing.T) {
			e := telemetrytest.During(t, func(ctx context.Context) { m.Record(ctx, tt.value, tt.tags...) })
			if diff := cmp.Diff([]string{tt.want}, e.Lines(t)); diff != "" {
				t.Errorf("lines (-want +got):\n%s", diff)
			}
		})
	}
}
