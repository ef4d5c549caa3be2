package enrichtest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// Behaviour is what the service does that a step asks which does not read Datadog.
type Behaviour string

// The behaviours.
const (
	Found       Behaviour = "found"
	NotFound    Behaviour = "not_found"
	Forbidden   Behaviour = "forbidden"
	RateLimited Behaviour = "rate_limited"
	Slow        Behaviour = "slow" // It never answers.
	Garbage     Behaviour = "garbage"
	Cut         Behaviour = "cut" // It closes the connection in the middle of its answer.
	Broken      Behaviour = "broken"
)

// Outside is what the suite must know of such a step.
type Outside struct {
	// New makes the step over a service of its own that behaves so.
	New func(*testing.T, Behaviour) enrich.Step
	// Alert is one that the step has something to say about.
	Alert alert.Alert
	// NotFound is what people are told when there is nothing about the alert. It
	// is empty for a step to which nothing is a finding too.
	NotFound string
	// Forbidden is what the words about a missing permission must hold.
	Forbidden string
	// RetryAfter is how long the rate-limited service asks to be left alone, 0
	// where its protocol cannot say so.
	RetryAfter time.Duration
	// Secrets are texts that nobody may see.
	Secrets []string
}

// Conformance runs the suite. Each part is a subtest that says what must be true.
func (o Outside) Conformance(t *testing.T) {
	t.Helper()
	t.Run("what_is_there_is_found", func(t *testing.T) { check(t, o.finds(t, o.New(t, Found))) })
	t.Run("what_is_not_there_is_told", o.notFound)
	t.Run("a_missing_permission_is_named", o.forbidden)
	t.Run("a_rate_limit_is_temporary", o.rateLimited)
	t.Run("trouble_on_the_way_is_temporary", o.trouble)
	t.Run("it_ends_with_its_context", o.slow)
	t.Run("nothing_shows_a_secret", o.secrets)
	t.Run("the_alert_stays_as_it_was", o.untouched)
	t.Run("it_is_safe_for_concurrent_use", o.concurrent)
	t.Run("an_alert_that_says_anything_is_borne", o.hostile)
}

func (o Outside) finds(t *testing.T, step enrich.Step) enrich.Finding {
	t.Helper()
	finding, err := step.Enrich(t.Context(), o.Alert)
	if err != nil {
		t.Fatal(err)
	}
	return finding
}

func (o Outside) fails(t *testing.T, b Behaviour, want fault.Kind) *fault.Error {
	t.Helper()
	return bench{Step: o.New(t, b)}.fails(t.Context(), t, o.Alert, want)
}

func (o Outside) notFound(t *testing.T) {
	if o.NotFound == "" {
		check(t, o.finds(t, o.New(t, NotFound)))
	} else if f := o.fails(t, NotFound, fault.Permanent); f.Public != o.NotFound {
		t.Errorf("people are told %q, want %q", f.Public, o.NotFound)
	}
}

func (o Outside) forbidden(t *testing.T) {
	if f := o.fails(t, Forbidden, fault.Permanent); !strings.Contains(f.Public, o.Forbidden) {
		t.Errorf("people are told %q, which does not name %q", f.Public, o.Forbidden)
	}
}

func (o Outside) rateLimited(t *testing.T) {
	if f := o.fails(t, RateLimited, fault.Temporary); f.RetryAfter != o.RetryAfter {
		t.Errorf("worth trying again after %v, want %v", f.RetryAfter, o.RetryAfter)
	}
}

func (o Outside) trouble(t *testing.T) {
	for _, b := range []Behaviour{Garbage, Cut, Broken} {
		t.Run(string(b), func(t *testing.T) { o.fails(t, b, fault.Temporary) })
	}
}

func (o Outside) slow(t *testing.T) {
	for name, end := range map[string]struct {
		how  func(context.Context) (context.Context, context.CancelFunc)
		want error
	}{
		"deadline":  {withDeadline, context.DeadlineExceeded},
		"cancelled": {withCancel, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := end.how(t.Context())
			defer cancel()
			step := o.New(t, Slow)
			started := time.Now()
			finding, err := step.Enrich(ctx, o.Alert)
			if !errors.Is(err, end.want) {
				t.Errorf("error %v, want one that is %v (finding %+v)", err, end.want, finding)
			}
			if took := time.Since(started); took > prompt {
				t.Errorf("took %v to notice", took)
			}
		})
	}
}

const soon = 50 * time.Millisecond

func withDeadline(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, soon)
}

func withCancel(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	time.AfterFunc(soon, cancel)
	return ctx, cancel
}

func (o Outside) secrets(t *testing.T) {
	for _, b := range []Behaviour{Found, NotFound, Forbidden, RateLimited, Garbage, Cut, Broken} {
		t.Run(string(b), func(t *testing.T) {
			finding, err := o.New(t, b).Enrich(t.Context(), o.Alert)
			texts := []string{fmt.Sprintf("%+v", finding), fault.Public(err), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)}
			for _, text := range texts {
				for _, secret := range o.Secrets {
					if strings.Contains(text, secret) {
						t.Errorf("the secret %s is in %q", secret, text)
					}
				}
			}
		})
	}
}

func (o Outside) untouched(t *testing.T) {
	a, before := spacious(o.Alert), spacious(o.Alert)
	if _, err := o.New(t, Found).Enrich(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, a); diff != "" {
		t.Errorf("the alert changed (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(full(before.Tags), full(a.Tags)); diff != "" {
		t.Errorf("what lies behind the alert's tags changed (-before +after):\n%s", diff)
	}
}

func (o Outside) concurrent(t *testing.T) {
	step := o.New(t, Found)
	want := o.finds(t, step)
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			got, err := step.Enrich(t.Context(), o.Alert)
			if err != nil {
				t.Error(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("findings differ (-first +this):\n%s", diff)
			}
		})
	}
	running.Wait()
}

func (o Outside) hostile(t *testing.T) {
	const evil = "../../x?y=z#\r\nHost: evil\x00,%2e%2e/{{.}}"
	step := o.New(t, Found)
	for _, a := range []alert.Alert{{}, {ID: evil, MonitorID: evil, Hostname: evil, Title: evil, Tags: alert.Tags{"", ":", "service:" + evil}}} {
		r := enrich.Run(t.Context(), []enrich.Named{{Name: "step", Step: step}}, a, time.Minute)[0]
		if r.Err != nil && fault.From(r.Err).Kind == fault.Internal {
			t.Errorf("the step broke: %v", r.Err)
		}
	}
}
