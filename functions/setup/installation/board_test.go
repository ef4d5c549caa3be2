package installation

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/telemetry"
)

var update = flag.Bool("update", false, "write the golden files")

var shop = Spec{
	Stack: "Shop", FunctionURL: "https://abc123.lambda-url.eu-west-1.on.aws/", WebhookName: "boomerang", Notify: "@slack-sre",
	Queue: "shop-RedeliveryQueue-1A", DeadLetterQueue: "shop-DeadLetterQueue-1A",
	Functions: []string{"shop-WebhookFunction-1A", "shop-RedeliverFunction-1A"},
}

// sameAsGolden compares v, as indented JSON, with a file.
func sameAsGolden(t *testing.T, v any, file string) {
	t.Helper()
	var got bytes.Buffer
	encoder := json.NewEncoder(&got)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got)\n%s", file, diff)
	}
}

func TestSpec_board(t *testing.T) {
	sameAsGolden(t, shop.board(), "board.json")
	laptop := Spec{WebhookName: "x"}.board()
	if raw, err := json.Marshal(laptop); err != nil || bytes.Contains(raw, []byte("aws.")) {
		t.Errorf("what has no queue and no functions shows those of everybody: %s, %v", raw, err)
	}
}

func TestSpec_watches(t *testing.T) {
	var all []monitor
	for _, define := range shop.watches() {
		all = append(all, define([]int64{1, 2}))
	}
	sameAsGolden(t, all, "monitors.json")
	if own := (Spec{WebhookName: "x"}).watches(); len(own) != 3 {
		t.Errorf("without a queue there are %d monitors", len(own))
	}
}

// Beside a second stack a count of all events would stay above zero while this one
// posts none.
func TestSpec_counts_the_events_of_its_own_webhook(t *testing.T) {
	made := []any{shop.board()}
	for _, define := range shop.watches() {
		made = append(made, define([]int64{1, 2}))
	}
	raw, err := json.Marshal(made)
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

// ourMetric is a metric of ours in a query, with the tags by which it is grouped.
var ourMetric = regexp.MustCompile(`(boomerang\.[a-z_.]+)\{[^}]*\}(?: by \{([a-z,]+)\})?`)

// A widget on a metric or a tag that nobody writes would stay empty without a word.
func TestSpec_board_asks_for_metrics_that_there_are(t *testing.T) {
	raw, err := json.Marshal(shop.board().Widgets)
	if err != nil {
		t.Fatal(err)
	}
	asked := ourMetric.FindAllStringSubmatch(string(raw), -1)
	if len(asked) < 10 {
		t.Fatalf("it asks for %v", asked)
	}
	for _, found := range asked {
		name, tags := found[1], strings.FieldsFunc(found[2], func(r rune) bool { return r == ',' })
		at := slices.IndexFunc(telemetry.Metrics, func(m telemetry.Metric) bool { return m.Name == name })
		if at < 0 {
			t.Errorf("nobody writes %s", name)
			continue
		}
		for _, tag := range tags {
			if !slices.Contains(telemetry.Metrics[at].Tags, tag) {
				t.Errorf("%s has no tag %s", name, tag)
			}
		}
	}
}

func TestSpec_title_and_messages_hold_no_handle_of_a_webhook(t *testing.T) {
	raw, err := json.Marshal(shop.board())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(raw), "@webhook") {
		t.Error("the dashboard does")
	}
}
