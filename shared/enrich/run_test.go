package enrich

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
	"boomerang/shared/telemetry/telemetrytest"
)

const budget = 5 * time.Second

func step(name string, f func(ctx context.Context) (Finding, error)) Named {
	return Named{Name: name, Step: StepFunc(func(ctx context.Context, _ alert.Alert) (Finding, error) { return f(ctx) })}
}

// finds answers after d, or with its context's error.
func finds(name string, d time.Duration) Named {
	return step(name, func(ctx context.Context) (Finding, error) {
		select {
		case <-time.After(d):
			return Finding{Title: name}, nil
		case <-ctx.Done():
			return Finding{}, fmt.Errorf("get /monitor: %w", ctx.Err())
		}
	})
}

func fails(name string, err error) Named {
	return step(name, func(context.Context) (Finding, error) { return Finding{Title: "dropped"}, err })
}

// stubborn answers after d and ignores its context.
func stubborn(name string, d time.Duration) Named {
	return step(name, func(context.Context) (Finding, error) {
		time.Sleep(d)
		return Finding{Title: name}, nil
	})
}

func panics(name string, v any) Named {
	return step(name, func(context.Context) (Finding, error) { panic(v) })
}

// bubble runs f on a fake clock and then lets abandoned steps end.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(t)
		time.Sleep(2 * time.Hour)
	})
}

type summary struct {
	Name     string
	Status   Status
	Title    string
	Public   string
	Duration time.Duration
}

func summaries(results []Result) []summary {
	var all []summary
	for _, r := range results {
		all = append(all, summary{r.Name, r.Status, r.Finding.Title, fault.Public(r.Err), r.Duration})
	}
	return all
}

func TestRun(t *testing.T) {
	refused := fault.New(fault.Permanent, "the application key lacks the permission monitors_read", errors.New("403"))
	related := summary{"related_events", OK, "related_events", "", time.Second}
	short := finds("monitor", time.Minute)
	short.Timeout = 2 * time.Second
	dependent := finds("related_events", time.Second)
	dependent.After = []string{"monitor", "related_events", "unknown"}
	for _, tt := range []struct {
		name  string
		steps []Named
		want  []summary
		took  time.Duration
	}{
		{"no steps", nil, nil, 0},
		{
			"side by side in order",
			[]Named{finds("slowest", 3*time.Second), finds("related_events", time.Second), finds("slow", 2*time.Second)},
			[]summary{{"slowest", OK, "slowest", "", 3 * time.Second}, related, {"slow", OK, "slow", "", 2 * time.Second}},
			3 * time.Second,
		},
		{"after an earlier step", []Named{finds("monitor", time.Second), dependent}, []summary{{"monitor", OK, "monitor", "", time.Second}, related}, 2 * time.Second},
		{"failure", []Named{fails("monitor", refused), finds("related_events", time.Second)}, []summary{{"monitor", Failed, "", refused.Public, 0}, related}, time.Second},
		{"failure without a public text", []Named{fails("monitor", errors.New("dial 10.0.0.1"))}, []summary{{"monitor", Failed, "", "something went wrong inside Boomerang", 0}}, 0},
		{
			"skipped",
			[]Named{fails("monitor", Skip("the alert names no monitor")), fails("wrapped", fmt.Errorf("step: %w", SkipRedacted("no team ", "jane", " here")))},
			[]summary{{"monitor", Skipped, "", "the alert names no monitor", 0}, {"wrapped", Skipped, "", "no team jane here", 0}},
			0,
		},
		{
			"panic",
			[]Named{panics("monitor", "index out of range"), finds("related_events", time.Second)},
			[]summary{{"monitor", Failed, "", "internal error in the step monitor; the log has details", 0}, related},
			time.Second,
		},
		{"no step", []Named{{Name: "monitor"}}, []summary{{"monitor", Failed, "", "internal error in the step monitor; the log has details", 0}}, 0},
		{"budget over", []Named{finds("monitor", time.Minute), finds("related_events", time.Second)}, []summary{{"monitor", TimedOut, "", "no answer within 5s", budget}, related}, budget},
		{"own timeout over", []Named{short, finds("related_events", time.Second)}, []summary{{"monitor", TimedOut, "", "no answer within 2s", 2 * time.Second}, related}, 2 * time.Second},
		{"timeout of a call", []Named{fails("monitor", fault.New(fault.Temporary, "slow", context.DeadlineExceeded))}, []summary{{"monitor", TimedOut, "", "no time left", 0}}, 0},
		{"context ignored", []Named{stubborn("monitor", time.Hour), finds("related_events", time.Second)}, []summary{{"monitor", TimedOut, "", "no answer within 5s", budget}, related}, budget},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				started := time.Now()
				results := Run(t.Context(), tt.steps, alert.Alert{}, budget)
				got := summaries(results)
				if took := time.Since(started); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("results (-want +got):\n%s", diff)
				}
				time.Sleep(time.Hour + budget) // An abandoned step ends now.
				if diff := cmp.Diff(got, summaries(results)); diff != "" {
					t.Errorf("results changed after Run returned (-before +after):\n%s", diff)
				}
			})
		})
	}
}

func TestRun_Make(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var names []string
		last := Named{Name: "last", After: []string{"first"}, Make: func(earlier map[string]Result) (Step, error) {
			for name, r := range earlier {
				names = append(names, name+" "+r.Finding.Title)
			}
			return nil, Skip("enough")
		}}
		got := Run(t.Context(), []Named{finds("first", time.Second), finds("other", time.Second), last}, alert.Alert{}, budget)[2]
		if got.Status != Skipped || !cmp.Equal(names, []string{"first first"}) {
			t.Errorf("got %+v, earlier results %v", got, names)
		}
	})
}

