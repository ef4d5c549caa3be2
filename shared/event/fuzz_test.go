package event_test

import (
	"encoding/json"
	"strings"
	"testing"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

func FuzzCompose(f *testing.F) {
	for _, a := range []alert.Alert{triggered(), hostile(), {}} {
		f.Add(a.Title, a.Message, a.Status, a.Link, a.CycleKey, `{"a":{"b":[1,"@all",null]}}`)
	}
	f.Add("", "josé@all.example", "", "https://a.example/?q=\xff\u202e", "@all", `[1e999,"\u0000\ud800",{"":{}}]`)
	f.Add("t", "m", "", "", "", strings.Repeat(`{"a":[`, 12)+`1`+strings.Repeat(`]}`, 12))
	f.Fuzz(func(t *testing.T, title, message, status, link, key, data string) {
		a := alert.Alert{
			ID: key, Title: title, Message: message, Status: status, Link: link, CycleKey: key, Scope: title, Text: status, Hostname: title, Priority: key, Tags: alert.Tags{title, key},
		}
		finding := enrich.Finding{Title: title, Weight: enrich.Useful, Blocks: []enrich.Block{
			enrich.Paragraph(message), enrich.Code(message),
			enrich.Facts{{Name: title, Value: status}},
			enrich.Links{{Kind: key, Title: title, URL: link}, {Kind: key, Title: message, URL: link + key}},
			enrich.Image{Title: title, URL: link},
			enrich.List{Items: []enrich.Item{{Text: message, URL: link, Tag: status, Time: now}}},
		}, Data: map[string]any{title: message, message: []string{title, key}}}
		if json.Valid([]byte(data)) {
			finding.Data = json.RawMessage(data)
		}
		mustCompose(t, a, event.Draft{Playbook: "default", Tags: []string{message}}, []enrich.Result{
			{Name: key, Status: enrich.OK, Finding: finding},
			{Name: title, Status: enrich.OK, Finding: enrich.Finding{Data: data}},
			{Name: title, Status: enrich.Failed, Err: fault.New(fault.Permanent, message, nil)},
		})
	})
}
