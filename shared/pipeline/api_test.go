package pipeline_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
)

// CreateAlert is for the doubles of tests that post by the v1 API.
func (p poster) CreateAlert(context.Context, event.AlertEvent) (event.Posted, error) {
	return event.Posted{}, errors.New("the v2 API was used")
}

// taking is Datadog with both APIs, by what each took last.
type taking struct {
	v1 event.Event
	v2 event.AlertEvent
}

func (k *taking) Create(_ context.Context, e event.Event) (event.Posted, error) {
	k.v1 = e
	return event.Posted{ID: "one"}, nil
}

func (k *taking) CreateAlert(_ context.Context, e event.AlertEvent) (event.Posted, error) {
	k.v2 = e
	return event.Posted{ID: "two"}, nil
}

// twoAPIs are a playbook for each way to post, which tell what was posted.
func twoAPIs(t *testing.T, told *string) *playbook.Book {
	t.Helper()
	type said struct {
		Words string `yaml:"words"`
	}
	kinds := []enrich.Kind{
		enrich.KindOf(enrich.Kind{Name: "tell"}, func(s said, _ time.Duration) enrich.Step {
			return enrich.StepFunc(func(context.Context, alert.Alert) (enrich.Finding, error) {
				*told = s.Words
				return enrich.Finding{}, nil
			})
		}),
	}
	// The embedded playbooks, which every file falls back to, use these.
	for _, name := range []string{"monitor", "related_events"} {
		kinds = append(kinds, enrich.KindOf(enrich.Kind{Name: name}, func(struct{}, time.Duration) enrich.Step { return nil }))
	}
	book, err := playbook.Load("test.yaml", []byte(`
playbooks:
  - name: stream
    match: alert.tags.api == "v1"
    then: [{uses: tell, with: {words: "{{ .event.id }} {{ .event.title }}"}}]
  - name: alert
    event: {api: v2, title: "v2 of {{ .alert.title }}"}
    then: [{uses: tell, with: {words: "{{ .event.id }} {{ .event.title }}"}}]
`), kinds)
	if err != nil {
		t.Fatal(err)
	}
	return book
}

func TestPipeline_posts_by_the_API_of_the_playbook(t *testing.T) {
	for api, c := range map[string]struct{ title, told, body string }{
		"v1": {"x", "one x", `{"title":"x",`},
		"v2": {"v2 of x", "two v2 of x", `{"data":{"type":"event","attributes":{"title":"v2 of x",`},
	} {
		t.Run(api, func(t *testing.T) {
			var datadog taking
			var told string
			p := pipeline.New(pipeline.Config{Playbooks: twoAPIs(t, &told), Poster: &datadog})
			a := alert.Alert{ID: "7", OrgID: "1", Title: "x", Tags: alert.Tags{"api:" + api}}
			outcome, err := p.Run(t.Context(), a)
			if err != nil || outcome.Status != pipeline.Posted {
				t.Fatalf("got %q, %v", outcome.Status, err)
			}
			titles := map[string]string{"v1": datadog.v1.Title, "v2": datadog.v2.Headline()}
			for name, title := range titles {
				if want := name == api; (title != "") != want {
					t.Errorf("the API %s took %q", name, title)
				}
			}
			if titles[api] != c.title || told != c.told {
				t.Errorf("posted %q, and the step after it knows %q", titles[api], told)
			}

			dry, err := p.DryRun(t.Context(), a)
			if err != nil {
				t.Fatal(err)
			}
			body, err := json.Marshal(dry.Event)
			if err != nil || !strings.HasPrefix(string(body), c.body) {
				t.Errorf("a dry run shows %s, %v", body, err)
			}
		})
	}
}
