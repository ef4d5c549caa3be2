package enrichtest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

const token = "a-token-that-nobody-may-see"

// weather is the suite's case of a step that asks something outside, which is
// played by one function.
var weather = Outside{
	New: func(_ *testing.T, b Behaviour) enrich.Step {
		return enrich.StepFunc(func(ctx context.Context, _ alert.Alert) (enrich.Finding, error) {
			switch b {
			case Found:
				return enrich.Finding{Title: "Weather", Weight: enrich.Useful, Blocks: []enrich.Block{enrich.Paragraph("Rain.")}, Data: map[string]int{"rain": 1}}, nil
			case NotFound:
				return enrich.Finding{}, fault.New(fault.Permanent, "there is no weather", nil)
			case Forbidden:
				return enrich.Finding{}, fault.New(fault.Permanent, "the key may not see:weather", nil)
			case RateLimited:
				return enrich.Finding{}, &fault.Error{Kind: fault.Temporary, Public: "too much weather", RetryAfter: 7 * time.Second}
			case Slow:
				<-ctx.Done()
				return enrich.Finding{}, ctx.Err()
			}
			return enrich.Finding{}, fault.New(fault.Temporary, "the weather is bad", errors.New(string(b)))
		})
	},
	Alert:    alert.Alert{ID: "1", Tags: alert.Tags{"env:prod"}},
	NotFound: "there is no weather", Forbidden: "see:weather", RetryAfter: 7 * time.Second, Secrets: []string{token},
}

func TestOutside_holds_for_a_good_step(t *testing.T) { weather.Conformance(t) }

// TestOutside_fails_for_bad_steps runs the suite over steps that each break one
// rule, in another process since their tests must fail.
func TestOutside_fails_for_bad_steps(t *testing.T) {
	if os.Getenv(inChild) != "" {
		for name, bad := range badOutside {
			t.Run(name, func(t *testing.T) { bad.of(weather).Conformance(t) })
		}
		return
	}
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	child.Env = append(os.Environ(), inChild+"=1")
	output, err := child.CombinedOutput()
	if err == nil {
		t.Fatalf("the suite passed all bad steps:\n%s", output)
	}
	for name, bad := range badOutside {
		t.Run(name, func(t *testing.T) {
			var parts []string
			for _, match := range regexp.MustCompile(`(?m)^        --- FAIL: `+t.Name()+`/(\S+)`).FindAllStringSubmatch(string(output), -1) {
				parts = append(parts, match[1])
			}
			slices.Sort(parts)
			if diff := cmp.Diff(bad.seenBy, parts); diff != "" {
				t.Errorf("parts that failed (-want +got):\n%s\n%s", diff, output)
			}
		})
	}
}

// badOutsideStep spoils what a good step answers.
type badOutsideStep struct {
	spoil  func(ctx context.Context, a alert.Alert, f enrich.Finding, err error) (enrich.Finding, error)
	seenBy []string
}

func (bad badOutsideStep) of(o Outside) Outside {
	good := o.New
	o.New = func(t *testing.T, b Behaviour) enrich.Step {
		step := good(t, b)
		return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
			f, err := step.Enrich(ctx, a)
			return bad.spoil(ctx, a, f, err)
		})
	}
	return o
}

var badOutside = map[string]badOutsideStep{
	"finds_nothing": {
		func(_ context.Context, _ alert.Alert, _ enrich.Finding, err error) (enrich.Finding, error) {
			return enrich.Finding{}, err
		},
		[]string{"what_is_there_is_found"},
	},
	"hides_every_error": {
		func(_ context.Context, _ alert.Alert, f enrich.Finding, _ error) (enrich.Finding, error) {
			return f, nil
		},
		[]string{
			"a_missing_permission_is_named", "a_rate_limit_is_temporary", "it_ends_with_its_context",
			"trouble_on_the_way_is_temporary", "what_is_not_there_is_told",
		},
	},
	"has_its_own_words_for_every_error": {
		func(_ context.Context, _ alert.Alert, f enrich.Finding, err error) (enrich.Finding, error) {
			if err != nil {
				err = fault.New(fault.Permanent, "it did not work", nil)
			}
			return f, err
		},
		[]string{
			"a_missing_permission_is_named", "a_rate_limit_is_temporary", "it_ends_with_its_context",
			"trouble_on_the_way_is_temporary", "what_is_not_there_is_told",
		},
	},
	"shows_a_secret": {
		func(_ context.Context, _ alert.Alert, f enrich.Finding, err error) (enrich.Finding, error) {
			if err == nil {
				f.Blocks = append(f.Blocks, enrich.Paragraph(token))
			}
			return f, err
		},
		[]string{"nothing_shows_a_secret"},
	},
	"writes_into_the_alert": {
		func(_ context.Context, a alert.Alert, f enrich.Finding, err error) (enrich.Finding, error) {
			if cap(a.Tags) > len(a.Tags) {
				_ = append(a.Tags, "enriched:true")
			}
			return f, err
		},
		[]string{"the_alert_stays_as_it_was"},
	},
	"breaks_on_a_strange_alert": {
		func(_ context.Context, a alert.Alert, f enrich.Finding, err error) (enrich.Finding, error) {
			if a.MonitorID != "" {
				panic("no such monitor")
			}
			return f, err
		},
		[]string{"an_alert_that_says_anything_is_borne"},
	},
}
