package events

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/datadog"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func TestTitle(t *testing.T) {
	for want, e := range map[string]datadog.SearchedEvent{
		"Deployed":                            {Title: " Deployed ", Text: "x"},
		"Deployed 1.2":                        {Title: "Deployed 1.2", Tags: []string{"version:1.2"}},
		"Deployed (version 1.3)":              {Title: "Deployed", Tags: []string{"version:1.3"}},
		"first":                               {Text: "%%% \nfirst\nsecond\n %%%"},
		"event without a title":               {Text: " "},
		"Timeout: none → 5":                   {Title: "Timeout", Change: datadog.Change{New: "5"}},
		"Timeout (cache): 5 → none":           {Title: "Timeout", Change: datadog.Change{Resource: "cache", Previous: "5"}},
		strings.Repeat("é", maxTitle-1) + "…": {Title: strings.Repeat("é", 5000)},
	} {
		if got := title(e); got != want {
			t.Errorf("%+v: got %q, want %q", e, got, want)
		}
	}
}

func TestAuthor(t *testing.T) {
	for want, e := range map[string]datadog.SearchedEvent{
		"ann": {Change: datadog.Change{Author: "ann"}, Tags: []string{"author:ben"}},
		"ben": {Tags: []string{"user:cem", "author:ben"}}, "dee": {Tags: []string{"triggered_by:dee"}}, "": {Tags: []string{"author"}},
	} {
		if got := author(e); got != want {
			t.Errorf("%+v: got %q, want %q", e, got, want)
		}
	}
}

func TestLink(t *testing.T) {
	const page = "https://app.datadoghq.com/event/event?id=7"
	for _, tt := range []struct{ text, metadata, want string }{
		{"", "", page},
		{"no link, http:// and ftp://x", "{", page},
		{"%%% \n[run](https://ci.example.com/7) and https://x.example\n %%%", "", "https://ci.example.com/7"},
		{"(see https://ci.example.com/7?a=b.)", "", "https://ci.example.com/7?a=b"},
		{"https://ci.example.com/7", `{"b":"https://b.example/2","a":[1,{"c":"see https://no.example"},"https://a.example/1"]}`, "https://a.example/1"},
		{"https://ci.example.com/7", `{"commit":"abc"}`, "https://ci.example.com/7"},
	} {
		if got := link(datadog.SearchedEvent{Text: tt.text, URL: page, Change: datadog.Change{Metadata: tt.metadata}}); got != tt.want {
			t.Errorf("%q, %s: got %s, want %s", tt.text, tt.metadata, got, tt.want)
		}
	}
}

func TestMerge(t *testing.T) {
	deploy := Change{Kind: Deploy, Title: "Deployed", Source: "github", Time: noon, URL: "https://1"}
	earlier, by := deploy, deploy
	earlier.Time, earlier.URL = noon.Add(-time.Hour), "https://2"
	by.Time, by.Who = noon.Add(time.Hour), "ann"
	merged := merge([]Change{earlier, deploy, by})
	want := []Change{by, deploy}
	want[0].Times, want[1].Times = 1, 2
	if diff := cmp.Diff(want, merged); diff != "" {
		t.Errorf("merged (-want +got):\n%s", diff)
	}
	if got := merged[1].item().Text + "|" + merged[0].item().Text; got != "Deployed (twice)|Deployed, by ann" {
		t.Errorf("got %q", got)
	}
}
