package event_test

import (
	"errors"
	"strings"
	"testing"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
)

func TestOmissions(t *testing.T) {
	const quoted = "_Left out, for Datadog's limit: lines._"
	long := strings.Repeat("word ", 2000)
	for message, want := range map[string]string{
		"short":                           "",
		long:                              " characters of the message",
		quoted + " That was it.":          "",
		quoted + "\n\n" + long:            " characters of the message",
		"Yes.\n\nIt is a note: " + quoted: "lines",
	} {
		v1, v2 := mustCompose(t, alert.Alert{ID: "1", Title: "x", Message: message}, draft, nil)
		for _, e := range []event.Request{v1, v2} {
			if got := event.Omissions(e); !strings.HasSuffix(got, want) || want == "" && got != "" {
				t.Errorf("%.60s: got %q, want %q", message, got, want)
			}
		}
	}
	if got := event.Omissions(nil); got != "" {
		t.Errorf("no event lacks %q", got)
	}
}

func TestEnrichment(t *testing.T) {
	ok, skipped := enrich.Result{Status: enrich.OK}, enrich.Result{Status: enrich.Skipped}
	failed, late := enrich.Result{Status: enrich.Failed, Err: errors.New("x")}, enrich.Result{Status: enrich.TimedOut, Err: errors.New("x")}
	partial := enrich.Result{Status: enrich.OK, Finding: enrich.Finding{PartialReason: errors.New("x")}}
	for want, sets := range map[string][][]enrich.Result{
		"complete": {{ok}, {ok, skipped}},
		"partial":  {{ok, failed}, {late, ok}, {partial}, {ok, partial}},
		"none":     {nil, {failed}, {skipped}, {failed, skipped, late}},
	} {
		for _, set := range sets {
			v1, v2 := mustCompose(t, alert.Alert{ID: "1", Tags: alert.Tags{"enrichment:theirs"}}, draft, set)
			if got := []string{event.Enrichment(v1), event.Enrichment(v2)}; got[0] != want || got[1] != want {
				t.Errorf("%v: got %v, want %s", set, got, want)
			}
		}
	}
	if got := event.Enrichment(event.Event{Tags: []string{"env:prod"}}); got != "" {
		t.Errorf("another event has %q", got)
	}
}

func TestText(t *testing.T) {
	v1, v2 := mustCompose(t, alert.Alert{ID: "1", Title: "x", Message: "see https://example.com/a and [b](https://example.com/bc)"}, draft, nil)
	for _, e := range []event.Request{v1, v2} {
		text := event.Text(e)
		if text == "" || strings.Contains(text, "%%%") || event.AddressLength(text) != len("https://example.com/a")+len("https://example.com/bc") {
			t.Errorf("%q has %d characters of addresses", text, event.AddressLength(text))
		}
	}
}
