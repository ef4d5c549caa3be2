package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/enrichtest"
	"boomerang/shared/fault"
)

const token = "s3cr3t-t0ken-of-cmdb"

type secretsFunc func(context.Context, string) (string, error)

func (f secretsFunc) Text(ctx context.Context, id string) (string, error) { return f(ctx, id) }

var store = secretsFunc(func(_ context.Context, id string) (string, error) {
	switch id {
	case "cmdb/token":
		return token + "\n", nil
	case "empty":
		return " \n", nil
	case "two lines":
		return "a\nb", nil
	case "busy":
		return "", fault.New(fault.Temporary, "Secrets Manager is busy", errors.New("cause"))
	}
	return "", fault.New(fault.Permanent, "there is no such secret", nil)
})

// serve serves handler on a loopback port and returns its URL.
func serve(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

func answers(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func unexpected(t *testing.T) http.HandlerFunc {
	return func(http.ResponseWriter, *http.Request) { t.Error("an unexpected request") }
}

func local() *Client { return NewLocalClient() }

func enriched(c Config) (enrich.Finding, error) {
	return newStep(local(), store, c).Enrich(context.Background(), alert.Alert{})
}

func mustFind(t *testing.T, c Config) enrich.Finding {
	t.Helper()
	return enrichtest.Find(t, newStep(local(), store, c), alert.Alert{})
}

var handlers = map[enrichtest.Fault]http.HandlerFunc{
	enrichtest.None: func(w http.ResponseWriter, r *http.Request) {
		answers(200, "application/json", `{"team":"shop","echo":"`+r.Header.Get("Authorization")+`"}`)(w, r)
	},
	enrichtest.NotFound: answers(404, "application/json", `{"message":"no such service"}`),
	enrichtest.Forbidden: func(w http.ResponseWriter, r *http.Request) {
		answers(403, "application/json", `{"message":"`+r.Header.Get("Authorization")+` may not"}`)(w, r)
	},
	enrichtest.RateLimited: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		answers(429, "text/html", "<h1>slow down</h1>")(w, r)
	},
	enrichtest.Hang:    func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	enrichtest.Corrupt: answers(200, "application/json", `{"team": <!doctype html>`),
	enrichtest.Truncate: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"team":"sh`)
	},
	enrichtest.Unavailable: func(w http.ResponseWriter, r *http.Request) {
		answers(503, "text/plain", "no backend for "+r.Header.Get("Authorization"))(w, r)
	},
}

func TestConformance(t *testing.T) {
	enrichtest.External{
		New: func(t *testing.T, f enrichtest.Fault) enrich.Step {
			return newStep(local(), store, Config{
				URL:    URL(serve(t, handlers[f]) + "/services/checkout?env=prod"),
				Secret: Secret{Name: "cmdb/token"},
			})
		},
		Alert:      alert.Alert{Tags: alert.Tags{"service:checkout"}},
		Forbidden:  `"cmdb/token"`,
		RetryAfter: 7 * time.Second,
		Secrets:    []string{token},
	}.Conformance(t)
}

func TestEnrich_Request(t *testing.T) {
	var got, body string
	var header http.Header
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		got, body, header = r.Method+" "+r.RequestURI, string(text), r.Header
		answers(200, "application/json", `{}`)(w, r)
	})
	for _, tt := range []struct {
		config  Config
		request string
		header  map[string]string
	}{
		{
			Config{URL: "/teams/a%2Fb?x=1%26y", Headers: map[string]string{"X-From": "boomerang"}},
			"GET /teams/a%2Fb?x=1%26y",
			map[string]string{"X-From": "boomerang", "Authorization": "", "Content-Type": "", "Accept": "application/json", "User-Agent": "boomerang"},
		},
		{
			Config{URL: "/hook", Body: `{"text":"hello"}`, Secret: Secret{Name: "cmdb/token", Header: "X-Token"}},
			"POST /hook",
			map[string]string{"Content-Type": "application/json", "X-Token": token},
		},
		{Config{URL: "/", Secret: Secret{Name: "cmdb/token", Format: "Token token=%s"}}, "GET /", map[string]string{"Authorization": "Token token=" + token}},
		{Config{URL: "/", Method: "POST"}, "POST /", map[string]string{"Content-Type": ""}},
	} {
		tt.config.URL = URL(address) + tt.config.URL
		mustFind(t, tt.config)
		if got != tt.request || body != string(tt.config.Body) {
			t.Errorf("got %s with the body %q, want %s", got, body, tt.request)
		}
		for name, want := range tt.header {
			if header.Get(name) != want {
				t.Errorf("%s: header %s is %q, want %q", tt.request, name, header.Get(name), want)
			}
		}
	}
}

