package enrichtest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
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

func (c Case) found(t *testing.T) {
	finding, err := c.seeded(t).Enrich(t.Context(), c.Alert)
	if err != nil {
		t.Fatal(err)
	}
	check(t, finding)
}

func (c Case) notFound(t *testing.T) {
	b := c.bench(t)
	if c.NotFound != "" {
		if f := b.fails(t.Context(), t, c.Alert, fault.Permanent); f.Public != c.NotFound {
			t.Errorf("people are told %q, want %q", f.Public, c.NotFound)
		}
		return
	}
	finding, err := b.Enrich(t.Context(), c.Alert)
	if err != nil {
		t.Fatal(err)
	}
	check(t, finding)
}

func (c Case) forbidden(t *testing.T) {
	f := c.misbehaving(t, fakedatadog.Forbidden).fails(t.Context(), t, c.Alert, fault.Permanent)
	if !strings.Contains(f.Public, c.Permission) {
		t.Errorf("people are told %q, which does not name %q", f.Public, c.Permission)
	}
}

func (c Case) rateLimited(t *testing.T) {
	b, started := c.misbehaving(t, fakedatadog.RateLimited+":7s"), time.Now()
	f := b.fails(t.Context(), t, c.Alert, fault.Temporary)
	// A step that reads twice may be turned away by what the first read learned, some
	// time ago.
	if f.RetryAfter > 7*time.Second || f.RetryAfter <= 6*time.Second-time.Since(started) {
		t.Errorf("worth trying again after %v, want 7s", f.RetryAfter)
	}
}

func (c Case) trouble(t *testing.T) {
	for _, m := range []fakedatadog.Fault{
		fakedatadog.Corrupt, fakedatadog.Empty, fakedatadog.Truncate, fakedatadog.Reset, fakedatadog.Status(500), fakedatadog.Status(504),
	} {
		t.Run(string(m), func(t *testing.T) {
			c.misbehaving(t, m).fails(t.Context(), t, c.Alert, fault.Temporary)
		})
	}
}

func (c Case) slow(t *testing.T) {
	for _, tt := range []struct {
		name string
		end  func(context.Context) (context.Context, context.CancelFunc)
		want error
	}{
		{"deadline", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 50*time.Millisecond)
		}, context.DeadlineExceeded},
		{"cancelled", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(50*time.Millisecond, cancel)
			return ctx, cancel
		}, context.Canceled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := tt.end(t.Context())
			defer cancel()
			b := c.misbehaving(t, fakedatadog.Hang)
			started := time.Now()
			finding, err := b.Enrich(ctx, c.Alert)
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want one that is %v (finding %+v)", err, tt.want, finding)
			}
			if took := time.Since(started); took > prompt {
				t.Errorf("took %v to notice", took)
			}
		})
	}
}

func (c Case) secrets(t *testing.T) {
	for _, m := range []fakedatadog.Fault{
		fakedatadog.Forbidden, fakedatadog.RateLimited, fakedatadog.Corrupt, fakedatadog.Truncate, fakedatadog.Reset, fakedatadog.Status(400), fakedatadog.Status(302), fakedatadog.Status(503),
	} {
		t.Run(string(m), func(t *testing.T) {
			_, err := c.misbehaving(t, m).Enrich(t.Context(), c.Alert)
			if err == nil {
				t.Fatal("got no error")
			}
			for _, text := range []string{err.Error(), fault.Public(err), fmt.Sprintf("%+v", err), fmt.Sprintf("%#v", err)} {
				if strings.Contains(text, apiKey) || strings.Contains(text, appKey) {
					t.Errorf("a key is in %q", text)
				}
			}
		})
	}
}

func (c Case) untouched(t *testing.T) {
	a, before := spacious(c.Alert), spacious(c.Alert)
	if _, err := c.seeded(t).Enrich(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, a); diff != "" {
		t.Errorf("the alert changed (-before +after):\n%s", diff)
	}
	if diff := cmp.Diff(full(before.Tags), full(a.Tags)); diff != "" {
		t.Errorf("what lies behind the alert's tags changed (-before +after):\n%s", diff)
	}
}

