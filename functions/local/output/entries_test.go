package output_test

import (
	"bytes"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/dryrun"
	"boomerang/functions/local/output"
	"boomerang/functions/local/playbooktest"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/playbook"
)

// screen is what a printer writes.
func screen(write func(*output.Printer)) string {
	var out bytes.Buffer
	write(output.New(&out))
	return out.String()
}

func same(t *testing.T, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestVerdictEntries(t *testing.T) {
	verdicts := []playbook.Verdict{{Playbook: "first", False: `alert.host == "x"`}, {Playbook: "broken", Err: fault.New(fault.Permanent, "no number", nil)}}
	want := []output.Entry{
		{Bad: true, Text: `first does not match: false is alert.host == "x"`},
		{Bad: true, Text: "broken not used, because its condition failed: no number"},
		{Good: true, Text: "default is used, because no playbook matches"},
	}
	same(t, want, output.VerdictEntries(verdicts, []string{"default"}, false))
	verdicts = append(verdicts, playbook.Verdict{Playbook: "third", Matched: true}, playbook.Verdict{Playbook: "rest", Matched: true, Unreached: true})
	want = append(want[:2], output.Entry{Good: true, Text: "third matches"}, output.Entry{Text: "not reached, because the playbook above does not continue: rest"})
	same(t, want, output.VerdictEntries(verdicts, []string{"third"}, false))

	// A screen has those of which most holds, in their order.
	half := playbook.Verdict{Playbook: "half", False: "b", Clauses: []playbook.Clause{{Text: "a", Holds: true}, {Text: "b"}}}
	verdicts = append(slices.Repeat(verdicts[:1], 9), verdicts[1], half)
	want = append(slices.Repeat(want[:1], 3), want[1], output.Entry{Bad: true, Text: "half does not match: false is b"},
		output.Entry{Text: "6 more playbooks not used, which match less; -v shows them"}, output.Entry{Good: true, Text: "default is used, because no playbook matches"})
	same(t, want, output.VerdictEntries(verdicts, []string{"default"}, false))
	if all := output.VerdictEntries(verdicts, []string{"default"}, true); len(all) != len(verdicts)+1 {
		t.Errorf("-v shows %d", len(all))
	}
}

func TestStepEntries(t *testing.T) {
	type config struct {
		Query  string            `yaml:"query"`
		Window time.Duration     `yaml:"window"`
		Empty  map[string]string `yaml:"empty"`
	}
	ran := func(status enrich.Status, err error) dryrun.Step {
		return dryrun.Step{Kind: enrich.Kind{Name: "metric"}, Result: enrich.Result{Name: "m", Status: status, Err: err, Duration: 1500 * time.Microsecond}}
	}
	good, then := ran(enrich.OK, nil), ran(enrich.Skipped, enrich.Skip("no host"))
	good.Name, good.With = "metric", config{Query: "avg:a{*} > 1", Window: time.Hour}
	good.Finding = enrich.Finding{Data: map[string]any{"text": "<b>"}, PartialReason: fault.New(fault.Permanent, "half of it", nil)}
	then.Then, then.With = true, config{}
	none := []output.Detail{{"with", ""}, {"found", ""}}
	same(t, []output.Entry{
		{Good: true, Text: "metric                  1.5ms: lacks half of it", Details: []output.Detail{
			{"with", "query: avg:a{*} > 1\nwindow: 1h0m0s\n"}, {"found", "{\n  \"text\": \"<b>\"\n}\n"},
		}},
		{Good: true, Text: "m (metric)              1.5ms", Details: none},
		{Bad: true, Text: "m (metric)              1.5ms  timeout: no answer", Details: none},
		{Text: "m (metric), after the post    1.5ms  skipped: no host", Details: none},
	}, output.StepEntries([]dryrun.Step{good, ran(enrich.OK, nil), ran(enrich.TimedOut, fault.New(fault.Temporary, "no answer", nil)), then}))
}

func TestReadingEntries(t *testing.T) {
	guessed := []alert.Guess{{Field: "title", Source: "text"}, {Field: "host", Source: "text"}, {Field: "date", Source: "event_date"}, {Field: "tags", Source: "title"}}
	same(t, []output.Entry{
		{Text: "guessed: date from event date, host from text, tags from title", Details: []output.Detail{{"add", "\"date\": \"$DATE\"\n\"tags\": \"$TAGS\"\n"}}},
		{Text: "guessed: title from text", Details: []output.Detail{{"add", "\"event_title\": \"$EVENT_TITLE\"\n"}}},
		{Text: "unreadable: payload, date", Details: []output.Detail{{"why", "it is not JSON\nit is not a date"}}},
	}, output.ReadingEntries(guessed, []alert.Problem{{Field: "payload", Reason: "it is not JSON"}, {Field: "date", Reason: "it is not a date"}}))
}

func TestPrinter_Suite(t *testing.T) {
	got := screen(func(p *output.Printer) {
		p.Show("suite", playbooktest.Result{
			Path:      "a.test.yaml",
			Cases:     []playbooktest.CaseResult{{Name: "good"}, {Name: "bad", Failures: []string{"title: want\nmore"}}},
			Unreached: []string{"playbook x"},
		})
	})
	same(t, `a.test.yaml
  pass good
  FAIL bad
       title: want
       more
  note no case reaches the playbook x
`, got)
}
