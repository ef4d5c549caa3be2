package pipeline_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"boomerang/shared/enrich/httpapi"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/queue"
)

const secretOfDesk = "s3cr3t-of-desk"

type deskSecrets struct{}

func (deskSecrets) Text(context.Context, string) (string, error) { return secretOfDesk, nil }

// TestAction_HTTP has the step http open a ticket with a service that fails in several ways,
// and close it. The service opens one ticket for each idempotency key.
func TestAction_HTTP(t *testing.T) {
	fails := []func(w http.ResponseWriter){
		func(w http.ResponseWriter) { w.WriteHeader(http.StatusServiceUnavailable) },
		func(w http.ResponseWriter) {
			w.Header().Set("Retry-After", "60")
			w.WriteHeader(http.StatusTooManyRequests)
		},
		func(http.ResponseWriter) { panic(http.ErrAbortHandler) },
	}
	var mu sync.Mutex
	tickets, bodies, closed := map[string]string{}, map[string]bool{}, []string{}
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		body, _ := io.ReadAll(r.Body)
		if r.Header.Get("Authorization") != "Bearer "+secretOfDesk {
			t.Errorf("the secret is %q", r.Header.Get("Authorization"))
		}
		key := r.Header.Get("Idempotency-Key")
		if ticket, ok := strings.CutSuffix(r.URL.Path, "/close"); ok {
			closed = append(closed, ticket)
			w.WriteHeader(http.StatusNoContent)
			return
		}
		if tickets[key] == "" { // It opens the ticket, and its answer gets lost.
			tickets[key] = fmt.Sprintf("OPS-%d", len(tickets)+1)
		}
		bodies[string(body)] = true
		if len(fails) > 0 {
			fail := fails[0]
			fails = fails[1:]
			fail(w)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		_ = json.NewEncoder(w).Encode(map[string]string{"key": tickets[key]})
	}))
	defer service.Close()

	e := newEnv(t)
	kinds := registry.Kinds(registry.Deps{HTTP: httpapi.NewLocalClient(), Secrets: deskSecrets{}})
	var err error
	e.Playbooks, err = playbook.Load("desk.yaml", []byte(`
playbooks:
  - name: shop
    then:
      - name: open
        uses: http
        on: failure
        once: cycle
        with:
          url: `+service.URL+`/issues
          secret: {name: desk}
          body: |
            {"title": "{{ .alert.title }}"}
        keep: {ticket: "{{ .steps.open.body.key }}"}
      - name: close
        uses: http
        on: recovery
        with: {url: "`+service.URL+`/{{ .cycle.kept.ticket }}/close", method: POST, secret: {name: desk}}
`), kinds)
	if err != nil {
		t.Fatal(err)
	}
	a := opening
	a.Title = "disk \"/\" is full\n{{ .alert.id }} é"
	e.run(a, pipeline.Posted)
	e.run(closing, pipeline.Posted)
	for _, m := range e.sent {
		body, err := queue.Encode(m)
		if err != nil || strings.Contains(body, secretOfDesk) {
			t.Errorf("%v: %s", err, body)
		}
	}
	opens, closes := e.sent[0], e.sent[1]
	e.redeliver(opens, "")
	e.redeliver(closes, "")
	e.redeliver(opens, pipeline.Acted) // For this header, net/http itself repeats what a closed connection lost.
	e.redeliver(closes, pipeline.Acted)
	e.redeliver(closes, pipeline.Acted)
	if len(tickets) != 1 || len(bodies) != 1 || len(closed) != 1 || closed[0] != "/OPS-1" || len(e.events) != 2 {
		t.Errorf("tickets %v, bodies %v, closed %q, %d events", tickets, bodies, closed, len(e.events))
	}
}
