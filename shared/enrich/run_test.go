package enrich

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
)

const budget = 5 * time.Second

func step(name string, f func(ctx context.Context) (Finding, error)) Named {
	return Named{Name: name, Step: StepFunc(func(ctx context.Context, _ alert.Alert) (Finding, error) { return f(ctx) })}
}

// finds answers after d, or with its context's error when that ends first.
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
	return step(name, func(context.Context) (Finding, error) { return Finding{Title: "not to be seen"}, err })
}

// deaf answers after d and does not heed its context.
func deaf(name string, d time.Duration) Named {
	return step(name, func(context.Context) (Finding, error) {
		time.Sleep(d)
		return Finding{Title: name}, nil
	})
}

func breaks(name string, v any) Named {
	return step(name, func(context.Context) (Finding, error) { panic(v) })
}

// bubble runs f with a clock of its own and then lets the steps that were left
// behind come to their end.
func bubble(t *testing.T, f func(t *testing.T)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f(t)
		time.Sleep(2 * time.Hour)
	})
}

// told is a result as people and machines see it.
type told struct {
	Name     string
	Status   Status
	Title    string
	Public   string
	Duration time.Duration
}

func tell(results []Result) []told {
	var all []told
	for _, r := range results {
		all = append(all, told{r.Name, r.Status, r.Finding.Title, fault.Public(r.Err), r.Duration})
	}
	return all
}

func TestRun(t *testing.T) {
	refused := fault.New(fault.Permanent, "the application key lacks the permission monitors_read", errors.New("403"))
	for _, tt := range []struct {
		name  string
		steps []Named
		want  []told
		took  time.Duration
	}{
		{name: "no_step_gives_no_result"},
		{
			name:  "steps_run_side_by_side_and_keep_their_order",
			steps: []Named{finds("slowest", 3*time.Second), finds("quick", time.Second), finds("slow", 2*time.Second)},
			want: []told{
				{"slowest", OK, "slowest", "", 3 * time.Second},
				{"quick", OK, "quick", "", time.Second},
				{"slow", OK, "slow", "", 2 * time.Second},
			},
			took: 3 * time.Second,
		},
		{
			name:  "a_failure_costs_its_own_finding_alone",
			steps: []Named{fails("monitor", refused), finds("related_events", time.Second)},
			want: []told{
				{"monitor", Failed, "", refused.Public, 0},
				{"related_events", OK, "related_events", "", time.Second},
			},
			took: time.Second,
		},
		{
			name:  "a_failure_that_is_not_meant_for_people_keeps_its_text_to_itself",
			steps: []Named{fails("monitor", errors.New("dial 10.0.0.1"))},
			want:  []told{{"monitor", Failed, "", "something went wrong inside Boomerang", 0}},
		},
		{
			name:  "a_step_that_does_not_apply_is_skipped_with_its_reason",
			steps: []Named{fails("monitor", Skip("the alert names no monitor")), fails("wrapped", fmt.Errorf("step: %w", Skip("no tags")))},
			want: []told{
				{"monitor", Skipped, "", "the alert names no monitor", 0},
				{"wrapped", Skipped, "", "no tags", 0},
			},
		},
		{
			name:  "a_panic_costs_its_own_finding_alone",
			steps: []Named{breaks("monitor", "index out of range"), finds("related_events", time.Second)},
			want: []told{
				{"monitor", Failed, "", "the step monitor broke; the log says where", 0},
				{"related_events", OK, "related_events", "", time.Second},
			},
			took: time.Second,
		},
		{
			name:  "a_missing_step_is_a_failure",
			steps: []Named{{Name: "monitor"}},
			want:  []told{{"monitor", Failed, "", "the step monitor broke; the log says where", 0}},
		},
		{
			name:  "a_step_that_gives_up_when_its_time_is_over_is_timed_out",
			steps: []Named{finds("monitor", time.Minute), finds("related_events", time.Second)},
			want: []told{
				{"monitor", TimedOut, "", "no answer within 5s", budget},
				{"related_events", OK, "related_events", "", time.Second},
			},
			took: budget,
		},
		{
			name:  "a_step_that_gives_up_earlier_is_timed_out_after_its_own_time",
			steps: []Named{fails("monitor", fault.New(fault.Temporary, "datadog is slow", context.DeadlineExceeded))},
			want:  []told{{"monitor", TimedOut, "", "no time was left for it", 0}},
		},
		{
			name:  "a_step_that_ignores_its_time_does_not_hold_the_rest",
			steps: []Named{deaf("monitor", time.Hour), finds("related_events", time.Second)},
			want: []told{
				{"monitor", TimedOut, "", "no answer within 5s", budget},
				{"related_events", OK, "related_events", "", time.Second},
			},
			took: budget,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				started := time.Now()
				got := tell(Run(t.Context(), tt.steps, alert.Alert{}, budget))
				if took := time.Since(started); took != tt.took {
					t.Errorf("took %v, want %v", took, tt.took)
				}
				if diff := cmp.Diff(tt.want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("results (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestRun_what_a_late_step_returns_is_dropped(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var late atomic.Bool
		results := Run(t.Context(), []Named{step("late", func(context.Context) (Finding, error) {
			time.Sleep(2 * budget)
			late.Store(true)
			return Finding{Title: "late"}, nil
		})}, alert.Alert{}, budget)
		before := tell(results)
		time.Sleep(2 * budget)
		synctest.Wait()
		if !late.Load() {
			t.Fatal("the late step did not come to its end")
		}
		if diff := cmp.Diff(before, tell(results)); diff != "" {
			t.Errorf("the results changed after they were returned (-before +after):\n%s", diff)
		}
	})
}

func TestRun_the_callers_end_is_every_steps_end(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(context.Context) (context.Context, context.CancelFunc)
		want told
	}{
		{
			name: "deadline",
			end: func(ctx context.Context) (context.Context, context.CancelFunc) {
				return context.WithTimeout(ctx, 1234*time.Millisecond)
			},
			want: told{Status: TimedOut, Public: "no answer within 1.2s"},
		},
		{
			name: "cancelled",
			end: func(ctx context.Context) (context.Context, context.CancelFunc) {
				ctx, cancel := context.WithCancel(ctx)
				time.AfterFunc(time.Second, cancel)
				return ctx, cancel
			},
			want: told{Status: Failed, Public: "called off after 1s"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				ctx, cancel := tt.end(t.Context())
				defer cancel()
				for _, r := range tell(Run(ctx, []Named{finds("heeds", time.Hour), deaf("deaf", time.Minute)}, alert.Alert{}, budget)) {
					if diff := cmp.Diff(tt.want, told{Status: r.Status, Public: r.Public}); diff != "" {
						t.Errorf("%s (-want +got):\n%s", r.Name, diff)
					}
				}
			})
		})
	}
}