func TestRun_CallerEnds(t *testing.T) {
	for name, tt := range map[string]struct {
		timeout, cancel, budget time.Duration
		want                    summary
	}{
		"deadline":  {1234 * time.Millisecond, time.Hour, budget, summary{Status: TimedOut, Public: "no answer within 1.2s"}},
		"cancelled": {time.Hour, time.Second, budget, summary{Status: Failed, Public: "cancelled after 1s"}},
		"no time":   {time.Hour, time.Hour, 0, summary{Status: TimedOut, Public: "no time left"}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
				defer cancel()
				defer time.AfterFunc(tt.cancel, cancel).Stop()
				for _, r := range Run(ctx, []Named{finds("heeds", time.Hour), stubborn("ignores", time.Minute)}, alert.Alert{}, tt.budget) {
					if diff := cmp.Diff(tt.want, summary{Status: r.Status, Public: fault.Public(r.Err)}); diff != "" {
						t.Errorf("%s (-want +got):\n%s", r.Name, diff)
					}
				}
			})
		})
	}
}

// A panic's value may be what the step read, so only its place is logged.
func TestRun_LogTexts(t *testing.T) {
	bubble(t, func(t *testing.T) {
		results := Run(t.Context(), []Named{panics("panics", "token 123"), stubborn("slow", time.Hour)}, alert.Alert{}, budget)
		if err := results[0].Err; strings.Contains(err.Error(), "123") || strings.Contains(fault.Public(err), "run_test.go") || !strings.Contains(err.Error(), "run_test.go") {
			t.Errorf("public text %q, log text:\n%v", fault.Public(err), err)
		}
		if err := results[1].Err; !errors.Is(err, errBudget) || !errors.Is(err, context.DeadlineExceeded) || !fault.IsTemporary(err) {
			t.Errorf("got %v, want a temporary error caused by the budget", err)
		}
	})
}

func TestRun_Spans(t *testing.T) {
	release := make(chan struct{})
	defer close(release)
	slow := step("slow", func(context.Context) (Finding, error) { <-release; return Finding{}, nil })
	slow.Timeout = 50 * time.Millisecond
	steps := []Named{
		finds("ok", 0), fails("refused", fault.New(fault.Permanent, "Datadog refused", nil)), fails("skipped", Skip("the alert names no monitor")), panics("panic", "alert text"), slow,
	}
	spans := telemetrytest.During(t, func(ctx context.Context) { Run(ctx, steps, alert.Alert{}, time.Minute) }).Spans(t)
	for name, want := range map[string]map[string]string{
		"ok":      {"status": "ok"},
		"refused": {"status": "failed", "error.type": "refused", "error.message": "Datadog refused"},
		"skipped": {"status": "skipped"},
		"panic":   {"status": "failed", "error.type": "internal", "error.message": "internal error in the step panic; the log has details"},
		"slow":    {"status": "timeout", "error.type": "temporary"},
	} {
		s := spans[name]
		if name == "slow" {
			delete(s.Meta, "error.message") // It holds a duration.
		}
		if diff := cmp.Diff(want, s.Meta); diff != "" || s.Error != (want["error.type"] != "") || s.Name != "boomerang.step" {
			t.Errorf("span of %s: %+v, tags (-want +got):\n%s", name, s, diff)
		}
	}
}

func TestResult_Complete(t *testing.T) {
	for _, tt := range []struct {
		r    Result
		want bool
	}{
		{Result{Status: OK}, true},
		{Result{Status: OK, Finding: Finding{PartialReason: errors.New("no history")}}, false},
		{Result{Status: Skipped}, true},
		{Result{Status: Failed}, false},
		{Result{Status: TimedOut}, false},
	} {
		if got := tt.r.Complete(); got != tt.want {
			t.Errorf("%s, partial reason %v: got %v", tt.r.Status, tt.r.Finding.PartialReason, got)
		}
	}
}

func TestPartTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if got := PartTimeout(t.Context()); got != time.Minute {
			t.Errorf("without a deadline: %v", got)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 4*time.Second)
		defer cancel()
		if got := PartTimeout(ctx); got != 3800*time.Millisecond {
			t.Errorf("with 4s left: %v", got)
		}
	})
}

// TestRun_Fallback keeps a fallback only where no other step has a lead of its answer.
func TestRun_Fallback(t *testing.T) {
	has := func(leads ...Lead) Named {
		return step("x", func(context.Context) (Finding, error) { return Finding{Lead: leads}, nil })
	}
	fallback, catalog := Lead{Answer: Owner, Text: "shop", Fallback: true}, Lead{Answer: Owner, Text: "team shop, tier 1"}
	what := Lead{Answer: What, Text: "2 of 3 groups fail"}
	for name, tt := range map[string]struct {
		steps []Named
		want  []Lead
	}{
		"alone":               {[]Named{has(what, fallback)}, []Lead{what, fallback}},
		"another has it":      {[]Named{has(what, fallback), has(catalog)}, []Lead{what, catalog}},
		"another has another": {[]Named{has(fallback), has(what)}, []Lead{fallback, what}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []Lead
			for _, r := range Run(t.Context(), tt.steps, alert.Alert{}, budget) {
				got = append(got, r.Finding.Lead...)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("leads (-want +got):\n%s", diff)
			}
		})
	}
}
