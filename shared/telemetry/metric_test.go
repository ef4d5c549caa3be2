package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/telemetry"
	"boomerang/shared/telemetry/telemetrytest"
)

var update = flag.Bool("update", false, "write the golden files")

// table returns the rows of the documents' table.
func table() string {
	var b strings.Builder
	for _, m := range telemetry.Metrics {
		tags := ""
		if len(m.Tags) > 0 {
			tags = "`" + strings.Join(m.Tags, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", m.Name, m.Unit, m.Meaning, tags)
	}
	return b.String()
}

var rows = regexp.MustCompile("(?m)(^\\| `boomerang\\..*\n)+")

// TestMetrics_Documents holds every document with the table to the code.
func TestMetrics_Documents(t *testing.T) {
	tables := 0
	for _, file := range []string{"README.md"} {
		text, err := os.ReadFile(file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			t.Fatal(err)
		}
		found := rows.Find(text)
		if found == nil {
			continue
		}
		tables++
		if *update {
			if err := os.WriteFile(file, bytes.Replace(text, found, []byte(table()), 1), 0o600); err != nil {
				t.Fatal(err)
			}
		} else if diff := cmp.Diff(table(), string(found)); diff != "" {
			t.Errorf("go test ./shared/telemetry -update rewrites %s (-want +got):\n%s", file, diff)
		}
	}
	if tables == 0 {
		t.Error("no document has the table")
	}
}

func TestMetrics_Tags(t *testing.T) {
	unbounded := []string{"alert", "event", "monitor", "host", "id", "scope", "cycle"}
	seen := map[string]bool{}
	for _, m := range telemetry.Metrics {
		if seen[m.Name] || !strings.HasPrefix(m.Name, "boomerang.") || m.Unit == "" || m.Meaning == "" {
			t.Errorf("%q is a duplicate or has no meaning", m.Name)
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
