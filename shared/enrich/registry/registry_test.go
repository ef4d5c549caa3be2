package registry

import (
	"context"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/enrich"
	"boomerang/shared/site"
)

var _ Datadog = (*datadog.Client)(nil)

var errAsked = errors.New("asked")

// asked fails every read, which shows that a step came as far as to ask.
type asked struct{}

func (asked) Monitor(context.Context, int64, datadog.MonitorQuery) (datadog.Monitor, error) {
	return datadog.Monitor{}, errAsked
}

func (asked) Events(context.Context, datadog.EventQuery) ([]datadog.Event, error) {
	return nil, errAsked
}

var deps = Deps{Datadog: asked{}, Site: site.US1}

func TestDefault_has_the_two_steps_of_every_alert(t *testing.T) {
	var names []string
	for _, step := range Default(deps) {
		names = append(names, step.Name)
		if _, err := step.Step.Enrich(t.Context(), alert.Alert{MonitorID: "7"}); !errors.Is(err, errAsked) {
			t.Errorf("step %s did not ask Datadog: %v", step.Name, err)
		}
	}
	if diff := cmp.Diff([]string{"monitor", "related_events"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
}

func TestNew_makes_every_step_by_its_name(t *testing.T) {
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			step, err := New(name, deps)
			if err != nil {
				t.Fatal(err)
			}
			if step.Name != name || step.Step == nil {
				t.Errorf("got %+v", step)
			}
		})
	}
}

func TestNew_names_the_steps_there_are(t *testing.T) {
	step, err := New("monitors", deps)
	if want := `there is no step "monitors": use one of monitor, related_events`; err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if step != (enrich.Named{}) {
		t.Errorf("got a step, %+v", step)
	}
}
