package fakedatadog_test

import (
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fakedatadog"
)

func TestIncidents_Search(t *testing.T) {
	s := newServer()
	for i, incident := range []fakedatadog.Incident{
		{Title: "a", Services: []string{"checkout", "cart"}, Severity: "SEV-1", Created: noon.Add(time.Hour), Commander: &ada},
		{Title: "b", Services: []string{"checkout"}, State: "stable", Created: noon, Teams: []string{"the shop"}, CustomerImpacted: true},
		{Title: "c", Services: []string{"checkout"}, State: "resolved"},
		{Title: "d"},
	} {
		if id := s.AddIncident(incident); id != 336_000+int64(i) {
			t.Errorf("public id %d", id)
		}
	}
	for query, want := range map[string]string{
		"state:active": "a d",
		"state:(active OR stable) AND services:checkout": "a b",
		"state:(active OR stable) AND services:cart":     "a",
		`teams:"the shop"`: "b",
		"severity:(SEV-1 OR UNKNOWN) AND state:active": "a d",
		"customer_impacted:true":                       "b",
		"public_id:336002":                             "c",
		"unheard_of:x":                                 "",
	} {
		body := ask(t, s, "GET", "/api/v2/incidents/search?query="+url.QueryEscape(query), "").mustBe(t, 200).body
		if got := strings.Join(titles(t, body), " "); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	for parameters, want := range map[string][]string{
		"&sort=created":                        {"b", "c", "d", "a"},
		"&sort=-created":                       {"a", "b", "c", "d"},
		"&page%5Bsize%5D=1&page%5Boffset%5D=1": {"b"},
		"&page%5Boffset%5D=9":                  nil,
	} {
		body := ask(t, s, "GET", "/api/v2/incidents/search?query=state:(active+OR+stable+OR+resolved)"+parameters, "").mustBe(t, 200).body
		if diff := cmp.Diff(want, titles(t, body)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", parameters, diff)
		}
	}
	for _, bad := range []string{"", "?query=checkout", "?query=state:", "?query=state:active&sort=title", "?query=state:active&page%5Bsize%5D=x"} {
		ask(t, s, "GET", "/api/v2/incidents/search"+bad, "").mustBe(t, 400)
	}
}

func titles(t *testing.T, body string) []string {
	t.Helper()
	var all []string
	for _, i := range decode[struct {
		Data struct {
			Attributes struct {
				Incidents []struct {
					Data struct{ Attributes struct{ Title string } }
				}
			}
		}
	}](t, body).Data.Attributes.Incidents {
		all = append(all, i.Data.Attributes.Title)
	}
	return all
}
