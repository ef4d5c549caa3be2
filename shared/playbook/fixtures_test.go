package playbook_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/httpapi"
	"boomerang/shared/playbook"
	"boomerang/shared/playbook/check"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares text with a file, or writes the file.
func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// The kinds of steps that the tests' playbooks use.

type suspectsData struct {
	Suspects []struct {
		Title string `json:"title"`
	} `json:"suspects"`
}

type ownerConfig struct {
	Service string `yaml:"service"`
}

type ownerData struct {
	Team     string   `json:"team"`
	Tier     int      `json:"tier,omitempty"`
	Contacts []string `json:"contacts,omitempty"`
	Manager  *person  `json:"manager,omitempty"`
}

type person struct {
	Name string `json:"name"`
}

type metricConfig struct {
	Query  string        `yaml:"query"`
	Window time.Duration `yaml:"window"`
	Points int           `yaml:"points"`
	Scale  float64       `yaml:"scale"`
	Smooth bool          `yaml:"smooth"`
}

type metricData struct {
	Value float64   `json:"value"`
	Since time.Time `json:"since,omitzero"`
}

type askConfig struct {
	URL     httpapi.URL       `yaml:"url"`
	Headers map[string]string `yaml:"headers"`
	Body    any               `yaml:"body"`
	Show    []show            `yaml:"show"`
	Secret  *secretConfig     `yaml:"secret"`
}

type show struct {
	Name string `yaml:"name"`
	Path string `yaml:"path"`
}

type secretConfig struct {
	Name string `yaml:"name"`
}

func (c askConfig) Validate() error {
	var problems []error
	if !strings.HasPrefix(string(c.URL), "https://") {
		problems = append(problems, errors.New("url: it must start with https://"))
	}
	if c.Secret != nil && strings.Contains(c.Secret.Name, "{{") {
		problems = append(problems, errors.New("secret: an alert must not choose it"))
	}
	return errors.Join(problems...)
}

type askData struct {
	Status int `json:"status"`
	Body   any `json:"body"`
}

// made is what a step was made with.
type made struct {
	Config any
	Cache  time.Duration
}

// bench makes kinds whose steps do what the test says, by the kind's name, and
// remembers nothing: a step's Config comes with it.
type bench map[string]func(ctx context.Context, m made, a alert.Alert) (enrich.Finding, error)

func (b bench) step(name string, m made) enrich.Step {
	return enrich.StepFunc(func(ctx context.Context, a alert.Alert) (enrich.Finding, error) {
		if do, ok := b[name]; ok {
			return do(ctx, m, a)
		}
		return enrich.Finding{}, nil
	})
}

func kindOf[Config any](b bench, name string, data any) enrich.Kind {
	return enrich.KindOf(enrich.Kind{Name: name, Data: data}, func(c Config, cache time.Duration) enrich.Step {
		return b.step(name, made{c, cache})
	})
}

func (b bench) kinds() []enrich.Kind {
	type none struct{}
	return []enrich.Kind{
		kindOf[none](b, "monitor", struct{}{}),
		kindOf[none](b, "related_events", struct{}{}),
		kindOf[none](b, "suspects", suspectsData{}),
		kindOf[ownerConfig](b, "owner", ownerData{}),
		kindOf[metricConfig](b, "metric", metricData{}),
		kindOf[askConfig](b, "ask", askData{}),
		kindOf[map[string]string](b, "table", map[string]any{}),
	}
}

func (b bench) load(t testing.TB, source string) *playbook.Book {
	t.Helper()
	book, err := playbook.Load("test.yaml", []byte(source), b.kinds())
	if err != nil {
		t.Fatal(err)
	}
	return book
}

// one is a file with one playbook, whose keys are given without their indentation.
func one(keys string) string {
	return "playbooks:\n  - name: test\n    " + strings.ReplaceAll(strings.TrimSpace(keys), "\n", "\n    ") + "\n"
}

// checkout is an alert that says something of everything.
func checkout() alert.Alert {
	return alert.Alert{
		ID: "7284105863092654118", MonitorID: "4711", Title: "Errors on checkout", Message: "too many", Priority: "P2",
		Transition: alert.Triggered, Type: "error", Scope: "env:prod", Hostname: "web-1", OrgID: "1",
		Tags: alert.Tags{"env:prod", "service:checkout", "team:payments", "shard:7", "bare"},
		Date: time.Date(2026, 3, 14, 2, 58, 0, 0, time.UTC), Link: "https://app.datadoghq.com/event/1",
		LogsSample: []byte(`{"count": 3, "rate": 0.5, "id": 7284105863092654118, "lines": ["a", "b"]}`),
		Security:   alert.Security{RuleName: "Brute force", SignalSeverity: "high"},
		Extra:      alert.Extra{"region": "eu", "limits": map[string]any{"cpu": int64(4)}},
	}
}

func finds(data any) func(context.Context, made, alert.Alert) (enrich.Finding, error) {
	return func(context.Context, made, alert.Alert) (enrich.Finding, error) {
		return enrich.Finding{Title: "found", Data: data}, nil
	}
}

func fails(why string) func(context.Context, made, alert.Alert) (enrich.Finding, error) {
	return func(context.Context, made, alert.Alert) (enrich.Finding, error) {
		return enrich.Finding{Data: ownerData{Team: "not to be seen"}}, fmt.Errorf("%s", why)
	}
}

func run(t testing.TB, plan *playbook.Plan, a alert.Alert) []enrich.Result {
	t.Helper()
	return enrich.Run(t.Context(), plan.Steps(), a, 5*time.Second)
}

func checkError(source string) string {
	return fmt.Sprint(check.File("test.yaml", []byte(source), bench{}.kinds()).Err)
}
