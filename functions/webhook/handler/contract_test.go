package handler_test

import (
	"context"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/fakedatadog"
	"boomerang/shared/pipeline"
	"boomerang/shared/queue"
)

func TestHandler_posts_the_enriched_event(t *testing.T) {
	w := newWorld(t)
	r := handle(t, w.handler(), post(torqBody))
	if r.StatusCode != http.StatusOK || r.Headers["content-type"] != "application/json" {
		t.Fatalf("got %d %v %s", r.StatusCode, r.Headers, r.Body)
	}
	got := fields(t, r.Body)
	posted := w.datadog.Posted()
	if len(posted) != 1 {
		t.Fatalf("%d events were posted", len(posted))
	}
	e := got["event"].(map[string]any)
	if got["status"] != "posted" || got["playbook"] != "default" || e["id"] == "" || !strings.HasPrefix(e["url"].(string), "https://") {
		t.Errorf("got %s", r.Body)
	}
	steps := got["steps"].([]any)
	if len(steps) != 2 {
		t.Fatalf("got %d steps: %s", len(steps), r.Body)
	}
	for i, name := range []string{"monitor", "related_events"} {
		s := steps[i].(map[string]any)
		if s["name"] != name || s["status"] == "" || s["duration_ms"] == nil {
			t.Errorf("step %d is %v", i, s)
		}
	}
}

func TestHandler_answers_a_repeated_delivery_with_the_first_event(t *testing.T) {
	w := newWorld(t)
	h := w.handler()
	first := fields(t, handle(t, h, post(torqBody)).Body)
	r := handle(t, h, post(torqBody))
	second := fields(t, r.Body)
	if r.StatusCode != http.StatusOK || second["status"] != "duplicate" {
		t.Fatalf("got %d %s", r.StatusCode, r.Body)
	}
	if first["event"].(map[string]any)["id"] != second["event"].(map[string]any)["id"] {
		t.Errorf("another event: %v and %v", first["event"], second["event"])
	}
	if n := len(w.datadog.Posted()); n != 1 {
		t.Errorf("%d events were posted", n)
	}
}

func TestHandler_dry_run_shows_the_event_and_posts_nothing(t *testing.T) {
	w := newWorld(t)
	h := w.handler()
	r := handle(t, h, with(post(torqBody), "x-dry-run", "true"))
	got := fields(t, r.Body)
	if r.StatusCode != http.StatusOK || got["status"] != "dry_run" || got["steps"] == nil {
		t.Fatalf("got %d %s", r.StatusCode, r.Body)
	}
	e := got["event"].(map[string]any)
	if e["title"] != "[P1] [Triggered] Checkout is slow" || e["aggregation_key"] != "c-1" || e["alert_type"] != "error" {
		t.Errorf("got %v", e)
	}
	if n := len(w.datadog.Posted()); n != 0 {
		t.Errorf("%d events were posted", n)
	}
	// A dry run leaves no trace: the alert itself still goes through.
	if got := fields(t, handle(t, h, post(torqBody)).Body); got["status"] != "posted" {
		t.Errorf("after the dry run: %v", got)
	}
}

func TestHandler_ignores_our_own_event(t *testing.T) {
	w := newWorld(t)
	r := handle(t, w.handler(), post(`{"id":"1","title":"x","tags":"env:prod,boomerang,playbook:default"}`))
	got := fields(t, r.Body)
	if r.StatusCode != http.StatusOK || got["status"] != "ignored" || got["reason"] == "" {
		t.Errorf("got %d %s", r.StatusCode, r.Body)
	}
	if n := len(w.datadog.Posted()); n != 0 {
		t.Errorf("%d events were posted", n)
	}
}

func TestHandler_queues_what_cannot_be_finished(t *testing.T) {
	for _, misbehaviour := range []fakedatadog.Fault{"status:500", "status:503", "rate-limited", "reset", "forbidden", "status:400"} {
		t.Run(string(misbehaviour), func(t *testing.T) {
			w := newWorld(t)
			kept := queue.NewMemory(nil)
			w.queue = kept
			w.misbehave("events.create", misbehaviour)
			r := handle(t, w.handler(), post(torqBody))
			if r.StatusCode != http.StatusAccepted || r.Body != `{"status":"queued"}` {
				t.Fatalf("got %d %s", r.StatusCode, r.Body)
			}
			if kept.Len() != 1 {
				t.Errorf("the queue holds %d messages", kept.Len())
			}
		})
	}
}

