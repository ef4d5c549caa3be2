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
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/functions/internal/e2e"
	"boomerang/shared/awstest"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/pipeline"
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

var (
	opens  = e2e.Alert{ID: 1, Cycle: "cycle-1"}
	closes = e2e.Alert{ID: 2, Cycle: "cycle-1", Transition: "Recovered"}
)

// TestAction_Waits has a ticket opened and closed by actions that wait in the queue.
func TestAction_Waits(t *testing.T) {
	d, s, webhook, worker := beginDesk(t)
	d.set(true, 0)
	mustDeliver(t, webhook, opens, "posted")
	mustDeliver(t, webhook, closes, "posted")
	if n := s.Length(s.Queue); n != 2 {
		t.Fatalf("%d messages wait; the webhook wrote %s", n, webhook.Output())
	}
	if b := s.Poll(worker, limit); b.Failed == 0 {
		t.Errorf("while the function fails: %+v", b)
	}
	mustDeliver(t, webhook, opens, "duplicate")
	d.set(false, 0)
	mustDrain(t, s, worker)
	d.mustHave(t, "OPS-1")
	mustPost(t, s, map[int64]int{1: 1, 2: 1})
	mustDeliver(t, webhook, e2e.Alert{ID: 3, Cycle: "cycle-1", Transition: "Renotify"}, "posted")
	d.mustHave(t, "OPS-1")
	logs := webhook.Output() + worker.Output()
	for _, want := range []string{`"actions":[{"playbook":"desk","step":"open","result":"queued"`, `"result":"done"`, `"outcome":"acted"`, "it waits for ticket"} {
		if !strings.Contains(logs, want) {
			t.Errorf("%s is in no log: %s", want, logs)
		}
	}
	if strings.Contains(logs, "Checkout p95 latency is high") {
		t.Errorf("the alert's words are in a log: %s", logs)
	}
}

// TestAction_AlertWaits has the trigger wait in the queue when its recovery comes.
func TestAction_AlertWaits(t *testing.T) {
	d, s, webhook, worker := beginDesk(t)
	inject(t, s, isPost, fakedatadog.Status(503), 0)
	mustDeliver(t, webhook, opens, "queued")
	s.ClearFaults()
	mustDeliver(t, webhook, closes, "posted")
	d.mustNothing(t)
	mustDrain(t, s, worker)
	d.mustHave(t, "OPS-1")
	mustPost(t, s, map[int64]int{1: 1, 2: 1})
}

func (d *desk) mustNothing(t *testing.T) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.tickets)+len(d.closed) > 0 {
		t.Errorf("tickets %v, closed %q", d.tickets, d.closed)
	}
}

// TestAction_HostileText has a service answer with text that mentions, fills templates and has
// control characters. The recovery's action sends it as it came, and the event shows it.
func TestAction_HostileText(t *testing.T) {
	const hostile = "@slack-all @webhook-boomerang {{ .alert.title }} ${x}: \"a\"\n- b: *c\t\x00\x1b[31m\u202e%%%\n#"
	d := newDeskOf(t, strings.Replace(deskPlaybooks, "    then:", "    event: {text: \"kept: {{ .cycle.kept.ticket }}\", tags: [\"ticket:{{ .cycle.kept.ticket }}\"]}\n    then:", 1))
	d.named = hostile
	s, webhook, worker := beginWith(t, d.variables)
	d.set(true, 0)
	mustDeliver(t, webhook, opens, "posted")
	d.set(false, 0)
	mustDrain(t, s, worker)
	mustDeliver(t, webhook, closes, "posted")
	mustDrain(t, s, worker)
	d.mustHave(t, strings.TrimSpace(hostile)+"1")
	text := s.Datadog.Posted()[1].Event.Text
	if _, shown, ok := strings.Cut(text, "kept: "); !ok || !strings.Contains(shown, "{{ .alert.title }}") || strings.Contains(text, "@slack-all") || strings.ContainsAny(text, "\x00\x1b\u202e") {
		t.Errorf("the event says %q", text)
	}
	if logs := webhook.Output() + worker.Output(); strings.Contains(logs, "slack-all") {
		t.Errorf("the text is in a log: %s", logs)
	}
	mustLogJSON(t, worker)
}

// TestAction_DeadLetter gives an action up after its tries, and redrives it.
func TestAction_DeadLetter(t *testing.T) {
	d, s, webhook, worker := beginDesk(t)
	d.set(true, 0)
	mustDeliver(t, webhook, opens, "posted")
	if err := s.Drain(worker, limit, timeout); err != nil {
		t.Fatal(err)
	}
	dead := s.Take(s.DeadLetters)
	if len(dead) != 1 || !strings.HasPrefix(reason(dead[0]), "the step open of the playbook desk: AWS Lambda could not run the function desk") {
		t.Fatalf("%d dead letters; the worker wrote %s", len(dead), worker.Output())
	}
	d.set(false, 0)
	mustDeliver(t, webhook, closes, "posted") // It waits no longer.
	d.mu.Lock()
	if !slices.Equal(d.closed, []string{""}) {
		t.Errorf("closed %q", d.closed)
	}
	d.closed = nil
	d.mu.Unlock()
	s.Enqueue(*dead[0].Body)
	mustDrain(t, s, worker)
	d.mustHave(t)
	s.Enqueue(*dead[0].Body)
	mustDrain(t, s, worker)
	d.mustHave(t)
	mustPost(t, s, map[int64]int{1: 1, 2: 1})
}

