package provision

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/telemetry"
)

var update = flag.Bool("update", false, "write the golden file")

var shop = Spec{
	Stack: "Shop", FunctionURL: "https://abc123.lambda-url.eu-west-1.on.aws/", WebhookName: "boomerang", Notify: "@slack-sre",
	Queue: "shop-RedeliveryQueue-1A", DeadLetterQueue: "shop-DeadLetterQueue-1A",
	Functions: []string{"shop-WebhookFunction-1A", "shop-RedeliverFunction-1A"},
}

func dashboard(t *testing.T, s Spec) string {
	t.Helper()
	raw, err := s.dashboardDefinition()
	if err != nil || !json.Valid(raw) || strings.Contains(string(raw), "$") {
		t.Fatalf("%v; the dashboard is %s", err, raw)
	}
	return string(raw)
}

func TestSpec_Dashboard(t *testing.T) {
	full := dashboard(t, shop)
	if strings.Contains(full, "@webhook") {
		t.Error("the dashboard mentions a webhook")
	}
	for _, want := range []string{
		`"title": "Boomerang (boomerang)"`, `The stack Shop made this dashboard`,
		`sum:boomerang.action{functionname IN (`, `sum:boomerang.follow_up{functionname IN (`,
		`"query": "source:alert \"webhook-boomerang\" -service:boomerang"`,
		`sum:boomerang.posted{functionname IN (shop-webhookfunction-1a,shop-redeliverfunction-1a)}.as_count()`,
		`{functionname IN (shop-webhookfunction-1a,shop-redeliverfunction-1a) AND status IN (failed,timeout)}`,
		`visible{queuename:shop-redeliveryqueue-1a}`, `visible{queuename:shop-deadletterqueue-1a}`,
	} {
		if !strings.Contains(full, want) {
			t.Errorf("the dashboard does not have %s", want)
		}
	}
	laptop := dashboard(t, Spec{WebhookName: "x", Stack: `a "stack"`})
	if strings.Contains(laptop, "aws.") || !strings.Contains(laptop, "{status IN (failed,timeout)}") || !strings.Contains(laptop, "boomerang.posted{*}") {
		t.Errorf("without queues and functions the dashboard is %s", laptop)
	}
}

func TestSpec_SelfMonitors(t *testing.T) {
	const golden = "testdata/monitors.json"
	raw, err := json.MarshalIndent(shop.selfMonitors([]string{"1", "2"}), "", "  ")
	if *update {
		err = errors.Join(err, os.WriteFile(golden, append(raw, '\n'), 0o600))
	}
	file, readErr := os.ReadFile(golden)
	var got, want any
	if err := errors.Join(err, readErr, json.Unmarshal(raw, &got), json.Unmarshal(file, &want)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got)\n%s", golden, diff)
	}
	if own := (Spec{WebhookName: "x"}).selfMonitors([]string{"1", "2"}); len(own) != 3 {
		t.Errorf("without a queue there are %d monitors", len(own))
	}
}

// The monitor counts what the notification rule routes, with the mention or without.
func TestSpec_SelfMonitors_Route(t *testing.T) {
	routed := shop
	routed.Route = `env:prod OR team:"a b"`
	const want = `events("source:alert (\"webhook-boomerang\" OR (env:prod OR team:\"a b\")) -service:boomerang").rollup("count").last("20m") > 0`
	if got := routed.selfMonitors([]string{"1", "2"})[0].Query; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if !strings.Contains(dashboard(t, routed), `source:alert (\"webhook-boomerang\" OR (env:prod`) {
		t.Error("the dashboard counts mentions only")
	}
}

// Beside a second stack a count of all events would stay above zero while this one
// posts none.
func TestSpec_OwnEventsOnly(t *testing.T) {
	raw, err := json.Marshal([]any{dashboard(t, shop), shop.selfMonitors([]string{"1", "2"})})
	if err != nil {
		t.Fatal(err)
	}
	counting := regexp.MustCompile(`(webhook:boomerang\* )?enrichment:\*`).FindAllString(string(raw), -1)
	if len(counting) < 5 {
		t.Errorf("%d queries for events, and this test knows of 5", len(counting))
	}
	for _, query := range counting {
		if !strings.HasPrefix(query, "webhook:") {
			t.Errorf("a query is for the events of every stack: %s", raw)
		}
	}
}

// ourMetric is a metric of Boomerang in a query, with the tags by which it is grouped.
var ourMetric = regexp.MustCompile(`(boomerang\.[a-z_.]+)\{[^}]*\}(?: by \{([a-z,]+)\})?`)

// A widget on a metric or a tag that is never written would stay empty.
func TestSpec_DashboardMetrics(t *testing.T) {
	asked := ourMetric.FindAllStringSubmatch(dashboard(t, shop), -1)
	if len(asked) < 10 {
		t.Fatalf("it asks for %v", asked)
	}
	for _, found := range asked {
		name, tags := found[1], strings.FieldsFunc(found[2], func(r rune) bool { return r == ',' })
		at := slices.IndexFunc(telemetry.Metrics, func(m telemetry.Metric) bool { return m.Name == name })
		if at < 0 {
			t.Errorf("%s is never written", name)
			continue
		}
		for _, tag := range tags {
			if !slices.Contains(telemetry.Metrics[at].Tags, tag) {
				t.Errorf("%s has no tag %s", name, tag)
			}
		}
	}
}