func TestHandler_queues_what_another_run_works_on(t *testing.T) {
	w := newWorld(t)
	kept := queue.NewMemory(nil)
	w.queue = kept
	a, err := alert.Decode([]byte(torqBody))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.ledger.Claim(context.Background(), a.Key(), time.Now().Add(10*time.Second)); err != nil {
		t.Fatal(err)
	}
	r := handle(t, w.handler(), post(torqBody))
	if r.StatusCode != http.StatusAccepted || len(w.datadog.Posted()) != 0 || kept.Len() != 1 {
		t.Errorf("got %d %s, %d posted, %d queued", r.StatusCode, r.Body, len(w.datadog.Posted()), kept.Len())
	}
}

func TestHandler_asks_Datadog_to_come_again_when_nothing_works(t *testing.T) {
	for name, kept := range map[string]pipeline.Queue{"no queue": nil, "the queue is down": brokenQueue{}} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.queue = kept
			w.misbehave("events.create", "status:500")
			h := w.handler()
			r := handle(t, h, post(torqBody))
			mustBeProblem(t, r, http.StatusServiceUnavailable)
			// What Datadog sends again must not be taken for a duplicate.
			w.datadog.ClearFaults()
			if got := fields(t, handle(t, h, post(torqBody)).Body); got["status"] != "posted" {
				t.Errorf("the second delivery: %v", got)
			}
		})
	}
}

type brokenQueue struct{}

func (brokenQueue) Send(context.Context, queue.Message, time.Duration) error {
	return errors.New("connection refused")
}

