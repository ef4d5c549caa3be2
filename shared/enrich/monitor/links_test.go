package monitor

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
)

// texts writes each link as "kind [title] URL".
func texts(links enrich.Links) []string {
	all := []string{}
	for _, l := range links {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s [%s] %s", l.Kind, l.Title, l.URL)))
	}
	return all
}

func TestLinks(t *testing.T) {
	tags := alert.Tags{"monitor", "service:checkout", "host:web 1/a", "empty:"}
	for _, tt := range []struct {
		name, message string
		want          []string
	}{
		{"no message", "", []string{}},
		{
			"markdown link", "See [the steps](https://git.example.com/ops/runbooks/checkout.md) first. @slack-ops",
			[]string{"runbook [the steps] https://git.example.com/ops/runbooks/checkout.md"},
		},
		{"bare URL", "See https://wiki.example.com/checkout/.", []string{"runbook [wiki.example.com/checkout] https://wiki.example.com/checkout/"}},
		{
			"kind from the text before", "* Runbook: <https://git.example.com/a?b=c#d>\n* Source: https://git.example.com/b",
			[]string{"runbook [git.example.com/a] https://git.example.com/a?b=c#d", "[git.example.com/b] https://git.example.com/b"},
		},
		{
			"text of another link", "[Runbook](https://git.example.com/a), [source](https://git.example.com/b)",
			[]string{"runbook [Runbook] https://git.example.com/a", "[source] https://git.example.com/b"},
		},
		{
			"order",
			"https://git.example.com/checkout\n[Board](https://app.datadoghq.com/dashboard/abc-def-ghi/checkout?live=true)\n" +
				"https://acme.atlassian.net/wiki/spaces/OPS\nhttps://www.notion.so/acme/1\nhttps://docs.google.com/document/d/1",
			[]string{
				"runbook [acme.atlassian.net/wiki/spaces/OPS] https://acme.atlassian.net/wiki/spaces/OPS",
				"runbook [www.notion.so/acme/1] https://www.notion.so/acme/1",
				"runbook [docs.google.com/document/d/1] https://docs.google.com/document/d/1",
				"dashboard [Board] https://app.datadoghq.com/dashboard/abc-def-ghi/checkout?live=true",
				"[git.example.com/checkout] https://git.example.com/checkout",
			},
		},
		{"dashboard called playbook", "[Playbook](https://app.datadoghq.com/dashboard/abc)", []string{"runbook [Playbook] https://app.datadoghq.com/dashboard/abc"}},
		{"duplicate", "https://wiki.example.com/a and [again](https://wiki.example.com/a)", []string{"runbook [wiki.example.com/a] https://wiki.example.com/a"}},
		{
			"brackets", "(see https://wiki.example.com/Load_(computing)) [b](https://wiki.example.com/(b))",
			[]string{"runbook [wiki.example.com/Load_(computing)] https://wiki.example.com/Load_(computing)", "runbook [b] https://wiki.example.com/(b)"},
		},
		{
			"template variables", "{{#is_alert}}https://wiki.example.com/{{service.name}}/{{ host.name }}{{/is_alert}}",
			[]string{"runbook [wiki.example.com/checkout/web 1/a] https://wiki.example.com/checkout/web%201%2Fa"},
		},
		{"unknown variable", "https://wiki.example.com/{{pod.name}} https://wiki.example.com/{{ value }} https://wiki.example.com/{{host.ip}}", []string{}},
		{
			"webhooks",
			"https://hooks.slack.com/services/T0/B0/key https://acme.webhook.office.com/webhookb2/key https://discord.com/api/webhooks/1/key " +
				"https://chat.googleapis.com/v1/spaces/A/messages?key=k https://Events.pagerduty.com/x-ere/key https://api.telegram.org",
			[]string{},
		},
		{"not webhooks", "https://git.example.com/my-webhooks/a", []string{"[git.example.com/my-webhooks/a] https://git.example.com/my-webhooks/a"}},
		{"images", "![graph](https://example.com/graph) https://p.datadoghq.com/snapshot/a.PNG?x=1", []string{}},
		{
			"linked image", "[![graph](https://example.com/graph.png)](https://app.datadoghq.com/dashboard/abc)",
			[]string{"dashboard [app.datadoghq.com/dashboard/abc] https://app.datadoghq.com/dashboard/abc"},
		},
		{"password", "https://user:secret@wiki.example.com/a", []string{}},
		{"invalid URLs", "https:// http://%zz [a](https://) ]( text](https://wiki.example.com/a)", []string{"runbook [wiki.example.com/a] https://wiki.example.com/a"}},
		{
			"URL in a query", "https://login.example.com/?next=https://wiki.example.com/a",
			[]string{"runbook [login.example.com] https://login.example.com/?next=https://wiki.example.com/a"},
		},
		{"long title", "[" + strings.Repeat("é", 200) + "](https://git.example.com/a)", []string{"[" + strings.Repeat("é", 79) + "…] https://git.example.com/a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, texts(links(datadog.Monitor{Message: tt.message}, tags))); diff != "" {
				t.Errorf("links (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLinks_Assets(t *testing.T) {
	got := texts(links(datadog.Monitor{
		Message: "[Runbook](https://wiki.example.com/a) [again](https://git.example.com/b)",
		Assets: []datadog.Asset{
			{Category: "runbook", Name: "Checkout is down", URL: "https://git.example.com/b"},
			{Category: "runbook", Name: "relative", URL: "/relative"},
		},
	}, nil))
	want := []string{"runbook [Checkout is down] https://git.example.com/b", "runbook [Runbook] https://wiki.example.com/a"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
}

func TestLinks_Limit(t *testing.T) {
	message := strings.Repeat("[a](https://git.example.com/", 3)
	for i := range 100 {
		message += " https://wiki.example.com/" + strings.Repeat("a", i+1)
	}
	if got := links(datadog.Monitor{Message: message}, nil); len(got) != maxLinks {
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
