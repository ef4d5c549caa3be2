package httpapi

import (
	"context"
	"crypto/tls"
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
	if id != "cmdb/token" {
		return "", fault.New(fault.Permanent, "there is no such secret", nil)
	}
	return token + "\n", nil
})

// api serves handler on a loopback port and returns its address.
func api(t *testing.T, handler http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s.URL
}

func answering(status int, contentType, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func local() *Client { return NewClient(AllowLoopback()) }

func asked(t *testing.T, c Config) (enrich.Finding, error) {
	t.Helper()
	return New(local(), store, c).Enrich(t.Context(), alert.Alert{})
}

func mustFind(t *testing.T, c Config) enrich.Finding {
	t.Helper()
	f, err := asked(t, c)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

var behaviours = map[enrichtest.Fault]http.HandlerFunc{
	enrichtest.None: func(w http.ResponseWriter, r *http.Request) {
		answering(200, "application/json", `{"team":"shop","echo":"`+r.Header.Get("Authorization")+`"}`)(w, r)
	},
	enrichtest.NotFound: answering(404, "application/json", `{"message":"no such service"}`),
	enrichtest.Forbidden: func(w http.ResponseWriter, r *http.Request) {
		answering(403, "application/json", `{"message":"`+r.Header.Get("Authorization")+` may not"}`)(w, r)
	},
	enrichtest.RateLimited: func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "7")
		answering(429, "text/html", "<h1>slow down</h1>")(w, r)
	},
	enrichtest.Hang:    func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	enrichtest.Corrupt: answering(200, "application/json", `{"team": <!doctype html>`),
	enrichtest.Truncate: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = io.WriteString(w, `{"team":"sh`)
	},
	enrichtest.Unavailable: func(w http.ResponseWriter, r *http.Request) {
		answering(503, "text/plain", "no backend for "+r.Header.Get("Authorization"))(w, r)
	},
}

func TestConformance(t *testing.T) {
	enrichtest.External{
		New: func(t *testing.T, b enrichtest.Fault) enrich.Step {
			return New(local(), store, Config{
				URL:    URL(api(t, behaviours[b]) + "/services/checkout?env=prod"),
				Secret: Secret{Name: "cmdb/token"},
			})
		},
		Alert:      alert.Alert{Tags: alert.Tags{"service:checkout"}},
		Forbidden:  `"cmdb/token"`,
		RetryAfter: 7 * time.Second,
		Secrets:    []string{token},
	}.Conformance(t)
}

func TestEnrich_asks_what_the_playbook_says(t *testing.T) {
	var got *http.Request
	var body string
	address := api(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		got, body = r, string(text)
		answering(200, "application/json", `{}`)(w, r)
	})
	mustFind(t, Config{URL: URL(address + "/teams/a%2Fb?x=1%26y"), Headers: map[string]string{"X-From": "boomerang"}})
	if got.Method != "GET" || got.RequestURI != "/teams/a%2Fb?x=1%26y" || body != "" ||
		got.Header.Get("X-From") != "boomerang" || got.Header.Get("Authorization") != "" || got.Header.Get("Content-Type") != "" {
		t.Errorf("asked %s %s %q with %v", got.Method, got.RequestURI, body, got.Header)
	}
	mustFind(t, Config{URL: URL(address + "/hook"), Body: `{"text":"hello"}`, Secret: Secret{Name: "cmdb/token", Header: "X-Token"}})
	if got.Method != "POST" || body != `{"text":"hello"}` || got.Header.Get("Content-Type") != "application/json" || got.Header.Get("X-Token") != token {
		t.Errorf("asked %s %s %q with %v", got.Method, got.RequestURI, body, got.Header)
	}
	mustFind(t, Config{URL: URL(address), Secret: Secret{Name: "cmdb/token", Format: "Token token=%s"}})
	if want := "Token token=" + token; got.Header.Get("Authorization") != want {
		t.Errorf("sent %q, want %q", got.Header.Get("Authorization"), want)
	}
	mustFind(t, Config{URL: URL(address), Method: "POST"})
	if got.Method != "POST" || body != "" || got.Header.Get("Content-Type") != "" {
		t.Errorf("asked %s %q with %v", got.Method, body, got.Header)
	}
}

