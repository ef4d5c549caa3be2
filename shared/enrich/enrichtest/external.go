package enrichtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
)

// Fault is how the service behind a step fails.
type Fault = fakedatadog.Fault

// The faults that every service can have.
const (
	None        Fault = ""
	NotFound    Fault = "not-found"
	Unavailable Fault = "status:500"
	Forbidden         = fakedatadog.Forbidden
	RateLimited       = fakedatadog.RateLimited
	Hang              = fakedatadog.Hang
	Corrupt           = fakedatadog.Corrupt
	Truncate          = fakedatadog.Truncate
)

// External describes a step that calls another service than Datadog.
type External struct {
	// New returns the step over a service with a fault.
	New func(*testing.T, Fault) enrich.Step
	// Alert is one that the step finds something for.
	Alert alert.Alert
	// NotFound is the public text if the service has nothing. It is empty for a
	// step that reports this as a finding.
	NotFound string
	// Forbidden is the part of the public text that says what access is missing.
	Forbidden string
	// RetryAfter is what the service asks for when it limits the rate.
	RetryAfter time.Duration
	// Secrets are texts that must not be shown.
	Secrets []string

	more map[Fault]fault.Kind
}

// Conformance runs the suite.
func (e External) Conformance(t *testing.T) {
	t.Helper()
	faults := map[Fault]fault.Kind{
		Forbidden: fault.Permanent, RateLimited: fault.Temporary, Corrupt: fault.Temporary, Truncate: fault.Temporary, Unavailable: fault.Temporary,
	}
	maps.Copy(faults, e.more)
	if e.NotFound != "" {
		faults[NotFound] = fault.Permanent
	} else {
		t.Run("NotFound", func(t *testing.T) { e.finds(t, NotFound) })
	}
	t.Run("Found", func(t *testing.T) { e.finds(t, None) })
	for f, want := range faults {
		t.Run("Fault/"+string(f), func(t *testing.T) { e.fails(t, f, want) })
	}
	t.Run("Deadline", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		e.endsWith(ctx, t, context.DeadlineExceeded)
	})
	t.Run("Cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		e.endsWith(ctx, t, context.Canceled)
	})
	t.Run("Concurrent", e.concurrent)
	t.Run("HostileAlert", e.hostileAlert)
}

func (e External) finds(t *testing.T, f Fault) {
	finding, err := e.New(t, f).Enrich(t.Context(), e.Alert)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems(finding) {
		t.Error(problem)
	}
	e.hidesSecrets(t, fmt.Sprintf("%+v", finding))
}

func (e External) fails(t *testing.T, f Fault, want fault.Kind) {
	started := time.Now()
	finding, err := e.New(t, f).Enrich(t.Context(), e.Alert)
	if err == nil {
		t.Fatalf("got the finding %+v, want an error", finding)
	}
	failure := fault.From(err)
	if failure.Kind != want || failure.Public == "" {
		t.Errorf("got %v with the public text %q, want %v: %v", failure.Kind, failure.Public, want, err)
	}
	switch f {
	case NotFound:
		if failure.Public != e.NotFound {
			t.Errorf("public text %q, want %q", failure.Public, e.NotFound)
		}
	case Forbidden:
		if !strings.Contains(failure.Public, e.Forbidden) {
			t.Errorf("public text %q does not name %q", failure.Public, e.Forbidden)
		}
	case RateLimited:
		// A second request may be refused because of the first one's answer, some time later.
		if failure.RetryAfter > e.RetryAfter || failure.RetryAfter <= e.RetryAfter-time.Second-time.Since(started) {
			t.Errorf("retry after %v, want %v", failure.RetryAfter, e.RetryAfter)
		}
	}
	e.hidesSecrets(t, failure.Public, fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err))
}

func (e External) hidesSecrets(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for _, secret := range e.Secrets {
			if strings.Contains(text, secret) {
				t.Errorf("the secret %s is in %q", secret, text)
			}
		}
	}
}

func (e External) endsWith(ctx context.Context, t *testing.T, want error) {
	t.Helper()
	const slowMachine = 10 * time.Second
	step, started := e.New(t, Hang), time.Now()
	finding, err := step.Enrich(ctx, e.Alert)
	if took := time.Since(started); !errors.Is(err, want) || took > slowMachine {
		t.Errorf("after %v: error %v, want %v (finding %+v)", took, err, want, finding)
	}
}

// concurrent checks that a step finds the same each time and does not change the
// alert. The tags have spare capacity, which a step could append into.
func (e External) concurrent(t *testing.T) {
	roomy := func() alert.Alert {
		a := e.Alert
		a.Tags, a.Extra = slices.Grow(slices.Clone(a.Tags), 8), map[string]any{"list": []any{"a"}}
		return a
	}
	a, before := roomy(), roomy()
	step := e.New(t, None)
	want := Find(t, step, a)
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			got, err := step.Enrich(t.Context(), a)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("error %v, finding (-first +this):\n%s", err, diff)
			}
		})
	}
	running.Wait()
	if diff := cmp.Diff(before, a); diff != "" {
		t.Errorf("the alert changed (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(before.Tags[:cap(before.Tags)], a.Tags[:cap(a.Tags)]); diff != "" {
		t.Errorf("the memory behind the tags changed (-before +after):\n%s", diff)
	}
}

// hostileAlert checks that no alert is more than a step can handle.
func (e External) hostileAlert(t *testing.T) {
	const evil = "../../api/v1/validate?x=y&api_key=z#\r\nHost: evil\x00,%2e%2e/{{.}}"
	step := e.New(t, None)
	for _, a := range []alert.Alert{
		{
			ID: evil, MonitorID: evil, Scope: "host:" + evil, Hostname: evil, Title: evil, Date: time.Unix(1<<60, 0),
			Tags: alert.Tags{"", ":", "service:" + evil, "env:" + strings.Repeat("é", 1<<16)},
		},
		{MonitorID: "-1"},
		{MonitorID: "99999999999999999999"},
		{},
	} {
		if r := run(t, step, a); r.Err != nil && fault.From(r.Err).Kind == fault.Internal {
			t.Errorf("internal error: %v", r.Err)
		}
	}
}

func run(t *testing.T, step enrich.Step, a alert.Alert) enrich.Result {
	t.Helper()
	return enrich.Run(t.Context(), []enrich.Named{{Name: "step", Step: step}}, a, time.Minute)[0]
}

// problems returns what is wrong with a finding.
func problems(f enrich.Finding) []string {
	var all []string
	if f.Title == "" {
		all = append(all, "no title")
	}
	if f.Weight < enrich.Background || f.Weight > enrich.Essential {
		all = append(all, fmt.Sprintf("weight %d", f.Weight))
	}
	if shown := enrich.Blocks(slices.Clone(f.Blocks)...); len(shown) == 0 || len(shown) < len(f.Blocks) {
		all = append(all, fmt.Sprintf("%d of %d blocks are not empty", len(shown), len(f.Blocks)))
	}
	for _, lead := range f.Lead {
		if lead.Answer == "" || lead.Text == "" && lead.Time.IsZero() || lead.Answer != enrich.Suspect && utf8.RuneCountInString(lead.Text) > enrich.MaxLead {
			all = append(all, fmt.Sprintf("lead %q, %q", lead.Answer, lead.Text))
		}
	}
	var object map[string]any
	if text, err := json.Marshal(f.Data); err != nil || json.Unmarshal(text, &object) != nil || len(object) == 0 {
		all = append(all, fmt.Sprintf("data is not a JSON object with keys: %s, %v", text, err))
	}
	return all
}