// spacious is a copy of an alert whose lists have room behind their end, as
// lists that were built by appending do.
func spacious(a alert.Alert) alert.Alert {
	a.Tags = slices.Grow(slices.Clone(a.Tags), 8)
	a.Extra = map[string]any{"list": []any{"a"}}
	return a
}

func full(tags alert.Tags) alert.Tags { return tags[:cap(tags)] }

func (c Case) concurrent(t *testing.T) {
	b := c.seeded(t)
	want, err := b.Enrich(t.Context(), c.Alert)
	if err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	for range 8 {
		running.Go(func() {
			got, err := b.Enrich(t.Context(), c.Alert)
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

func (c Case) empty(t *testing.T) {
	b := c.seeded(t)
	r := enrich.Run(t.Context(), []enrich.Named{{Name: "step", Step: b}}, alert.Alert{}, time.Minute)[0]
	if r.Status != enrich.Skipped || fault.Public(r.Err) == "" {
		t.Errorf("the step ended %q with %v, want it skipped with a reason", r.Status, r.Err)
	}
	if calls := b.datadog.Requests(); len(calls) > 0 {
		t.Errorf("it called Datadog all the same: %+v", calls)
	}
}

// hostile alerts must neither break a step nor lead its calls astray.
func (c Case) hostile(t *testing.T) {
	const evil = "../../api/v1/validate?x=y&api_key=z#\r\nHost: evil\x00,%2e%2e/{{.}}"
	b := c.seeded(t)
	a := alert.Alert{
		ID: evil, MonitorID: evil, Scope: "host:" + evil, Hostname: evil, Date: time.Unix(1<<60, 0),
		Tags: alert.Tags{"", ":", "service:" + evil, "env:" + strings.Repeat("é", 1<<16)},
	}
	for _, a := range []alert.Alert{a, {MonitorID: "-1"}, {MonitorID: "99999999999999999999"}} {
		r := enrich.Run(t.Context(), []enrich.Named{{Name: "step", Step: b}}, a, time.Minute)[0]
		if r.Err != nil && fault.From(r.Err).Kind == fault.Internal {
			t.Errorf("the step broke: %v", r.Err)
		}
	}
	for _, call := range b.datadog.Requests() {
		if call.Route == "" || call.Route == fakedatadog.Validate {
			t.Errorf("the step made a call that is none of its own: %+v", call)
		}
	}
}

func check(t *testing.T, f enrich.Finding) {
	t.Helper()
	for _, problem := range problems(f) {
		t.Error(problem)
	}
}

// problems says what is wrong with a finding.
func problems(f enrich.Finding) []string {
	var all []string
	if f.Title == "" {
		all = append(all, "the finding has no title")
	}
	if f.Weight < enrich.Background || f.Weight > enrich.Essential {
		all = append(all, fmt.Sprintf("the finding's weight is %d", f.Weight))
	}
	if len(f.Blocks) == 0 {
		all = append(all, "the finding has no blocks")
	}
	for i, block := range f.Blocks {
		if length(block) == 0 {
			all = append(all, fmt.Sprintf("block %d is an empty %T", i, block))
		}
	}
	var object map[string]any
	if text, err := json.Marshal(f.Data); err != nil || json.Unmarshal(text, &object) != nil || len(object) == 0 {
		all = append(all, fmt.Sprintf("the data is no JSON object with keys: %s, %v", text, err))
	}
	return all
}

func length(b enrich.Block) int {
	switch b := b.(type) {
	case enrich.Facts:
		return len(b)
	case enrich.List:
		return len(b.Items)
	case enrich.Links:
		return len(b)
	case enrich.Paragraph:
		return len(b)
	case enrich.Code:
		return len(b)
	case enrich.Image:
		return len(b.URL)
	}
	return 0
}