func TestEnrich_shows_of_the_answer_what_the_playbook_names(t *testing.T) {
	const body = `{"owner":{"team":"shop","tier":1},"id":9007199254740993,"load":0.25,"on":true,"none":null,
		"people":[{"mail":"a@example.com"},{"mail":"b@example.com"}],"tags":["a","b"],"long":"a\nb\u202ec"}`
	for _, tt := range []struct {
		name string
		body string
		show []Show
		want enrich.Facts
	}{
		{"by_path", body, []Show{{"Team", "owner.team"}, {"Mail", "people.1.mail"}, {"Tags", "tags"}, {"Owner", "owner"}, {"People", "people"}, {"Long", "long"}}, enrich.Facts{
			{Name: "Team", Value: "shop"},
			{Name: "Mail", Value: "b@example.com"},
			{Name: "Tags", Value: "a, b"},
			{Name: "Owner", Value: `{"team":"shop","tier":1}`},
			{Name: "People", Value: `[{"mail":"a@example.com"},{"mail":"b@example.com"}]`},
			{Name: "Long", Value: "a bc"},
		}},
		{"what_is_not_there_is_left_out", body, []Show{{"A", "owner.lead"}, {"B", "people.2"}, {"C", "people.x"}, {"D", "id.x"}, {"E", "none"}, {"F", "load"}}, enrich.Facts{{Name: "F", Value: "0.25"}}},
		{"nothing_of_it_is_there", body, []Show{{"A", "owner.lead"}, {"E", "none"}}, enrich.Facts{{Name: "Answer", Value: "200 OK, without owner.lead, none"}}},
		{"plain_values_when_it_names_none", body, nil, enrich.Facts{
			{Name: "id", Value: "9007199254740993"}, {Name: "load", Value: "0.25"}, {Name: "long", Value: "a bc"}, {Name: "on", Value: "true"},
		}},
		{"an_empty_object", `{}`, nil, enrich.Facts{{Name: "Answer", Value: "200 OK"}}},
		{"a_list", `[{"team":"shop"}]`, []Show{{"Team", "0.team"}}, enrich.Facts{{Name: "Team", Value: "shop"}}},
		{"keys_that_are_no_path", `{"a.b":1,"":2,"c":""}`, nil, enrich.Facts{{Name: "Answer", Value: "200 OK"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := mustFind(t, Config{Title: "CMDB", URL: URL(api(t, answering(200, "application/json", tt.body))), Show: tt.show})
			if diff := cmp.Diff([]enrich.Block{tt.want}, f.Blocks); diff != "" || f.Title != "CMDB" || f.Weight != enrich.Useful {
				t.Errorf("finding %+v; blocks (-want +got):\n%s", f, diff)
			}
		})
	}
}

func TestEnrich_shows_a_bounded_number_of_plain_values(t *testing.T) {
	object := map[string]string{}
	for i := range 100 {
		object[fmt.Sprintf("key%d", i)] = strings.Repeat("é", 1000)
	}
	body, _ := json.Marshal(object)
	f := mustFind(t, Config{URL: URL(api(t, answering(200, "application/json", string(body))))})
	facts, _ := f.Blocks[0].(enrich.Facts)
	if len(facts) != maxShown || len([]rune(facts[0].Value)) != maxValueRunes {
		t.Errorf("got %d facts, the first of %d characters", len(facts), len([]rune(facts[0].Value)))
	}
}

// TestData_as_playbooks_see_it holds the names that playbooks rely on.
func TestData_as_playbooks_see_it(t *testing.T) {
	for _, tt := range []struct {
		name, contentType, body string
		status                  int
		want                    Data
	}{
		{"an_object", "application/json", `{"team":"shop","id":9007199254740993,"load":2.5,"huge":1e999,"list":[1,null]}`, 200, Data{200, map[string]any{
			"team": "shop", "id": int64(9007199254740993), "load": 2.5, "huge": "1e999", "list": []any{int64(1), nil},
		}}},
		{"JSON_that_does_not_say_so", "text/plain", `{"team":"shop"}`, 201, Data{201, map[string]any{"team": "shop"}}},
		{"text", "text/html", "ok", 200, Data{200, "ok"}},
		{"text_that_starts_like_JSON", "text/plain", "12 monkeys", 200, Data{200, "12 monkeys"}},
		{"no_body", "application/json", "", 202, Data{202, nil}},
		{"nothing_there", "application/json", `{"message":"no such service"}`, 404, Data{404, map[string]any{"message": "no such service"}}},
		{"nothing_there_and_no_JSON", "application/json", `<html>`, 404, Data{404, nil}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := mustFind(t, Config{URL: URL(api(t, answering(tt.status, tt.contentType, tt.body)))})
			if diff := cmp.Diff(tt.want, f.Data); diff != "" {
				t.Errorf("data (-want +got):\n%s", diff)
			}
			if text, err := json.Marshal(f.Data); err != nil || !strings.HasPrefix(string(text), fmt.Sprintf(`{"status":%d,"body":`, tt.status)) {
				t.Errorf("JSON %s, %v", text, err)
			}
		})
	}
}