func TestEnrich_Facts(t *testing.T) {
	const body = `{"owner":{"team":"shop","tier":1},"id":9007199254740993,"load":0.25,"on":true,"none":null,
		"people":[{"mail":"a@example.com"},{"mail":"b@example.com"}],"tags":["a","b"],"long":"a\nb\u202ec"}`
	for name, tt := range map[string]struct {
		body string
		show []Show
		want enrich.Facts
	}{
		"paths": {body, []Show{{"Team", "owner.team"}, {"Mail", "people.1.mail"}, {"Tags", "tags"}, {"Owner", "owner"}, {"Long", "long"}}, enrich.Facts{
			{Name: "Team", Value: "shop"},
			{Name: "Mail", Value: "b@example.com"},
			{Name: "Tags", Value: "a, b"},
			{Name: "Owner", Value: `{"team":"shop","tier":1}`},
			{Name: "Long", Value: "a bc"},
		}},
		"some paths missing": {body, []Show{{"A", "owner.lead"}, {"B", "people.2"}, {"C", "people.x"}, {"D", "id.x"}, {"E", "none"}, {"F", "load"}}, enrich.Facts{{Name: "F", Value: "0.25"}}},
		"all paths missing":  {body, []Show{{"A", "owner.lead"}, {"E", "none"}}, enrich.Facts{{Name: "Response", Value: "200 OK, without owner.lead, none"}}},
		"plain values": {body, nil, enrich.Facts{
			{Name: "id", Value: "9007199254740993"}, {Name: "load", Value: "0.25"}, {Name: "long", Value: "a bc"}, {Name: "on", Value: "true"},
		}},
		"empty object":             {`{}`, nil, enrich.Facts{{Name: "Response", Value: "200 OK"}}},
		"list":                     {`[{"team":"shop"}]`, []Show{{"Team", "0.team"}}, enrich.Facts{{Name: "Team", Value: "shop"}}},
		"keys that are not a path": {`{"a.b":1,"":2,"c":""}`, nil, enrich.Facts{{Name: "Response", Value: "200 OK"}}},
		"plain text":               {`"up"`, nil, enrich.Facts{{Name: "Response", Value: "200 OK: up"}}},
	} {
		t.Run(name, func(t *testing.T) {
			f := mustFind(t, Config{Title: "CMDB", URL: URL(serve(t, answers(200, "application/json", tt.body))), Show: tt.show})
			enrichtest.Blocks(t, f, tt.want)
			if f.Title != "CMDB" || f.Weight != enrich.Useful {
				t.Errorf("finding %+v", f)
			}
		})
	}
	object := map[string]string{}
	for i := range 100 {
		object[fmt.Sprintf("key%d", i)] = strings.Repeat("é", 1000)
	}
	large, _ := json.Marshal(object)
	f := mustFind(t, Config{URL: URL(serve(t, answers(200, "application/json", string(large))))})
	if facts := f.Blocks[0].(enrich.Facts); len(facts) != maxShown || len([]rune(facts[0].Value)) != maxValueRunes || f.Title != "127.0.0.1" {
		t.Errorf("title %s, %d facts, the first of %d runes", f.Title, len(facts), len([]rune(facts[0].Value)))
	}
}

// Playbooks rely on these names.
func TestData_JSON(t *testing.T) {
	for name, tt := range map[string]struct {
		contentType, body string
		status            int
		want              Data
	}{
		"object":             {"application/json", `{"team":"shop","id":9007199254740993,"list":[1,null]}`, 200, Data{200, map[string]any{"team": "shop", "id": int64(9007199254740993), "list": []any{int64(1), nil}}}},
		"JSON as text":       {"text/plain", `{"team":"shop"}`, 201, Data{201, map[string]any{"team": "shop"}}},
		"text":               {"text/html", "ok", 200, Data{200, "ok"}},
		"text with a number": {"text/plain", "12 monkeys", 200, Data{200, "12 monkeys"}},
		"no body":            {"application/json", "", 202, Data{202, nil}},
		"not found":          {"application/json", `{"message":"no such service"}`, 404, Data{404, map[string]any{"message": "no such service"}}},
		"not found, no JSON": {"application/json", `<html>`, 404, Data{404, nil}},
	} {
		t.Run(name, func(t *testing.T) {
			f := mustFind(t, Config{URL: URL(serve(t, answers(tt.status, tt.contentType, tt.body)))})
			if diff := cmp.Diff(tt.want, f.Data); diff != "" || tt.status == 404 != (f.Weight == enrich.Background) {
				t.Errorf("weight %d, data (-want +got):\n%s", f.Weight, diff)
			}
			if text, err := json.Marshal(f.Data); err != nil || !strings.HasPrefix(string(text), fmt.Sprintf(`{"status":%d,"body":`, tt.status)) {
				t.Errorf("JSON %s, %v", text, err)
			}
		})
	}
}