func TestHandler_lets_nobody_in_without_the_token(t *testing.T) {
	basic := func(user, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	bare := without(post(torqBody), "x-webhook-token")
	for name, c := range map[string]struct {
		request events.LambdaFunctionURLRequest
		want    int
	}{
		"our header":                {with(bare, "x-webhook-token", goodToken), 200},
		"our header in other case":  {with(bare, "X-Webhook-Token", goodToken), 200},
		"a bearer token":            {with(bare, "authorization", "Bearer "+goodToken), 200},
		"a bearer in lower case":    {with(bare, "authorization", "bearer "+goodToken), 200},
		"the basic password":        {with(bare, "authorization", basic("datadog", goodToken)), 200},
		"the basic password alone":  {with(bare, "authorization", basic("", goodToken)), 200},
		"nothing":                   {bare, 401},
		"an empty header":           {with(bare, "x-webhook-token", ""), 401},
		"a wrong token":             {with(bare, "x-webhook-token", goodToken+"x"), 401},
		"the beginning of it":       {with(bare, "x-webhook-token", goodToken[:5]), 401},
		"a wrong bearer":            {with(bare, "authorization", "Bearer x"), 401},
		"an empty bearer":           {with(bare, "authorization", "Bearer"), 401},
		"the token as basic user":   {with(bare, "authorization", basic(goodToken, "")), 401},
		"basic that is not base64":  {with(bare, "authorization", "Basic !"), 401},
		"another scheme":            {with(bare, "authorization", "Digest "+goodToken), 401},
		"a wrong token and no JSON": {with(post("{"), "x-webhook-token", "x"), 401},
	} {
		t.Run(name, func(t *testing.T) {
			r := handle(t, newWorld(t).handler(), c.request)
			if r.StatusCode != c.want {
				t.Fatalf("got %d %s, want %d", r.StatusCode, r.Body, c.want)
			}
			if c.want == 401 && r.Body != "" {
				t.Errorf("a stranger was told %q", r.Body)
			}
		})
	}
}

func TestHandler_does_not_turn_away_what_it_cannot_check(t *testing.T) {
	w := newWorld(t)
	w.tokens = unknowable{}
	mustBeProblem(t, handle(t, w.handler(), post(torqBody)), http.StatusServiceUnavailable)
}

func mustBeProblem(t *testing.T, r events.LambdaFunctionURLResponse, status int) map[string]any {
	t.Helper()
	if r.StatusCode != status || r.Headers["content-type"] != "application/problem+json" {
		t.Fatalf("got %d %v %s, want a problem of status %d", r.StatusCode, r.Headers, r.Body, status)
	}
	p := fields(t, r.Body)
	if p["type"] != "about:blank" || p["title"] != http.StatusText(status) || p["status"] != float64(status) || p["detail"] == "" {
		t.Errorf("not an RFC 9457 problem: %s", r.Body)
	}
	return p
}

func TestHandler_names_what_is_wrong_with_a_request(t *testing.T) {
	form := func(body string) events.LambdaFunctionURLRequest {
		return with(post(body), "content-type", "application/x-www-form-urlencoded")
	}
	encoded := func(body string) events.LambdaFunctionURLRequest {
		r := post(base64.StdEncoding.EncodeToString([]byte(body)))
		r.IsBase64Encoded = true
		return r
	}
	notBase64 := post("%")
	notBase64.IsBase64Encoded = true
	put := post(torqBody)
	put.RequestContext.HTTP.Method = http.MethodPut
	atLimit := `{"id":"1","x":"` + strings.Repeat("x", 256<<10-17) + `"}`

	for name, c := range map[string]struct {
		request events.LambdaFunctionURLRequest
		want    int
	}{
		"JSON with a charset":           {with(post(torqBody), "content-type", "application/json; charset=UTF-8"), 200},
		"JSON of a vendor":              {with(post(torqBody), "content-type", "application/vnd.datadog+json"), 200},
		"no media type":                 {without(post(torqBody), "content-type"), 200},
		"base64":                        {encoded(torqBody), 200},
		"a form with payload":           {form("payload=" + url.QueryEscape(torqBody)), 200},
		"a form with a field per key":   {form("id=1&title=x&tags=a%3Ab%2Cc"), 200},
		"an id alone":                   {post(`{"id":"1"}`), 200},
		"a title alone":                 {post(`{"title":"x"}`), 200},
		"a body alone":                  {post(`{"body":"x"}`), 200},
		"a date that is none":           {post(`{"id":"1","date":"yesterday"}`), 200},
		"a body at the limit":           {post(atLimit), 200},
		"a GET":                         {get("/"), 405},
		"a PUT":                         {put, 405},
		"a body over the limit":         {post(atLimit + " "), 413},
		"a base64 body over the limit":  {encoded(atLimit + " "), 413},
		"plain text":                    {with(post(torqBody), "content-type", "text/plain"), 415},
		"an unreadable media type":      {with(post(torqBody), "content-type", "application/json; ="), 415},
		"another charset":               {with(post(torqBody), "content-type", "application/json; charset=utf-16"), 415},
		"no body":                       {post(""), 400},
		"half a JSON":                   {post(`{"id":`), 400},
		"a JSON list":                   {post(`[]`), 400},
		"two JSON values":               {post(`{"id":"1"}{}`), 400},
		"not base64":                    {notBase64, 400},
		"an empty object":               {post(`{}`), 422},
		"only unresolved variables":     {post(`{"id":"$ID","title":"$EVENT_TITLE","body":"$EVENT_MSG"}`), 422},
		"neither id nor title nor body": {post(`{"tags":"a:b"}`), 422},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			r := handle(t, w.handler(), c.request)
			if c.want == 200 {
				if r.StatusCode != 200 {
					t.Fatalf("got %d %s", r.StatusCode, r.Body)
				}
				return
			}
			p := mustBeProblem(t, r, c.want)
			if c.want == 405 && r.Headers["allow"] != "POST" {
				t.Errorf("405 without the allowed method: %v", r.Headers)
			}
			if c.want == 422 {
				var named []string
				for _, e := range p["errors"].([]any) {
					named = append(named, e.(map[string]any)["field"].(string))
				}
				if got := strings.Join(named, " "); got != "id title body" {
					t.Errorf("the bad fields named are %q", got)
				}
			}
			if n := len(w.datadog.Posted()); n != 0 {
				t.Errorf("%d events were posted", n)
			}
		})
	}
}