func TestEnrich_says_what_went_wrong(t *testing.T) {
	for _, tt := range []struct {
		name    string
		handler http.HandlerFunc
		config  Config
		kind    fault.Kind
		want    string
		after   time.Duration
	}{
		{
			"no_permission_and_no_secret", answering(401, "text/html", "<html>"),
			Config{},
			fault.Permanent,
			"HOST refused (401 Unauthorized); it may want a secret, which the step's configuration does not name", 0,
		},
		{"in_its_own_words", answering(400, "application/json", `{"error":{"message":"no\nsuch field"}}`), Config{}, fault.Permanent, "HOST refused (400 Bad Request): no such field", 0},
		{"in_plain_words", answering(409, "text/plain", "taken"), Config{}, fault.Permanent, "HOST refused (409 Conflict): taken", 0},
		{"nothing_to_post_to", answering(404, "text/plain", "no_service"), Config{Body: `{}`}, fault.Permanent, "HOST refused (404 Not Found): no_service", 0},
		{"busy", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Retry-After", time.Now().Add(time.Hour*100).UTC().Format(http.TimeFormat))
			w.WriteHeader(503)
		}, Config{}, fault.Temporary, "HOST could not answer (503 Service Unavailable); it asks to be left alone for 24h0m0s", 24 * time.Hour},
		{"too_large", answering(200, "application/json", `"`+strings.Repeat("a", maxAnswerBytes)+`"`), Config{}, fault.Permanent, "the answer of HOST is larger than 256 KiB; ask for less", 0},
		{"binary", answering(200, "application/octet-stream", "\xff\xfe"), Config{}, fault.Temporary, "the answer of HOST could not be read", 0},
		{
			"a_redirect_elsewhere", http.RedirectHandler("http://localhost:1/x", http.StatusFound).ServeHTTP,
			Config{},
			fault.Permanent,
			"HOST redirects to another address, which is not followed; write that address as the url if it is the right one", 0,
		},
		{"a_redirect_to_itself", http.RedirectHandler("/again", http.StatusFound).ServeHTTP, Config{}, fault.Permanent, "HOST redirects more than 3 times", 0},
		{"no_HTTP", func(w http.ResponseWriter, r *http.Request) {
			conn, _, _ := http.NewResponseController(w).Hijack()
			_, _ = io.WriteString(conn, "NOT HTTP "+r.Header.Get("Authorization")+"\r\n\r\n")
			_ = conn.Close()
		}, Config{Secret: Secret{Name: "cmdb/token"}}, fault.Temporary, "HOST could not be reached", 0},
		{"an_unknown_secret", nil, Config{Secret: Secret{Name: "other"}}, fault.Permanent, `the secret "other" could not be read: there is no such secret`, 0},
		{"a_header_with_a_line_break", nil, Config{Headers: map[string]string{"X-Team": "a\r\nHost: b"}}, fault.Permanent, "the header X-Team cannot be sent: its value holds a line break or another control character", 0},
		{"a_body_that_is_no_JSON", nil, Config{Body: `{"a":`}, fault.Permanent, "the body of this step cannot be sent: it is no JSON", 0},
		{"a_body_that_is_too_large", nil, Config{Body: Body(`"` + strings.Repeat("a", maxBodyBytes) + `"`)}, fault.Permanent, "the body of this step cannot be sent: it is larger than 256 KiB", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			address := api(t, tt.handler)
			tt.config.URL = URL(address + "/x?private=1")
			_, err := asked(t, tt.config)
			f := fault.From(err)
			if f == nil {
				t.Fatal("got no error")
			}
			want := strings.ReplaceAll(tt.want, "HOST", strings.TrimPrefix(address, "http://"))
			if f.Public != want || f.Kind != tt.kind || f.RetryAfter != tt.after {
				t.Errorf("got %v %v %q\nwant %v %v %q", f.Kind, f.RetryAfter, f.Public, tt.kind, tt.after, want)
			}
			if text := err.Error(); strings.Contains(text, token) || strings.Contains(text, "private") {
				t.Errorf("the error shows too much: %s", text)
			}
			for _, theirs := range []string{"no such field", "taken", "no_service"} {
				if strings.Contains(err.Error(), theirs) {
					t.Errorf("the log would show what the API says about the alert: %s", err)
				}
			}
		})
	}
}

