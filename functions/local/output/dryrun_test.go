package output_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/dryrun"
	"boomerang/functions/local/output"
	"boomerang/functions/local/playbooktest"
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

func same(t *testing.T, want, got string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the screen (-want +got):\n%s", diff)
	}
}

func TestPrinter_Verdicts(t *testing.T) {
	verdicts := []playbook.Verdict{
		{Playbook: "first", False: `alert.host == "x"`},
		{Playbook: "broken", Err: fault.New(fault.Permanent, "no number", nil)},
	}
	got := screen(func(p *output.Printer) {
		p.Show("verdicts", dryrun.Report{Verdicts: verdicts, Playbooks: []string{"default"}})
	})
	same(t, `  ✗ first   this is false: alert.host == "x"
  ✗ broken  not used, because its condition failed: no number
  ✓ default  used, because no playbook matches
`, got)
	verdicts = append(verdicts, playbook.Verdict{Playbook: "third", Matched: true}, playbook.Verdict{Playbook: "rest", Matched: true, Unreached: true})
	got = screen(func(p *output.Printer) {
		p.Show("verdicts", dryrun.Report{Verdicts: verdicts, Playbooks: []string{"third"}})
	})
	same(t, `  ✗ first   this is false: alert.host == "x"
  ✗ broken  not used, because its condition failed: no number
  ✓ third   used
  · rest    not reached: the playbook above does not continue
`, got)
}

func TestPrinter_Steps(t *testing.T) {
	type config struct {
		Query  string            `yaml:"query"`
		Window time.Duration     `yaml:"window"`
		Empty  map[string]string `yaml:"empty"`
	}
	ran := func(name string, status enrich.Status, err error) dryrun.StepRun {
		return dryrun.StepRun{Uses: "metric", Result: enrich.Result{Name: name, Status: status, Err: err, Duration: 1500 * time.Microsecond}}
	}
	good := ran("metric", enrich.OK, nil)
	good.With = config{Query: "avg:a{*} > 1", Window: time.Hour}
	good.Finding = enrich.Finding{Data: map[string]any{"value": 1, "text": "<b>"}, PartialReason: fault.New(fault.Permanent, "half of it", nil)}
	bare := ran("bare", enrich.OK, nil)
	bare.With = config{}
	then := ran("tell", enrich.Skipped, enrich.Skip("no recipient"))
	then.Then = true
	got := screen(func(p *output.Printer) {
		p.Show("steps", []dryrun.StepRun{good, bare, ran("late", enrich.TimedOut, fault.New(fault.Temporary, "no answer within 5s", nil)), then})
	})
	same(t, `  ✓ metric ok in 1.5ms
      with  query: avg:a{*} > 1
            window: 1h0m0s
      found {
              "text": "<b>",
              "value": 1
            }
      lacks half of it
  ✓ bare (metric) ok in 1.5ms
  ✗ late (metric) timeout in 1.5ms
      why   no answer within 5s
  · tell (metric), after the post skipped in 1.5ms
      why   no recipient
`, got)
	same(t, "  none\n", screen(func(p *output.Printer) { p.Show("steps", []dryrun.StepRun(nil)) }))
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