func TestEnrich_Errors(t *testing.T) {
	secret := Config{Secret: Secret{Name: "cmdb/token"}}
	for name, tt := range map[string]struct {
		handler http.HandlerFunc
		config  Config
		kind    fault.Kind
		want    string
		after   time.Duration
	}{
		"unauthorized without a secret": {answers(401, "text/html", "<html>"), Config{}, fault.Permanent, "HOST refused the request (401 Unauthorized); it may need a secret, and none is configured", 0},
		"unauthorized with a secret":    {answers(401, "text/html", ""), secret, fault.Permanent, `HOST refused the request (401 Unauthorized); check that the secret "cmdb/token" is valid and has access`, 0},
		"JSON message":                  {answers(400, "application/json", `{"error":{"message":"no\nsuch field"}}`), Config{}, fault.Permanent, "HOST refused the request (400 Bad Request): no such field", 0},
		"text message":                  {answers(409, "text/plain", "taken"), Config{}, fault.Permanent, "HOST refused the request (409 Conflict): taken", 0},
		"POST not found":                {answers(404, "text/plain", "no_service"), Config{Body: `{}`}, fault.Permanent, "HOST refused the request (404 Not Found): no_service", 0},
		"unavailable": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", "999999999")
			w.WriteHeader(503)
		}, Config{}, fault.Temporary, "HOST failed (503 Service Unavailable); retry after 24h0m0s", 24 * time.Hour},
		"too large":              {answers(200, "application/json", `"`+strings.Repeat("a", maxResponseBytes)+`"`), Config{}, fault.Permanent, "the response of HOST is larger than 256 KiB", 0},
		"binary":                 {answers(200, "application/octet-stream", "\xff\xfe"), Config{}, fault.Temporary, "cannot read the response of HOST", 0},
		"redirect to other host": {http.RedirectHandler("http://localhost:1/x", http.StatusFound).ServeHTTP, Config{}, fault.Permanent, "HOST redirects to another host; if that is the right one, set it as the url", 0},
		"redirect loop":          {http.RedirectHandler("/again", http.StatusFound).ServeHTTP, Config{}, fault.Permanent, "HOST redirects more than 3 times", 0},
		"not HTTP": {func(w http.ResponseWriter, r *http.Request) {
			conn, _, _ := http.NewResponseController(w).Hijack()
			_, _ = io.WriteString(conn, "NOT HTTP "+r.Header.Get("Authorization")+"\r\n\r\n")
			_ = conn.Close()
		}, secret, fault.Temporary, "cannot reach HOST", 0},
		"unknown secret":    {unexpected(t), Config{Secret: Secret{Name: "other"}}, fault.Permanent, `cannot read the secret "other": there is no such secret`, 0},
		"empty secret":      {unexpected(t), Config{Secret: Secret{Name: "empty"}}, fault.Permanent, `the secret "empty" is empty`, 0},
		"unreadable secret": {unexpected(t), Config{Secret: Secret{Name: "busy"}}, fault.Temporary, `cannot read the secret "busy": Secrets Manager is busy`, 0},
		"secret of 2 lines": {unexpected(t), Config{Secret: Secret{Name: "two lines"}}, fault.Permanent, "the value of the header Authorization has a line break or another control character", 0},
		"header value":      {unexpected(t), Config{Headers: map[string]string{"X-Team": "a\r\nHost: b"}}, fault.Permanent, "the value of the header X-Team has a line break or another control character", 0},
		"invalid body":      {unexpected(t), Config{Body: `{"a":`}, fault.Permanent, "invalid body: not valid JSON", 0},
		"large body":        {unexpected(t), Config{Body: Body(`"` + strings.Repeat("a", maxBodyBytes) + `"`)}, fault.Permanent, "invalid body: larger than 256 KiB", 0},
		"unfilled template": {unexpected(t), Config{URL: "{{ .x }}"}, fault.Permanent, "invalid url: its templates are not filled", 0},
	} {
		t.Run(name, func(t *testing.T) {
			address := serve(t, tt.handler)
			tt.config.URL = URL(address+"/x?private=1") + tt.config.URL
			_, err := enriched(tt.config)
			f := fault.From(err)
			if f == nil {
				t.Fatal("got no error")
			}
			if want := strings.ReplaceAll(tt.want, "HOST", strings.TrimPrefix(address, "http://")); f.Public != want || f.Kind != tt.kind || f.RetryAfter != tt.after {
				t.Errorf("got %v %v %q\nwant %v %v %q", f.Kind, f.RetryAfter, f.Public, tt.kind, tt.after, want)
			}
			// Neither the secret, nor the url's query, nor a message about the alert is logged.
			for _, text := range []string{token, "private", "no such field", "taken", "no_service"} {
				if strings.Contains(err.Error(), text) {
					t.Errorf("the log shows %q: %s", text, err)
				}
			}
		})
	}
}

func TestEnrich_NoSecretStore(t *testing.T) {
	_, err := newStep(local(), nil, Config{URL: URL(serve(t, unexpected(t))), Secret: Secret{Name: "cmdb/token"}}).Enrich(t.Context(), alert.Alert{})
	if f := fault.From(err); f == nil || f.Public != `cannot read the secret "cmdb/token": no secret store is configured` || f.Kind != fault.Permanent {
		t.Errorf("got %v", err)
	}
}