func TestRun_no_time_at_all(t *testing.T) {
	bubble(t, func(t *testing.T) {
		got := tell(Run(t.Context(), []Named{deaf("monitor", time.Second)}, alert.Alert{}, 0))
		if diff := cmp.Diff([]told{{Name: "monitor", Status: TimedOut, Public: "no time was left for it"}}, got); diff != "" {
			t.Errorf("results (-want +got):\n%s", diff)
		}
	})
}

// TestRun_a_panic_is_told_by_its_place: what a step panics with may be what it read.
func TestRun_a_panic_is_told_by_its_place(t *testing.T) {
	r := Run(t.Context(), []Named{breaks("monitor", "token 123")}, alert.Alert{}, budget)[0]
	if strings.Contains(r.Err.Error(), "123") || strings.Contains(fault.Public(r.Err), "run_test.go") {
		t.Errorf("the public text is %q, the log's %v", fault.Public(r.Err), r.Err)
	}
	if !strings.Contains(r.Err.Error(), "run_test.go") {
		t.Errorf("the error for the log does not say where it happened:\n%v", r.Err)
	}
}

func TestRun_a_late_step_is_told_with_its_cause(t *testing.T) {
	bubble(t, func(t *testing.T) {
		r := Run(t.Context(), []Named{deaf("monitor", time.Hour)}, alert.Alert{}, budget)[0]
		if !errors.Is(r.Err, errBudget) || !errors.Is(r.Err, context.DeadlineExceeded) || !fault.IsTemporary(r.Err) {
			t.Errorf("error %v: want a temporary one, by the budget", r.Err)
		}
	})
}

func TestSkip_is_an_error_with_a_public_text(t *testing.T) {
	err := Skip("the alert names no monitor")
	if err.Error() != "the alert names no monitor" || fault.Public(err) != err.Error() {
		t.Errorf("got %q, public %q", err, fault.Public(err))
	}
}
