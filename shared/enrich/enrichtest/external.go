package enrichtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

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

	temporary, permanent []Fault
}

// Conformance runs the suite.
func (e External) Conformance(t *testing.T) {
	t.Helper()
	if e.temporary == nil {
		e.temporary = []Fault{Corrupt, Truncate, Unavailable}
	}
	t.Run("Found", func(t *testing.T) { e.finds(t, None) })
	t.Run("NotFound", e.notFound)
	t.Run("Forbidden", e.forbidden)
	t.Run("RateLimited", e.rateLimited)
	for _, f := range e.temporary {
		t.Run("Temporary/"+string(f), func(t *testing.T) { e.fails(t, f, fault.Temporary) })
	}
	t.Run("Deadline", e.deadline)
	t.Run("Cancelled", e.cancelled)
	for _, f := range slices.Concat([]Fault{None, NotFound, Forbidden, RateLimited}, e.temporary, e.permanent) {
		t.Run("Secrets/"+string(f), func(t *testing.T) { e.secrets(t, f) })
	}
	t.Run("AlertUnchanged", e.alertUnchanged)
	t.Run("Concurrent", e.concurrent)
	t.Run("HostileAlert", e.hostileAlert)
}

func (e External) finds(t *testing.T, f Fault) enrich.Finding {
	t.Helper()
	finding, err := e.New(t, f).Enrich(t.Context(), e.Alert)
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems(finding) {
		t.Error(problem)
	}
	return finding
}

func (e External) fails(t *testing.T, f Fault, want fault.Kind) *fault.Error {
	t.Helper()
	finding, err := e.New(t, f).Enrich(t.Context(), e.Alert)
	if err == nil {
		t.Fatalf("got the finding %+v, want an error", finding)
	}
	failure := fault.From(err)
	if failure.Kind != want || failure.Public == "" {
		t.Errorf("got %v with the public text %q, want %v: %v", failure.Kind, failure.Public, want, err)
	}
	return failure
}

func (e External) notFound(t *testing.T) {
	if e.NotFound == "" {
		e.finds(t, NotFound)
	} else if f := e.fails(t, NotFound, fault.Permanent); f.Public != e.NotFound {
		t.Errorf("public text %q, want %q", f.Public, e.NotFound)
	}
}

func (e External) forbidden(t *testing.T) {
	if f := e.fails(t, Forbidden, fault.Permanent); !strings.Contains(f.Public, e.Forbidden) {
		t.Errorf("public text %q does not name %q", f.Public, e.Forbidden)
	}
}

func (e External) rateLimited(t *testing.T) {
	started := time.Now()
	f := e.fails(t, RateLimited, fault.Temporary)
	// A second request may be refused because of the first one's answer, some time later.
	if f.RetryAfter > e.RetryAfter || f.RetryAfter <= e.RetryAfter-time.Second-time.Since(started) {
		t.Errorf("retry after %v, want %v", f.RetryAfter, e.RetryAfter)
	}
}

func (e External) deadline(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	e.endsWith(ctx, t, context.DeadlineExceeded)
}

func (e External) cancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(50*time.Millisecond, cancel)
	e.endsWith(ctx, t, context.Canceled)
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

func (e External) secrets(t *testing.T, f Fault) {
	finding, err := e.New(t, f).Enrich(t.Context(), e.Alert)
	if err == nil && f != None && f != NotFound {
		t.Error("got no error")
	}
	for _, text := range []string{fmt.Sprintf("%+v", finding), fault.Public(err), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
		for _, secret := range e.Secrets {
			if strings.Contains(text, secret) {
				t.Errorf("the secret %s is in %q", secret, text)
			}
		}
	}
}

// alertUnchanged gives the tags spare capacity, which a step could append into.
func (e External) alertUnchanged(t *testing.T) {
	roomy := func() alert.Alert {
		a := e.Alert
		a.Tags, a.Extra = slices.Grow(slices.Clone(a.Tags), 8), map[string]any{"list": []any{"a"}}
		return a
	}
	a, before := roomy(), roomy()
	if _, err := e.New(t, None).Enrich(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, a); diff != "" {
		t.Errorf("the alert changed (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(before.Tags[:cap(before.Tags)], a.Tags[:cap(a.Tags)]); diff != "" {
		t.Errorf("the memory behind the tags changed (-before +after):\n%s", diff)
	}
}

func (e External) concurrent(t *testing.T) {
	step := e.New(t, None)
	want, err := step.Enrich(t.Context(), e.Alert)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			got, err := step.Enrich(t.Context(), e.Alert)
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("error %v, finding (-first +this):\n%s", err, diff)
			}
		})
	}
	running.Wait()
}

func (e External) hostileAlert(t *testing.T) {
	step := e.New(t, None)
	for _, a := range hostileAlerts() {
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
	if len(f.Blocks) == 0 {
		all = append(all, "no blocks")
	}
	for i, block := range f.Blocks {
		if v := reflect.ValueOf(block); !v.IsValid() || isEmpty(v) {
			all = append(all, fmt.Sprintf("block %d is an empty %T", i, block))
		}
	}
	var object map[string]any
	if text, err := json.Marshal(f.Data); err != nil || json.Unmarshal(text, &object) != nil || len(object) == 0 {
		all = append(all, fmt.Sprintf("data is not a JSON object with keys: %s, %v", text, err))
	}
	return all
}

func isEmpty(block reflect.Value) bool {
	if list, ok := block.Interface().(enrich.List); ok {
		return len(list.Items) == 0
	}
	if image, ok := block.Interface().(enrich.Image); ok {
		return image.URL == ""
	}
	return block.Len() == 0
}
