package enrichtest

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fakedatadog"
)

// events is the suite's case of a step of three lines.
var events = Case{
	New: func(client *datadog.Client) enrich.Step {
		return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
			if a.ID == "" {
				return enrich.Finding{}, enrich.Skip("the alert has no event")
			}
			e, err := client.Event(ctx, a.ID)
			return enrich.Finding{Title: "Event", Weight: enrich.Useful, Blocks: []enrich.Block{enrich.Paragraph(e.Title)}, Data: e}, err
		})
	},
	Permission: "events_read",
	Alert:      alert.Alert{ID: "8306082202796025001"},
	Seed: func(s *fakedatadog.Server) {
		s.AddEvent(fakedatadog.Event{ID: 8306082202796025001, Title: "Load is high"})
	},
	NotFound: "Datadog refused to get the event (404 Not Found): No event matches that event_id.",
}

func TestConformance_holds_for_a_step_of_three_lines(t *testing.T) { Conformance(t, events) }

func TestProblems(t *testing.T) {
	good := enrich.Finding{
		Title: "Monitor", Weight: enrich.Essential, Data: map[string]int{"failing": 1},
		Blocks: []enrich.Block{
			enrich.Facts{{Name: "a", Value: "b"}},
			enrich.List{Items: []enrich.Item{{Time: time.Unix(0, 0)}}},
			enrich.Links{{URL: "https://x"}},
			enrich.Paragraph("a"), enrich.Code("a"),
			enrich.Image{URL: "https://x"},
		},
	}
	for _, tt := range []struct {
		name   string
		change func(*enrich.Finding)
		want   []string
	}{
		{"none", func(*enrich.Finding) {}, nil},
		{"no_title", func(f *enrich.Finding) { f.Title = "" }, []string{"the finding has no title"}},
		{"no_weight", func(f *enrich.Finding) { f.Weight = 0 }, []string{"the finding's weight is 0"}},
		{"no_blocks", func(f *enrich.Finding) { f.Blocks = nil }, []string{"the finding has no blocks"}},
		{"an_empty_block", func(f *enrich.Finding) { f.Blocks = []enrich.Block{enrich.Facts{}} }, []string{"block 0 is an empty enrich.Facts"}},
		{"a_missing_block", func(f *enrich.Finding) { f.Blocks = []enrich.Block{nil} }, []string{"block 0 is an empty <nil>"}},
		{"no_data", func(f *enrich.Finding) { f.Data = nil }, []string{"the data is no JSON object with keys: null, <nil>"}},
		{"data_that_is_no_JSON", func(f *enrich.Finding) { f.Data = func() {} }, []string{"the data is no JSON object with keys: , json: unsupported type: func()"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := good
			tt.change(&f)
			if diff := cmp.Diff(tt.want, problems(f), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}
