package enrichtest

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// inChild tells the test binary that it is to run the bad steps.
const inChild = "ENRICHTEST_BAD_STEPS"

// TestConformance_fails_for_bad_steps runs the suite over steps that each break
// one rule, in another process since their tests must fail, and looks at which
// parts of the suite saw it.
func TestConformance_fails_for_bad_steps(t *testing.T) {
	if os.Getenv(inChild) != "" {
		for name, bad := range badSteps {
			t.Run(name, func(t *testing.T) { Conformance(t, bad.of(events)) })
		}
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), inChild+"=1")
	output, err := child.CombinedOutput()
	if err == nil {
		t.Fatalf("the suite passed all bad steps:\n%s", output)
	}
	for name, bad := range badSteps {
		t.Run(name, func(t *testing.T) {
			seen := regexp.MustCompile(`(?m)^        --- FAIL: `+t.Name()+`/(\S+)`).FindAllStringSubmatch(string(output), -1)
			var parts []string
			for _, match := range seen {
				parts = append(parts, match[1])
			}
			slices.Sort(parts)
			if diff := cmp.Diff(bad.seenBy, parts); diff != "" {
				t.Errorf("parts that failed (-want +got):\n%s\n%s", diff, output)
			}
		})
	}
}

type badStep struct {
	// spoil makes a bad step of a good one.
	spoil  func(good enrich.Step) enrich.StepFunc
	seenBy []string
}

func (b badStep) of(c Case) Case {
	good := c.New
	c.New = func(client *datadog.Client) enrich.Step { return b.spoil(good(client)) }
	return c
}

var badSteps = map[string]badStep{
	"finds_nothing_in_what_it_found": {
		spoil: func(good enrich.Step) enrich.StepFunc {
			return func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
				_, err := good.Enrich(ctx, a)
				return enrich.Finding{}, err
			}
		},
		seenBy: []string{"what_is_there_is_found"},
	},
	"hides_every_error": {
		spoil: func(good enrich.Step) enrich.StepFunc {
			return func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
				finding, _ := good.Enrich(ctx, a)
				return finding, nil
			}
		},
		seenBy: []string{
			"a_missing_permission_is_named", "a_rate_limit_is_temporary_and_says_how_long",
			"an_alert_that_says_nothing_is_skipped_without_a_call", "it_ends_with_its_context",
			"no_error_shows_a_secret", "trouble_on_the_way_is_temporary", "what_is_not_there_is_told",
		},
	},
	"has_its_own_words_for_every_error": {
		spoil: func(good enrich.Step) enrich.StepFunc {
			return func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
				finding, err := good.Enrich(ctx, a)
				if err != nil && a.ID != "" {
					err = fault.New(fault.Permanent, "it did not work", nil)
				}
				return finding, err
			}
		},
		seenBy: []string{
			"a_missing_permission_is_named", "a_rate_limit_is_temporary_and_says_how_long",
			"it_ends_with_its_context", "trouble_on_the_way_is_temporary", "what_is_not_there_is_told",
		},
	},
	"shows_a_key": {
		spoil: func(good enrich.Step) enrich.StepFunc {
			return func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
				finding, err := good.Enrich(ctx, a)
				if f := fault.From(err); f != nil && a.ID != "" {
					err = &fault.Error{Kind: f.Kind, Public: f.Public, RetryAfter: f.RetryAfter, Cause: &withKey{f}}
				}
				return finding, err
			}
		},
		seenBy: []string{"no_error_shows_a_secret"},
	},
	"writes_into_the_alert": {
		spoil: func(good enrich.Step) enrich.StepFunc {
			return func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
				_ = append(a.Tags, "enriched:true")
				return good.Enrich(ctx, a)
			}
		},
		seenBy: []string{"the_alert_stays_as_it_was"},
	},
	"remembers_what_it_did": {
		spoil: func(good enrich.Step) enrich.StepFunc {
			var calls atomic.Int64
			return func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
				finding, err := good.Enrich(ctx, a)
				finding.Title += strings.Repeat("I", int(calls.Add(1)))
				return finding, err
			}
		},
		seenBy: []string{"it_is_safe_for_concurrent_use"},
	},
	"asks_about_nothing": {
		spoil: func(good enrich.Step) enrich.StepFunc {
			return func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
				if a.ID == "" {
					_, _ = good.Enrich(ctx, events.Alert)
				}
				return good.Enrich(ctx, a)
			}
		},
		seenBy: []string{"an_alert_that_says_nothing_is_skipped_without_a_call"},
	},
	"breaks_on_a_strange_alert": {
		spoil: func(good enrich.Step) enrich.StepFunc {
			return func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
				if a.MonitorID != "" {
					panic("no such monitor")
				}
				return good.Enrich(ctx, a)
			}
		},
		seenBy: []string{"an_alert_that_says_anything_is_borne"},
	},
}

type withKey struct{ error }

func (w withKey) Error() string { return w.error.Error() + " " + appKey }

func (w withKey) Unwrap() error { return w.error }