func TestHandler_tells_anyone_that_it_is_up(t *testing.T) {
	for _, path := range []string{"/health", "/health/"} {
		if r := handle(t, newWorld(t).handler(), get(path)); r.StatusCode != 200 || fields(t, r.Body)["status"] != "ok" {
			t.Errorf("%s: got %d %s", path, r.StatusCode, r.Body)
		}
	}
}

func TestHandler_posts_without_the_steps_that_fail(t *testing.T) {
	w := newWorld(t)
	w.misbehave("monitor.get", "status:500")
	w.misbehave("events.list", fakedatadog.Corrupt)
	r := handle(t, w.handler(), post(torqBody))
	if r.StatusCode != http.StatusOK {
		t.Fatalf("got %d %s", r.StatusCode, r.Body)
	}
	posted := w.datadog.Posted()[0].Event
	if !alert.Tags(posted.Tags).Has("enrichment:none") {
		t.Errorf("tags %v", posted.Tags)
	}
	for _, s := range fields(t, r.Body)["steps"].([]any) {
		if step := s.(map[string]any); step["status"] != "failed" || step["error"] == "" {
			t.Errorf("step %v", step)
		}
	}
}

func TestHandler_writes_one_record_without_secrets_or_the_alerts_words(t *testing.T) {
	for name, request := range map[string]events.LambdaFunctionURLRequest{
		"posted": post(torqBody), "refused": with(post(torqBody), "x-webhook-token", "wrong-token"), "malformed": post(`{"id":"secret-words`),
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			handle(t, w.handler(), request)
			if n := strings.Count(w.log.String(), "\n"); n != 1 {
				t.Errorf("%d records: %s", n, w.log.String())
			}
			for _, secret := range []string{goodToken, "wrong-token", fakedatadog.DefaultAPIKey, fakedatadog.DefaultAppKey, "Checkout is slow", "secret-words"} {
				if strings.Contains(w.log.String(), secret) {
					t.Errorf("the record holds %q: %s", secret, w.log.String())
				}
			}
		})
	}
}

func TestHandler_survives_a_panic(t *testing.T) {
	broken := func(context.Context, alert.Alert) (pipeline.Outcome, error) { panic("a mistake") }
	h := handler.New(handler.Config{Tokens: token{goodToken}, Run: broken, DryRun: broken})
	r := handle(t, h, post(torqBody))
	if p := mustBeProblem(t, r, http.StatusServiceUnavailable); strings.Contains(p["detail"].(string), "a mistake") {
		t.Errorf("the caller was told %s", r.Body)
	}
}

func FuzzHandler(f *testing.F) {
	f.Add(torqBody, "application/json", "POST", "/", false)
	f.Add("payload="+url.QueryEscape(torqBody), "application/x-www-form-urlencoded", "POST", "/", false)
	f.Add("e30=", "application/json; charset=utf-8", "POST", "/x", true)
	f.Add("", "", "GET", "/health", false)
	var taken alert.Alert
	run := func(_ context.Context, a alert.Alert) (pipeline.Outcome, error) {
		taken = a
		return pipeline.Outcome{Status: pipeline.Posted}, nil
	}
	h := handler.New(handler.Config{Tokens: token{goodToken}, Run: run, DryRun: run})
	f.Fuzz(func(t *testing.T, body, contentType, method, path string, encoded bool) {
		r := with(post(body), "content-type", contentType)
		r.RequestContext.HTTP.Method, r.RawPath, r.IsBase64Encoded = method, path, encoded
		taken = alert.Alert{}
		response := handle(t, h, r)
		if response.StatusCode >= 500 {
			t.Errorf("a caller's mistake is answered %d: %s", response.StatusCode, response.Body)
		}
		if response.StatusCode == 200 && path != "/health" && taken.Key() == "" {
			t.Error("an alert without a key was taken")
		}
	})
}
