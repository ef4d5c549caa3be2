package monitor

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

func TestLinks(t *testing.T) {
	tags := alert.Tags{"monitor", "service:checkout", "host:web 1/a", "empty:"}
	for _, tt := range []struct {
		name, message string
		want          enrich.Links
	}{
		{name: "no message"},
		{
			name:    "markdown link",
			message: "See [the steps](https://git.example.com/ops/runbooks/checkout.md) first. @slack-ops",
			want:    enrich.Links{{Kind: "runbook", Title: "the steps", URL: "https://git.example.com/ops/runbooks/checkout.md"}},
		},
		{
			name:    "bare URL",
			message: "See https://wiki.example.com/checkout/.",
			want:    enrich.Links{{Kind: "runbook", Title: "wiki.example.com/checkout", URL: "https://wiki.example.com/checkout/"}},
		},
		{
			name:    "kind from the text before",
			message: "* Runbook: <https://git.example.com/a?b=c#d>\n* Source: https://git.example.com/b",
			want: enrich.Links{
				{Kind: "runbook", Title: "git.example.com/a", URL: "https://git.example.com/a?b=c#d"},
				{Title: "git.example.com/b", URL: "https://git.example.com/b"},
			},
		},
		{
			name:    "text of another link",
			message: "[Runbook](https://git.example.com/a), [source](https://git.example.com/b)",
			want: enrich.Links{
				{Kind: "runbook", Title: "Runbook", URL: "https://git.example.com/a"},
				{Title: "source", URL: "https://git.example.com/b"},
			},
		},
		{
			name: "order",
			message: `https://git.example.com/checkout
[Board](https://app.datadoghq.com/dashboard/abc-def-ghi/checkout?live=true)
https://acme.atlassian.net/wiki/spaces/OPS
https://www.notion.so/acme/1
https://docs.google.com/document/d/1`,
			want: enrich.Links{
				{Kind: "runbook", Title: "acme.atlassian.net/wiki/spaces/OPS", URL: "https://acme.atlassian.net/wiki/spaces/OPS"},
				{Kind: "runbook", Title: "www.notion.so/acme/1", URL: "https://www.notion.so/acme/1"},
				{Kind: "runbook", Title: "docs.google.com/document/d/1", URL: "https://docs.google.com/document/d/1"},
				{Kind: "dashboard", Title: "Board", URL: "https://app.datadoghq.com/dashboard/abc-def-ghi/checkout?live=true"},
				{Title: "git.example.com/checkout", URL: "https://git.example.com/checkout"},
			},
		},
		{
			name:    "dashboard called playbook",
			message: "[Playbook](https://app.datadoghq.com/dashboard/abc)",
			want:    enrich.Links{{Kind: "runbook", Title: "Playbook", URL: "https://app.datadoghq.com/dashboard/abc"}},
		},
		{
			name:    "duplicate",
			message: "https://wiki.example.com/a and [again](https://wiki.example.com/a)",
			want:    enrich.Links{{Kind: "runbook", Title: "wiki.example.com/a", URL: "https://wiki.example.com/a"}},
		},
		{
			name:    "brackets",
			message: "(see https://wiki.example.com/Load_(computing)) [b](https://wiki.example.com/(b))",
			want: enrich.Links{
				{Kind: "runbook", Title: "wiki.example.com/Load_(computing)", URL: "https://wiki.example.com/Load_(computing)"},
				{Kind: "runbook", Title: "b", URL: "https://wiki.example.com/(b)"},
			},
		},
		{
			name:    "template variables",
			message: "{{#is_alert}}https://wiki.example.com/{{service.name}}/{{ host.name }}{{/is_alert}}",
			want:    enrich.Links{{Kind: "runbook", Title: "wiki.example.com/checkout/web 1/a", URL: "https://wiki.example.com/checkout/web%201%2Fa"}},
		},
		{
			name:    "unknown variable",
			message: "https://wiki.example.com/{{pod.name}} https://wiki.example.com/{{ value }} https://wiki.example.com/{{host.ip}}",
		},
		{
			name: "webhooks",
			message: `https://hooks.slack.com/services/T0/B0/key https://acme.webhook.office.com/webhookb2/key
https://discord.com/api/webhooks/1/key https://chat.googleapis.com/v1/spaces/A/messages?key=k https://events.pagerduty.com/x-ere/key`,
		},
		{
			name:    "images",
			message: "![graph](https://example.com/graph) https://p.datadoghq.com/snapshot/a.PNG?x=1",
		},
		{
			name:    "linked image",
			message: "[![graph](https://example.com/graph.png)](https://app.datadoghq.com/dashboard/abc)",
			want:    enrich.Links{{Kind: "dashboard", Title: "app.datadoghq.com/dashboard/abc", URL: "https://app.datadoghq.com/dashboard/abc"}},
		},
		{
			name:    "password",
			message: "https://user:secret@wiki.example.com/a",
		},
		{
			name:    "invalid URLs",
			message: "https:// http://%zz [a](https://) ]( text](https://wiki.example.com/a)",
			want:    enrich.Links{{Kind: "runbook", Title: "wiki.example.com/a", URL: "https://wiki.example.com/a"}},
		},
		{
			name:    "URL in a query",
			message: "https://login.example.com/?next=https://wiki.example.com/a",
			want:    enrich.Links{{Kind: "runbook", Title: "login.example.com", URL: "https://login.example.com/?next=https://wiki.example.com/a"}},
		},
		{
			name:    "long title",
			message: "[" + strings.Repeat("é", 200) + "](https://git.example.com/a)",
			want:    enrich.Links{{Title: strings.Repeat("é", 79) + "…", URL: "https://git.example.com/a"}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, links(datadog.Monitor{Message: tt.message}, tags), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("links (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLinks_Assets(t *testing.T) {
	got := links(datadog.Monitor{
		Message: "[Runbook](https://wiki.example.com/a) [again](https://git.example.com/b)",
		Assets: []datadog.Asset{
			{Category: "runbook", Name: "Checkout is down", URL: "https://git.example.com/b"},
			{Category: "runbook", Name: "nowhere", URL: "/relative"},
		},
	}, nil)
	want := enrich.Links{
		{Kind: "runbook", Title: "Checkout is down", URL: "https://git.example.com/b"},
		{Kind: "runbook", Title: "Runbook", URL: "https://wiki.example.com/a"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
}

func TestLinks_Limit(t *testing.T) {
	message := "https://git.example.com/first\n" + strings.Repeat("[a](https://git.example.com/", 3)
	for i := range 100 {
		message += " https://wiki.example.com/" + strings.Repeat("a", i+1)
	}
	got := links(datadog.Monitor{Message: message}, nil)
	if len(got) != maxLinks {
		t.Errorf("got %d links, want %d", len(got), maxLinks)
	}
}

func FuzzLinks(f *testing.F) {
	f.Add("[![g](https://a/b.png)](https://c/d) https://{{host.name}}/x {{#is_alert}}")
	f.Add("](https://a](https://b)![](https://c")
	f.Fuzz(func(t *testing.T, message string) {
		for _, link := range links(datadog.Monitor{Message: message}, alert.Tags{"host:]( https://x"}) {
			if link.Title == "" || !strings.HasPrefix(link.URL, "http") || strings.ContainsAny(link.URL, " \n") {
				t.Errorf("link %+v from %q", link, message)
			}
		}
	})
}