func TestEnrich_without_a_usable_secret_nothing_is_sent(t *testing.T) {
	address := api(t, func(http.ResponseWriter, *http.Request) { t.Error("it was asked") })
	c := Config{URL: URL(address), Secret: Secret{Name: "cmdb/token"}}
	for _, tt := range []struct {
		name    string
		secrets Secrets
		want    string
		kind    fault.Kind
	}{
		{"no_store", nil, `the secret "cmdb/token" cannot be read: no secret store is set up here`, fault.Permanent},
		{"empty", secretsFunc(func(context.Context, string) (string, error) { return " \n", nil }), `the secret "cmdb/token" is empty`, fault.Permanent},
		{"unreadable", secretsFunc(func(context.Context, string) (string, error) {
			return "", fault.New(fault.Temporary, "Secrets Manager is busy", errors.New("cause"))
		}), `the secret "cmdb/token" could not be read: Secrets Manager is busy`, fault.Temporary},
		{"with_a_line_break", secretsFunc(func(context.Context, string) (string, error) { return "a\nb", nil }), "the header Authorization cannot be sent: its value holds a line break or another control character", fault.Permanent},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(local(), tt.secrets, c).Enrich(t.Context(), alert.Alert{})
			if f := fault.From(err); f == nil || f.Public != tt.want || f.Kind != tt.kind {
				t.Errorf("got %v, want %v: %s", err, tt.kind, tt.want)
			}
		})
	}
}

func TestEnrich_follows_a_redirect_on_the_same_host_with_its_secret(t *testing.T) {
	address := api(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/old" {
			http.Redirect(w, r, "/new", http.StatusPermanentRedirect)
			return
		}
		body, _ := io.ReadAll(r.Body)
		answering(200, "application/json", fmt.Sprintf(`{"path":%q,"body":%q,"authorised":%v}`, r.URL.Path, body, r.Header.Get("Authorization") == "Bearer "+token))(w, r)
	})
	f := mustFind(t, Config{URL: URL(address + "/old"), Body: `{"a":1}`, Secret: Secret{Name: "cmdb/token"}})
	want := map[string]any{"path": "/new", "body": `{"a":1}`, "authorised": true}
	if diff := cmp.Diff(want, f.Data.(Data).Body); diff != "" {
		t.Errorf("body (-want +got):\n%s", diff)
	}
}

func TestClient_reaches_the_public_internet_only(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it was asked") }))
	defer s.Close()
	port := s.URL[strings.LastIndexByte(s.URL, ':'):]
	for _, host := range []string{
		"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254",
		"169.254.170.2", "100.64.0.1", "[fd00::1]", "[fe80::1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "224.0.0.1", "255.255.255.255",
	} {
		t.Run(host, func(t *testing.T) {
			c := Config{URL: URL("https://" + host + port + "/")}
			if err := c.Validate(); err != nil {
				t.Fatal(err)
			}
			_, err := New(NewClient(), nil, c).Enrich(t.Context(), alert.Alert{})
			want := host + port + " was not asked: its address is not one of the public Internet, and this step reaches no other"
			if f := fault.From(err); f == nil || f.Public != want || f.Kind != fault.Permanent {
				t.Errorf("got %v, want %s", err, want)
			}
		})
	}
}

func TestClient_shows_no_secret_to_the_network(t *testing.T) {
	address := api(t, func(http.ResponseWriter, *http.Request) { t.Error("it was asked") })
	_, err := New(NewClient(), store, Config{URL: URL(address), Secret: Secret{Name: "cmdb/token"}}).Enrich(t.Context(), alert.Alert{})
	if want := "the url of this step cannot be asked: it must start with https://"; fault.Public(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestClient_trusts_no_unknown_certificate(t *testing.T) {
	s := httptest.NewUnstartedServer(answering(200, "application/json", `{"a":1}`))
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	defer s.Close()
	host := strings.TrimPrefix(s.URL, "https://")
	_, err := asked(t, Config{URL: URL(s.URL)})
	if want := host + " has a certificate that cannot be trusted"; fault.Public(err) != want {
		t.Errorf("got %v, want %s", err, want)
	}

	client := local()
	roots := s.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	client.http.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
	if _, err := New(client, nil, Config{URL: URL(s.URL)}).Enrich(t.Context(), alert.Alert{}); err != nil {
		t.Errorf("with a known certificate: %v", err)
	}
}

func TestClient_asks_no_proxy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://127.0.0.1:1")
	t.Setenv("HTTPS_PROXY", "http://127.0.0.1:1")
	if proxy := local().http.Transport.(*http.Transport).Proxy; proxy != nil {
		t.Error("a proxy would go around the guard")
	}
}
