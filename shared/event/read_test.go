package event

import (
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
)

func TestLeftOut(t *testing.T) {
	now := time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
	long := strings.Repeat("word ", 2000)
	for name, c := range map[string]struct {
		message string
		want    bool
	}{
		"nothing":                    {"short", false},
		"a long message":             {long, true},
		"a message that quotes it":   {noteStart + "lines" + noteEnd + " That was it.", false},
		"a long message that quotes": {noteStart + "lines._\n\n" + long, true},
	} {
		t.Run(name, func(t *testing.T) {
			a := alert.Alert{ID: "1", Title: "x", Message: c.message}
			v1, v2 := LeftOut(Compose(a, Draft{}, nil, now)), LeftOut(ComposeAlert(a, Draft{}, nil, now))
			if v1 != c.want || v2 != c.want {
				t.Errorf("got %v for v1, %v for v2", v1, v2)
			}
			omitted := Omissions(Compose(a, Draft{}, nil, now))
			if c.want && !strings.HasSuffix(omitted, " characters of the message") || !c.want && omitted != "" {
				t.Errorf("it lacks %q", omitted)
			}
		})
	}
	if LeftOut(nil) {
		t.Error("of no event something is left out")
	}
}

func TestEnrichment(t *testing.T) {
	now := time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
	a := alert.Alert{ID: "1", Title: "x", Tags: alert.Tags{"env:prod", "enrichment:theirs"}}
	missed := []enrich.Result{{Name: "logs", Status: enrich.TimedOut}, {Name: "monitor", Status: enrich.OK}}
	for want, r := range map[string]Request{
		"none":     Compose(a, Draft{}, nil, now),
		"partial":  ComposeAlert(a, Draft{}, missed, now),
		"complete": Summarise(a, Draft{}, Suppressed{Count: 2}, now),
		"":         Event{Tags: []string{"env:prod"}},
	} {
		if got := Enrichment(r); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestText(t *testing.T) {
	now := time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
	a := alert.Alert{ID: "1", Title: "x", Message: "see https://example.com/a and [b](https://example.com/bc)"}
	for name, r := range map[string]Request{"v1": Compose(a, Draft{}, nil, now), "v2": ComposeAlert(a, Draft{}, nil, now)} {
		text := Text(r)
		if text == "" || strings.Contains(text, wrapperMark) || AddressLength(text) != len("https://example.com/a")+len("https://example.com/bc") {
			t.Errorf("%s: %q has %d characters of addresses", name, text, AddressLength(text))
		}
	}
}
