package functions_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/awstest"
)

const deskPlaybooks = `
playbooks:
  - name: desk
    steps: [{uses: monitor}]
` + deskActions

const deskActions = `    then:
      - name: open
        uses: lambda
        on: failure
        once: cycle
        timeout: 5s
        with: {function: desk, with: {do: open, title: "{{ .alert.title }}"}}
        keep: {ticket: "{{ .steps.open.data.key }}"}
      - name: close
        uses: lambda
        on: recovery
        timeout: 5s
        with: {function: desk, with: {do: close, ticket: "{{ .cycle.kept.ticket }}"}}
`

// desk is a user's function that opens a ticket for each idempotency key, and closes tickets.
type desk struct {
	variables map[string]string // of the functions that call it

	mu      sync.Mutex
	down    bool
	effect  awstest.Effect // on all calls, or nil
	before  func()         // called before and after a ticket is opened
	after   func()
	named   string            // what the numbers of tickets begin with
	faults  float64           // the share of calls that fail
	tickets map[string]string // numbers by key
	opened  map[string]int    // tickets by alert
	asked   map[string]string // what was sent, by key
	closed  []string
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	return newDeskOf(t, deskPlaybooks)
}

// newDeskOf returns a desk that the actions of playbooks call.
func newDeskOf(t *testing.T, playbooks string) *desk {
	t.Helper()
	d := &desk{named: "OPS-", tickets: map[string]string{}, opened: map[string]int{}, asked: map[string]string{}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		effect := d.effect
		d.mu.Unlock()
		if effect == nil {
			d.serve(t, w, r)
			return
		}
		body, _ := io.ReadAll(r.Body) // So that the server sees when the caller has gone.
		r.Body = io.NopCloser(bytes.NewReader(body))
		effect(w, r, func() awstest.Response {
			answer := httptest.NewRecorder()
			d.serve(t, answer, r)
			return awstest.Response{Status: answer.Code, Header: answer.Header(), Body: answer.Body.Bytes()}
		})
	}))
	t.Cleanup(server.Close)
	d.variables = map[string]string{"PLAYBOOKS_FILE": writePlaybooks(t, playbooks), "AWS_ENDPOINT_URL_LAMBDA": server.URL, "AWS_MAX_ATTEMPTS": "1", "INTAKE": "direct"}
	return d
}

func (d *desk) serve(t *testing.T, w http.ResponseWriter, r *http.Request) {
	var event struct {
		Alert struct {
			ID string `json:"id"`
		} `json:"alert"`
		With map[string]string `json:"with"`
		Key  string            `json:"idempotency_key"`
	}
	if err := json.NewDecoder(r.Body).Decode(&event); err != nil || event.Key == "" {
		t.Errorf("the function got %+v, %v", event, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	sent := fmt.Sprint(event.With)
	if known, ok := d.asked[event.Key]; ok && known != sent {
		t.Errorf("an attempt sends %s, and another %s", known, sent)
	}
	d.asked[event.Key] = sent
	if d.down || rand.Float64() < d.faults { //nolint:gosec // Chance is enough.
		w.Header().Set("X-Amzn-ErrorType", "ServiceException")
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	if d.before != nil {
		d.before()
	}
	switch event.With["do"] {
	case "open":
		if d.tickets[event.Key] == "" {
			d.tickets[event.Key] = fmt.Sprint(d.named, len(d.tickets)+1)
			d.opened[event.Alert.ID]++
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]string{"key": d.tickets[event.Key]}})
	case "close":
		d.closed = append(d.closed, event.With["ticket"])
		_, _ = fmt.Fprint(w, `{"data": {"key": "closed"}}`)
	}
	if d.after != nil {
		d.after()
	}
	if rand.Float64() < d.faults { //nolint:gosec // Chance is enough.
		panic(http.ErrAbortHandler) // The answer is lost.
	}
}

func (d *desk) set(down bool, faults float64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.down, d.faults, d.effect = down, faults, nil
}

// mustHave fails unless there is one ticket, and it was closed so many times.
func (d *desk) mustHave(t *testing.T, closed ...string) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.tickets) != 1 || !slices.Equal(d.closed, closed) {
		t.Errorf("tickets %v, closed %q", d.tickets, d.closed)
	}
}

// beginDesk returns a stack whose functions call a desk.
func beginDesk(t *testing.T) (d *desk, s *e2e.Stack, webhook, worker *e2e.Instance) {
	t.Helper()
	d = newDesk(t)
	s, webhook, worker = beginWith(t, d.variables)
	return d, s, webhook, worker
}

// killAtTicket kills an instance that has a ticket opened or closed, before that or after it.
func (d *desk) killAtTicket(victim *e2e.Instance, after bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if after {
		d.after = victim.Kill
	} else {
		d.before = victim.Kill
	}
}

// spare stops killing instances at tickets.
func (d *desk) spare() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.before, d.after = nil, nil
}
