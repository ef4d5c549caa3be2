package output

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// The bounds of what is shown on one line, in characters. A payload is shown whole.
const (
	maxValue = 1 << 20
	maxTitle = 200
)

// StreamEvent writes an event of Datadog's stream with all fields that Datadog sent.
func (p *Printer) StreamEvent(e datadog.Event) {
	var others map[string]json.RawMessage
	_ = json.Unmarshal(e.Raw, &others) // Without an object there is nothing more to show.
	out := p.field("title", p.paint(bold, enrich.Line(e.Title, maxValue)))
	for _, f := range []struct{ name, value string }{
		{"id", e.ID},
		{"url", e.URL},
		{"date_happened", utc(e.Happened)},
		{"alert_type", e.AlertType},
		{"priority", e.Priority},
		{"source", sourceOf(e)},
		{"host", e.Host},
		{"device_name", e.DeviceName},
		{"tags", strings.Join(e.Tags, ", ")},
	} {
		out += p.field(f.name, enrich.Line(f.value, maxValue))
		delete(others, f.name)
	}
	for _, name := range slices.Sorted(maps.Keys(others)) {
		if !slices.Contains([]string{"title", "text", "id_str"}, name) {
			out += p.field(name, enrich.Line(valueOf(others[name]), maxValue))
		}
	}
	_, _ = p.Write([]byte(out + p.text(visible(e.Text))))
}

// valueOf returns a JSON value as people read it, and nothing for what is empty.
func valueOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil { // Of null, too.
		return text
	}
	if value := string(raw); value != "[]" && value != "{}" {
		return value
	}
	return ""
}

// visible returns a text without the characters that could control a terminal.
func visible(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return -1
		}
		return r
	}, text)
}

// Stream writes a line for each event.
func (p *Printer) Stream(events []datadog.Event) {
	for _, e := range events {
		at, rest := fmt.Sprintf("%-23s", utc(e.Happened)), fmt.Sprintf("%-10s %-14s %-19s", visible(e.AlertType), visible(sourceOf(e)), e.ID)
		p.Line("%s  %s %s", p.paint(dim, at), rest, p.paint(bold, enrich.Line(e.Title, maxTitle)))
	}
}

// sourceOf returns the source as searches have it.
func sourceOf(e datadog.Event) string { return cmp.Or(alert.Tags(e.Tags).Get("source"), e.Source) }

func utc(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return at.UTC().Format("2006-01-02 15:04:05 UTC")
}
