package dryrun_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/dryrun"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
)

type config struct {
	Who string `yaml:"who" doc:"Whom to greet."`
}

type data struct {
	Words string `json:"words"`
}

// kinds are a step that greets, a step that fails, and those of the embedded
// playbooks, which every file falls back to.
func kinds() []enrich.Kind {
	greet := enrich.KindOf(enrich.Kind{Name: "greet", Data: data{}}, func(c config, _ time.Duration) enrich.Step {
		return enrich.StepFunc(func(context.Context, alert.Alert) (enrich.Finding, error) {
			if c.Who == "missing" {
				return enrich.Finding{}, errors.New("no recipient")
			}
			return enrich.Finding{Title: "Greeting", Data: data{"hello " + c.Who}}, nil
		})
	})
	all := []enrich.Kind{greet}
	for _, name := range []string{"metric", "monitor", "related_events", "suspects"} {
		all = append(all, enrich.KindOf(enrich.Kind{Name: name}, func(map[string]string, time.Duration) enrich.Step { return nil }))
	}
	return all
}

const playbooks = `
playbooks:
  - name: other
    match: alert.tags.service == "other"
  - name: greeting
    match: alert.tags.service == "checkout" && alert.priority == "P1"
    continue: true
    steps:
      - {uses: greet, with: {who: "{{ .alert.tags.service }}"}}
      - {name: again, uses: greet, with: {who: "{{ .steps.greet.words }}"}}
      - {name: fails, uses: greet, with: {who: missing}}
      - {name: never, uses: greet, when: alert.host == "x"}
    event:
      title: "{{ .steps.again.words }}"
    then:
      - {name: tell, uses: greet, with: {who: "{{ .event.url }}"}}
  - name: rest
`

type poster func(event.Request) error

func (p poster) Create(_ context.Context, e event.Event) (event.Posted, error) {
	return event.Posted{ID: "8", URL: "https://example.com/8"}, p(e)
}

func (p poster) CreateAlert(_ context.Context, e event.AlertEvent) (event.Posted, error) {
	return event.Posted{ID: "8", URL: "https://example.com/8"}, p(e)
}

func observe(t *testing.T, p pipeline.Poster, a alert.Alert, override dryrun.Override) dryrun.Report {
	t.Helper()
	book, err := playbook.Load("test.yaml", []byte(playbooks), kinds())
	if err != nil {
		t.Fatal(err)
	}
	return dryrun.Observe(t.Context(), pipeline.Config{Playbooks: book, EnrichBudget: time.Minute, Poster: p}, a, override, dryrun.Process)
}

var checkout = alert.Alert{ID: "1", Title: "x", Priority: "P1", Tags: alert.Tags{"service:checkout"}}

func accept(event.Request) error { return nil }

// run is a step as a test compares it.
type run struct {
	Name, Uses string
	With       any
	Then       bool
	Status     enrich.Status
	Data       any
}

func steps(r dryrun.Report) []run {
	var all []run
	for _, s := range r.Steps {
		all = append(all, run{s.Name, s.Kind.Name, s.With, s.Then, s.Status, s.Finding.Data})
	}
	return all
}

func TestObserve_Report(t *testing.T) {
	r := observe(t, poster(accept), checkout, nil)
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	want := []run{
		{"greet", "greet", config{"checkout"}, false, enrich.OK, data{"hello checkout"}},
		{"again", "greet", config{"hello checkout"}, false, enrich.OK, data{"hello hello checkout"}},
		{"fails", "greet", config{"missing"}, false, enrich.Failed, nil},
		{"never", "", nil, false, enrich.Skipped, nil},
		{"tell", "greet", config{"https://example.com/8"}, true, enrich.OK, data{"hello https://example.com/8"}},
	}
	if diff := cmp.Diff(want, steps(r)); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"greeting", "rest"}, r.Plan().Names); diff != "" {
		t.Errorf("playbooks (-want +got):\n%s", diff)
	}
	if v := r.Verdicts(); len(v) != 3 || v[0].Matched || !strings.Contains(v[0].False, "other") || !v[1].Matched {
		t.Errorf("verdicts are %+v", v)
	}
	if r.Status != pipeline.Posted || r.Event.Headline() != "hello hello checkout" || len(r.WarningTexts()) > 0 {
		t.Errorf("got %+v", r)
	}
}

func TestObserve_NotPosted(t *testing.T) {
	refuse := func(event.Request) error { return fault.New(fault.Permanent, "Datadog refused it", nil) }
	r := observe(t, poster(refuse), checkout, nil)
	if r.Err == nil || !strings.Contains(fault.Public(r.Err), "Datadog refused it") || len(r.Steps) != 4 {
		t.Errorf("%v, with %d steps", r.Err, len(r.Steps))
	}
	own := checkout
	own.Tags = alert.Tags{alert.SourceTag, "playbook:default", "enrichment:none"}
	if r := observe(t, dryrun.Discard{}, own, nil); r.Err != nil || r.Status != pipeline.Ignored || r.Detail == "" {
		t.Errorf("our own event: %+v", r)
	}
}

func TestObserve_StepTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		hang := func(s dryrun.Step) enrich.Step {
			if s.Then {
				return nil
			}
			return enrich.StepFunc(func(context.Context, alert.Alert) (enrich.Finding, error) {
				<-release
				return enrich.Finding{}, nil
			})
		}
		r := observe(t, dryrun.Discard{}, alert.Alert{ID: "1", Title: "x", Tags: alert.Tags{"service:checkout"}, Priority: "P1", Hostname: "x"}, hang)
		if r.Err != nil || r.Steps[0].Status != enrich.TimedOut || r.Steps[0].With == nil {
			t.Errorf("%+v, %v", r.Steps, r.Err)
		}
	})
}
