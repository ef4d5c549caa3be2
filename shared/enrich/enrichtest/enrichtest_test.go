package enrichtest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fakedatadog"
)

func eventStep(client *datadog.Client) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		if a.ID == "" {
			return enrich.Finding{}, enrich.Skip("the alert has no event")
		}
		e, err := client.Event(ctx, a.ID)
		return enrich.Finding{Title: "Event", Weight: enrich.Useful, Blocks: []enrich.Block{enrich.Paragraph(e.Title)}, Data: e}, err
	})
}

func TestConformance(t *testing.T) {
	Conformance(t, Case{
		Kind: func(client *datadog.Client) enrich.Kind {
			return enrich.KindOf(enrich.Kind{Permissions: []string{"events_read"}}, func(struct{}, time.Duration) enrich.Step { return eventStep(client) })
		},
		Alert: alert.Alert{ID: "8306082202796025001"},
		Seed: func(s *fakedatadog.Server) {
			s.AddEvent(fakedatadog.Event{ID: 8306082202796025001, Title: "Load is high"})
		},
		NotFound: "Datadog refused to get the event (404 Not Found): No event matches that event_id.",
	})
}

func TestProblems(t *testing.T) {
	for name, tt := range map[string]struct {
		finding enrich.Finding
		want    []string
	}{
		"good": {enrich.Finding{
			Title: "Monitor", Weight: enrich.Essential, Data: map[string]int{"failing": 1},
			Blocks: []enrich.Block{enrich.Facts{{Name: "a", Value: "b"}}, enrich.List{Items: []enrich.Item{{Text: "a"}}}, enrich.Code("a"), enrich.Image{URL: "https://x"}},
		}, nil},
		"empty": {enrich.Finding{}, []string{"no title", "weight 0", "0 of 0 blocks are not empty", "data is not a JSON object with keys: null, <nil>"}},
		"bad leads": {enrich.Finding{
			Title: "Monitor", Weight: enrich.Useful, Data: map[string]int{"a": 1}, Blocks: []enrich.Block{enrich.Code("a")},
			Lead: []enrich.Lead{{Answer: enrich.What, Text: "2 of 14 groups"}, {Text: "a"}, {Answer: enrich.Owner}},
		}, []string{`lead "", "a"`, `lead "owner", ""`}},
		"empty blocks": {
			enrich.Finding{Title: "Monitor", Weight: enrich.Useful, Data: map[string]int{"a": 1}, Blocks: []enrich.Block{nil, enrich.Facts{}, enrich.List{}, enrich.Code("a"), enrich.Image{}}},
			[]string{"1 of 5 blocks are not empty"},
		},
	} {
		if diff := cmp.Diff(tt.want, problems(tt.finding), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: problems (-want +got):\n%s", name, diff)
		}
	}
}

func TestEveryStepRunsTheSuite(t *testing.T) {
	isStep, isTested := map[string]bool{}, map[string]bool{"lookup": true} // lookup calls no service.
	files, err := filepath.Glob("../*/*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Base(filepath.Dir(file))
		if strings.HasSuffix(file, "_test.go") {
			isTested[folder] = isTested[folder] || strings.Contains(string(source), "enrichtest.")
		} else if strings.Contains(string(source), "enrich.KindOf(") {
			isStep[folder] = true
		}
	}
	for folder := range isStep {
		if !isTested[folder] {
			t.Errorf("no test of the step in %s runs the conformance suite", folder)
		}
	}
}
