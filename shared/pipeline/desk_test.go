package pipeline_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/pipeline"
)

// desk is a service of tickets, one for each idempotency key.
type desk struct {
	mu      sync.Mutex
	fails   []error           // of the next calls; nil for none
	tickets map[string]string // numbers by key
	calls   []string          // what was asked for
	keys    []string
	during  func() // called in each call
	partial error  // of each finding
}

func (d *desk) call(key, text string) (string, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls, d.keys = append(d.calls, text), append(d.keys, key)
	if d.during != nil {
		d.during()
	}
	if len(d.fails) > 0 {
		err := d.fails[0]
		if d.fails = d.fails[1:]; err != nil {
			return "", err
		}
	}
	if !strings.HasPrefix(text, "open") {
		return "", nil
	}
	if d.tickets[key] == "" {
		d.tickets[key] = fmt.Sprintf("OPS-%d", len(d.tickets)+1)
	}
	return d.tickets[key], nil
}

type deskData struct {
	Number string `json:"number"`
}

const deskBook = `
playbooks:
  - name: shop
    steps: [{uses: find}]
    event: {title: "{{ .alert.title }} {{ .cycle.kept.ticket }}"}
    then:
      - name: open
        uses: desk
        on: failure
        once: cycle
        with: {text: "open for {{ .alert.title }}"}
        keep: {ticket: "{{ .steps.open.number }}"}
      - {name: close, uses: desk, on: recovery, with: {text: "close {{ .cycle.kept.ticket }}"}}
`

// conditionalBook opens no ticket for some alerts.
var conditionalBook = strings.Replace(deskBook, "once: cycle", `once: cycle

        when: alert.title != "no ticket"`, 1)

// newDeskEnv is an environment whose playbook opens a ticket and closes it.
func newDeskEnv(t *testing.T, book string) (*env, *desk) {
	e, d := newEnv(t), &desk{tickets: map[string]string{}}
	e.load(book, enrich.KindOf(enrich.Kind{Name: "desk", Data: deskData{}}, func(w withText, _ time.Duration) enrich.Step {
		return enrich.StepFunc(func(ctx context.Context, _ alert.Alert) (enrich.Finding, error) {
			number, err := d.call(enrich.IdempotencyKey(ctx), w.Text)
			return enrich.Finding{Data: deskData{number}, PartialReason: d.partial}, err
		})
	}))
	return e, d
}

// withDesk tests such an environment in simulated time.
func withDesk(t *testing.T, book string, test func(e *env, d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { test(newDeskEnv(t, book)) })
}

func ofCycle(id string, transition alert.Transition) alert.Alert {
	return alert.Alert{ID: id, OrgID: "1", CycleKey: "c", Title: "x" + id, Transition: transition}
}

// deliver delivers all messages in the queue once, and those that fail again, until the
// queue is empty. Each must end well in the end.
func (e *env) drain(d *desk) {
	e.Helper()
	for round := 0; len(e.sent) > 0; round++ {
		messages := e.sent
		e.sent, e.delays = nil, nil
		for _, m := range messages {
			if _, err := pipeline.New(e.Config).Redeliver(e.Context(), m); err != nil {
				e.sent = append(e.sent, m)
			}
		}
		if time.Sleep(pipeline.VisibilityTimeout); round > pipeline.MaxReceives {
			e.Fatalf("the queue still has %d messages, such as %+v", len(e.sent), e.sent[0])
		}
	}
}

func (e *env) wantCalls(d *desk, want ...string) {
	e.Helper()
	if diff := cmp.Diff(want, d.calls); diff != "" {
		e.Errorf("calls (-want +got):\n%s", diff)
	}
}
