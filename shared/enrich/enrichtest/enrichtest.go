// Package enrichtest is the conformance suite of steps, for tests only. It runs a
// step over a service that works, fails, hangs, or answers with something else.
package enrichtest

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/fault"
	"boomerang/shared/jsonvalue"
	"boomerang/shared/site"
)

// Case describes a step that reads Datadog, with its default configuration.
type Case struct {
	Kind func(*datadog.Client) enrich.Kind
	// Alert is one that the step finds something for.
	Alert alert.Alert
	// Seed gives the fake what the step finds.
	Seed func(*fakedatadog.Server)
	// NotFound is the public text if Datadog has nothing. It is empty for a step
	// that reports this as a finding.
	NotFound string
}

// The keys that no text may show.
const (
	apiKey = "0123456789abcdef-the-api-key"
	appKey = "fedcba9876543210-the-app-key"
)

// Conformance runs the suite over the fake of Datadog.
func Conformance(t *testing.T, c Case) {
	t.Helper()
	permissions := append(c.Kind(nil).Permissions, "") // A step may need none.
	External{
		New: func(t *testing.T, f Fault) enrich.Step {
			step, _ := c.newStep(t, f)
			return step
		},
		Alert: c.Alert, NotFound: c.NotFound, Forbidden: permissions[0], RetryAfter: 7 * time.Second, Secrets: []string{apiKey, appKey},
		more: map[Fault]fault.Kind{
			fakedatadog.Empty: fault.Temporary, fakedatadog.Reset: fault.Temporary, fakedatadog.Status(504): fault.Temporary,
			fakedatadog.Status(400): fault.Permanent, fakedatadog.Status(302): fault.Permanent,
		},
	}.Conformance(t)
	t.Run("EmptyAlert", c.emptyAlert)
	t.Run("HostileAlertRoutes", c.hostileAlert)
}

func (c Case) newStep(t *testing.T, f Fault) (enrich.Step, *fakedatadog.Server) {
	t.Helper()
	client, fake := Client(t, fakedatadog.Options{})
	if f != NotFound {
		c.Seed(fake)
	}
	if f == RateLimited {
		f += ":7s"
	}
	if f != None && f != NotFound {
		if err := fake.Inject(fakedatadog.AnyRoute, f, 0); err != nil {
			t.Fatal(err)
		}
	}
	kind := c.Kind(client)
	return kind.New(kind.Config, 0), fake
}

// Client returns a client of a fake of Datadog.
func Client(t *testing.T, options fakedatadog.Options) (*datadog.Client, *fakedatadog.Server) {
	t.Helper()
	options.APIKey, options.AppKey = apiKey, appKey
	fake := fakedatadog.New(options)
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	client, err := datadog.New(datadog.Config{Site: site.US1, BaseURL: server.URL}, datadog.FixedKeys{API: apiKey, App: appKey})
	if err != nil {
		t.Fatal(err)
	}
	return client, fake
}

// emptyAlert checks that a step skips an alert without details and makes no request.
func (c Case) emptyAlert(t *testing.T) {
	step, fake := c.newStep(t, None)
	r := run(t, step, alert.Alert{})
	if calls := fake.Requests(); r.Status != enrich.Skipped || fault.Public(r.Err) == "" || len(calls) > 0 {
		t.Errorf("the step ended %q with %v, want it skipped with a reason; requests: %+v", r.Status, r.Err, calls)
	}
}

// hostileAlert checks that no alert makes a step call another endpoint.
func (c Case) hostileAlert(t *testing.T) {
	step, fake := c.newStep(t, None)
	External{New: func(*testing.T, Fault) enrich.Step { return step }}.hostileAlert(t)
	for _, call := range fake.Requests() {
		if call.Route == "" || call.Route == fakedatadog.Validate {
			t.Errorf("a request to another endpoint: %+v", call)
		}
	}
}

// Find returns what a step finds.
func Find(t *testing.T, step enrich.Step, a alert.Alert) enrich.Finding {
	t.Helper()
	f, err := step.Enrich(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Equal checks a finding, and its data as JSON, because playbooks use the names.
func Equal(t *testing.T, got, want enrich.Finding, wantData string) {
	t.Helper()
	data, err := jsonvalue.Encode(got.Data, "")
	if diff := cmp.Diff(wantData, strings.TrimSpace(data)); err != nil || diff != "" {
		t.Errorf("%v, data (-want +got):\n%s", err, diff)
	}
	want.Data = got.Data
	if diff := cmp.Diff(want, got, cmpopts.EquateErrors()); diff != "" {
		t.Errorf("finding (-want +got):\n%s", diff)
	}
}

// Blocks checks the blocks of a finding.
func Blocks(t *testing.T, got enrich.Finding, want ...enrich.Block) {
	t.Helper()
	if diff := cmp.Diff(want, got.Blocks); diff != "" {
		t.Errorf("blocks (-want +got):\n%s", diff)
	}
}

// Validate checks what a Config's Validate returns; want is empty for a valid one.
func Validate(t *testing.T, config interface{ Validate() error }, want string) {
	t.Helper()
	got := ""
	if err := config.Validate(); err != nil {
		got = err.Error()
	}
	if got != want {
		t.Errorf("%+v:\ngot  %q\nwant %q", config, got, want)
	}
}

// Skips checks that a step skips an alert for a reason.
func Skips(t *testing.T, step enrich.Step, a alert.Alert, want string) {
	t.Helper()
	if r := run(t, step, a); r.Status != enrich.Skipped || fault.Public(r.Err) != want {
		t.Errorf("%s, %v, want skipped: %s", r.Status, r.Err, want)
	}
}
