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

	"github.com/aws/aws-sdk-go-v2/service/lambda"

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

// A call that took effect is not repeated for what its response lacks.
func TestAction_Done(t *testing.T) {
	cutOff := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		_, _ = w.Write([]byte(`{"key":`))
	}
	answers := func(contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			_, _ = w.Write([]byte(body))
		}
	}
	const keep = `, keep: {ticket: "{{ .steps.open.body.key }}"}`
	const notAnObject = "is not a JSON object with title, facts, links and data"
	for name, c := range map[string]struct {
		service  http.HandlerFunc // nil for the function
		function string
		keep     string
		warning  string
		again    bool // It needs the response, and repeats the call with the same key.
	}{
		"http: no JSON":                {answers("application/json", "ok"), "", "", "cannot read the response of", false},
		"http: no JSON, to be kept":    {answers("application/json", "ok"), "", keep, "", true},
		"http: neither JSON nor text":  {answers("application/octet-stream", "\xff\xfe"), "", "", "cannot read the response of", false},
		"http: too large":              {answers("text/plain", strings.Repeat("x", 300<<10)), "", "", "larger than 256 KiB", false},
		"http: cut off":                {cutOff, "", "", "cannot read the response of", false},
		"http: cut off, to be kept":    {cutOff, "", keep, "", true},
		"lambda: no response":          {nil, "", "", "", false},
		"lambda: null":                 {nil, "null", "", "", false},
		"lambda: an object of its own": {nil, `{"restarted":true}`, "", "", false},
		"lambda: a text":               {nil, `"restarted"`, "", notAnObject, false},
		"lambda: too large":            {nil, `"` + strings.Repeat("x", 300<<10) + `"`, "", "larger than 256 KiB", false},
	} {
		t.Run(name, func(t *testing.T) {
			e, calls, uses := newEnv(t), 0, "uses: lambda, with: {function: restart}"
			if c.service != nil {
				service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { calls++; c.service(w, r) }))
				defer service.Close()
				uses = "uses: http, with: {url: " + service.URL + ", method: POST}"
			}
			invoke := func(context.Context, *lambda.InvokeInput, ...func(*lambda.Options)) (*lambda.InvokeOutput, error) {
				calls++
				return &lambda.InvokeOutput{Payload: []byte(c.function)}, nil
			}
			var err error
			e.Playbooks, err = playbook.Load("done.yaml", []byte("playbooks: [{name: shop, then: [{name: open, once: cycle, "+uses+c.keep+"}]}]"),
				registry.Kinds(registry.Deps{HTTP: httpapi.NewLocalClient(), Invoke: invoke}))
			if err != nil {
				t.Fatal(err)
			}
			warned := fmt.Sprint(e.run(opening, pipeline.Posted).Warnings)
			for _, m := range e.sent {
				e.redeliver(m, "")
			}
			e.run(again, pipeline.Posted) // Another alert of the cycle does it no second time.
			want := map[bool]int{false: 1, true: 2}[c.again]
			if calls != want || len(e.sent) != want-1 || !strings.Contains(warned, c.warning) || (warned == "[]") != (c.warning == "") {
				t.Errorf("called %d times, %d messages, warned %s", calls, len(e.sent), warned)
			}
		})
	}
}
