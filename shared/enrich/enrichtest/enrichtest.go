// Package enrichtest is the suite that every step which reads Datadog passes. It
// runs a step over the Datadog stand-in, well-behaved and not, and is for tests
// only.
package enrichtest

import (
	"context"
	"net/http/httptest"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
	"boomerang/shared/site"
)

// Case is what the suite must know of a step.
type Case struct {
	// New makes the step.
	New func(*datadog.Client) enrich.Step
	// Permission is what its application key needs, as Datadog calls it.
	Permission string
	// Alert is one that the step has something to say about.
	Alert alert.Alert
	// Seed puts what the step is to find into the stand-in.
	Seed func(*fakedatadog.Server)
	// NotFound is what people are told when Datadog has none of it. It is empty
	// for a step to which nothing is a finding too.
	NotFound string
}

// The keys that no text may show.
const (
	apiKey = "0123456789abcdef-the-api-key"
	appKey = "fedcba9876543210-the-app-key"
)

// Conformance runs the suite. Each part is a subtest that says what must be true.
func Conformance(t *testing.T, c Case) {
	t.Helper()
	t.Run("what_is_there_is_found", c.found)
	t.Run("what_is_not_there_is_told", c.notFound)
	t.Run("a_missing_permission_is_named", c.forbidden)
	t.Run("a_rate_limit_is_temporary_and_says_how_long", c.rateLimited)
	t.Run("trouble_on_the_way_is_temporary", c.trouble)
	t.Run("it_ends_with_its_context", c.slow)
	t.Run("no_error_shows_a_secret", c.secrets)
	t.Run("the_alert_stays_as_it_was", c.untouched)
	t.Run("it_is_safe_for_concurrent_use", c.concurrent)
	t.Run("an_alert_that_says_nothing_is_skipped_without_a_call", c.empty)
	t.Run("an_alert_that_says_anything_is_borne", c.hostile)
}

// bench is a step over a stand-in of its own.
type bench struct {
	enrich.Step
	datadog *fakedatadog.Server
}

func (c Case) bench(t *testing.T) bench {
	t.Helper()
	server := fakedatadog.New(fakedatadog.Options{APIKey: apiKey, AppKey: appKey})
	web := httptest.NewServer(server)
	t.Cleanup(web.Close)
	client, err := datadog.New(datadog.Config{Site: site.US1, BaseURL: web.URL}, keys{})
	if err != nil {
		t.Fatal(err)
	}
	return bench{Step: c.New(client), datadog: server}
}

func (c Case) seeded(t *testing.T) bench {
	t.Helper()
	b := c.bench(t)
	c.Seed(b.datadog)
	return b
}

// misbehaving is a step over a stand-in that has everything and gives nothing.
func (c Case) misbehaving(t *testing.T, m fakedatadog.Fault) bench {
	t.Helper()
	b := c.seeded(t)
	if err := b.datadog.Inject(fakedatadog.AnyRoute, m, 0); err != nil {
		t.Fatal(err)
	}
	return b
}

type keys struct{}

func (keys) Keys(context.Context) (datadog.Keys, error) {
	return datadog.Keys{API: apiKey, App: appKey}, nil
}

func (k keys) Renew(ctx context.Context, _ datadog.Keys) (datadog.Keys, error) { return k.Keys(ctx) }

// fails runs the step and returns the failure that it must end with.
func (b bench) fails(ctx context.Context, t *testing.T, a alert.Alert, want fault.Kind) *fault.Error {
	t.Helper()
	finding, err := b.Enrich(ctx, a)
	if err == nil {
		t.Fatalf("got a finding, %+v, want an error", finding)
	}
	f := fault.From(err)
	if f.Kind != want {
		t.Errorf("fault kind is %v, want %v: %v", f.Kind, want, err)
	}
	if f.Public == "" {
		t.Errorf("the error has no words for people: %v", err)
	}
	return f
}

// prompt is how soon a step must be back once its context has ended. A machine
// that has much else to do keeps it; a step that waits for Datadog does not.
const prompt = 10 * time.Second
