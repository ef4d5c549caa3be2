package handler_test

import (
	"net/url"
	"slices"
	"strings"
	"testing"
)

// Datadog never repeats a 400, so a payload that cannot be read comes back with its words.
func TestHandler_Unread(t *testing.T) {
	for name, tt := range map[string]struct{ body, title, words, alertType string }{
		"cut":                   {`{"title":"[P2] [Triggered on {host:a}] CPU","text":"web-1 is hot, see htt`, "[P2] [Triggered on {host:a}] CPU", "web-1 is hot", "error"},
		"unescaped quotes":      {`{"title":"[Recovered] CPU","query":"logs("status:error").rollup("count")"}`, "[Recovered] CPU", `logs("status:error")`, "success"},
		"unquoted title":        {`{"title":[P2] [Warn on {host:a}] CPU is high,"host":"a"}`, "[P2] [Warn on {host:a}] CPU is high", "CPU is high", "warning"},
		"unquoted tags":         {`{"title":"[Triggered] CPU","tags":env:prod,service:checkout}`, "[Triggered] CPU", "service:checkout", "error"},
		"something after it":    {`{"title":"[Triggered] CPU"}}`, "[Triggered] CPU", "[Triggered] CPU", "error"},
		"single quotes":         {`{'title':'[Triggered] CPU @all'}`, "[Triggered] CPU ＠all", "＠all", "error"},
		"Python's quotes":       {`{'title':'[Recovered] CPU','text':'web-1 is cool, it\'s'}`, "[Recovered] CPU", "web-1", "success"},
		"a list of texts":       {`["[Triggered] CPU","web-1"]`, "[Triggered] CPU", "web-1", "error"},
		"a text":                {`"[Triggered] CPU"`, "[Triggered] CPU", "[Triggered] CPU", "error"},
		"no JSON at all":        {"[Triggered] CPU\nweb-1 is hot", "[Triggered] CPU", "web-1 is hot", "error"},
		"in another script":     {"負荷が高い", "An alert whose payload could not be read", "負荷が高い", "info"},
		"Datadog's own monitor": {`{"text":"x" "y","body":"[[Monitor Status](https://app.datadoghq.com/monitors/4711?group=host%3Aa)]"`, "An alert whose payload could not be read", "4711", "info"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newEnv(t)
			h := w.handler()
			for _, status := range []string{"posted", "duplicate"} {
				r := handle(t, h, post(tt.body))
				if got := fields(t, r.Body); r.StatusCode != 200 || got["status"] != status || status == "posted" && !slices.Equal(got["unreadable"].([]any), []any{"payload"}) {
					t.Errorf("got %d %s, want %s", r.StatusCode, r.Body, status)
				}
			}
			posted := w.datadog.Posted()
			if len(posted) != 1 {
				t.Fatalf("%d events", len(posted))
			}
			e := posted[0].Event
			if !strings.Contains(e.Title+e.Text, tt.words) || !strings.Contains(e.Text, "unreadable in the payload") || e.AlertType != tt.alertType || e.Title != tt.title {
				t.Errorf("title %q, alert_type %q, text %q", e.Title, e.AlertType, e.Text)
			}
		})
	}
	w := newEnv(t)
	handle(t, w.handler(), post(`{"title":"Disk of "sda" is full","alert_transition":"Recovered","tags":"env:prod","host":"a","alert_id":"4711","link":"https://app.datadoghq.com/event/event?id=8306082280000000003","user":{"email":"a`))
	if e := w.datadog.Posted()[0].Event; e.AlertType != "success" || e.Host != "a" || e.RelatedEventID != 8306082280000000003 || !slices.Contains(e.Tags, "env:prod") || !slices.Contains(e.Tags, "monitor:4711") || !strings.Contains(e.Text, "sda") {
		t.Errorf("what is whole in a broken payload: %+v", e)
	}
	w = newEnv(t)
	r := handle(t, w.handler(), with(post("payload="+url.QueryEscape(`{"title":"[Triggered] CPU","text":"web-1 is h`)), "content-type", "application/x-www-form-urlencoded"))
	if posted := w.datadog.Posted(); r.StatusCode != 200 || len(posted) != 1 || posted[0].Event.AlertType != "error" || !strings.Contains(posted[0].Event.Text, "web-1 is h") {
		t.Errorf("a form: %d %s, posted %v", r.StatusCode, r.Body, posted)
	}
	for _, body := range []string{`{"id":`, `{"title":"$EVENT_TITLE","id":"$ID"`, `{"id":"1",}}`, `{"a b":"12" 3`} {
		if r := handle(t, newEnv(t).handler(), post(body)); r.StatusCode != 400 {
			t.Errorf("%s: %d %s", body, r.StatusCode, r.Body)
		}
	}
}