// TestAction_Copies delivers one alert to two instances at once.
func TestAction_Copies(t *testing.T) {
	d, s, webhook, worker := beginDesk(t)
	other := s.Start(e2e.Webhook, d.variables)
	whenLedgerResponds(t, []*e2e.Instance{webhook, other, worker}, func(round int64) string {
		a := e2e.Alert{ID: 1 + round}
		var both sync.WaitGroup
		for _, f := range []*e2e.Instance{webhook, other} {
			both.Go(func() {
				if r, err := f.Deliver(a, limit); err != nil || r.StatusCode > 202 {
					t.Errorf("%d %s, %v", r.StatusCode, r.Body, err)
				}
			})
		}
		both.Wait()
		mustDrain(t, s, worker)
		d.mu.Lock()
		defer d.mu.Unlock()
		return cmp.Diff(int(round)+1, len(d.tickets)) + cmp.Diff(map[int64]int{a.ID: 1}, postedSince(s, a.ID))
	})
}

// actionCrashes are before and after the ticket, and before and after as many calls of each of
// the ledger's operations.
func actionCrashes(ledger map[string]int) map[string]crash {
	points := map[string]crash{"before the ticket": {}, "after the ticket": {after: true}}
	for operation, calls := range ledger {
		for nth := 1; nth <= calls; nth++ {
			points[fmt.Sprint("before ", operation, " ", nth)] = crash{service: "DynamoDB", operation: operation, nth: nth}
			points[fmt.Sprint("after ", operation, " ", nth)] = crash{service: "DynamoDB", operation: operation, nth: nth, after: true}
		}
	}
	return points
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

// TestAction_Crash kills the webhook at every call that it makes about an alert with an
// action. The alert comes again, and has one event and one ticket, which its recovery closes.
func TestAction_Crash(t *testing.T) {
	t.Parallel()
	points := actionCrashes(map[string]int{"PutItem": 4, "UpdateItem": 4, "GetItem": 1})
	points["before the post"], points["after the post"] = crashes["before the post"], crashes["after the post"]
	points["before the queue"], points["after the queue"] = queueCrashes["before the queue"], queueCrashes["after the queue"]
	for name, c := range points {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			s, webhook := c.startWith(t, e2e.Webhook, d.variables, nil)
			d.set(c.service == "SQS", 0) // The queue is for what fails.
			if c.service == "" && c.datadog == "" {
				d.killAtTicket(webhook, c.after)
			}
			if r, err := webhook.Deliver(opens, pipeline.RunTime); err == nil {
				t.Fatalf("it was not killed, and answered %d %s", r.StatusCode, r.Body)
			}
			s.ClearFaults()
			d.set(false, 0)
			d.spare()
			again, worker := s.Start(e2e.Webhook, d.variables), s.Start(e2e.Redeliver, d.variables)
			if code, status := deliver(t, again, opens); code > 202 {
				t.Fatalf("the repetition was answered %d %s", code, status)
			}
			mustDrain(t, s, worker)
			mustDeliver(t, again, closes, "posted")
			mustDrain(t, s, worker)
			d.mustHave(t, "OPS-1")
			mustPost(t, s, map[int64]int{1: 1, 2: 1})
		})
	}
}

// TestAction_WorkerCrash kills the worker at every call that it makes about an action.
func TestAction_WorkerCrash(t *testing.T) {
	t.Parallel()
	for name, c := range actionCrashes(map[string]int{"PutItem": 2, "UpdateItem": 1}) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			s, worker := c.startWith(t, e2e.Redeliver, d.variables, func(s *e2e.Stack) {
				d.set(true, 0)
				mustDeliver(t, s.Start(e2e.Webhook, d.variables), opens, "posted")
				d.set(false, 0)
			})
			if c.service == "" {
				d.killAtTicket(worker, c.after)
			}
			if b := s.Poll(worker, pipeline.RunTime); b.Err == nil {
				t.Fatalf("it was not killed: %+v, it wrote %s", b, worker.Output())
			}
			s.ClearFaults()
			d.spare()
			again := s.Start(e2e.Redeliver, d.variables)
			mustDrain(t, s, again)
			mustDeliver(t, s.Start(e2e.Webhook, d.variables), closes, "posted")
			mustDrain(t, s, again)
			d.mustHave(t, "OPS-1")
			mustPost(t, s, map[int64]int{1: 1, 2: 1})
		})
	}
}
