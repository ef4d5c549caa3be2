package drill

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
)

const token = "s3cret-token"

// newDrill returns a drill whose webhook is a test's.
func newDrill(t *testing.T, webhook http.Handler, timeout time.Duration) *Drill {
	t.Helper()
	server := httptest.NewServer(webhook)
	t.Cleanup(server.Close)
	return New(Target{URL: server.URL + "/", Token: token, TokenSource: "the token of this test"}, Timeouts{Answer: timeout})
}

func checkError(t *testing.T, err error, want ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, w := range want {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("%q does not contain %q", err, w)
		}
	}
	if strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), token) {
		t.Errorf("%q is more than a sentence, or holds a secret", err)
	}
}

func TestSend(t *testing.T) {
	var got alert.Alert
	d := newDrill(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Webhook-Token") != token || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("headers %v", r.Header)
		}
		payload, _ := io.ReadAll(r.Body)
		got, _ = alert.Decode(payload)
		_, _ = io.WriteString(w, `{"status":"posted","event":{"id":"83"}}`)
	}), time.Minute)
	d.ID = 1234567890123456789
	answer, err := d.Send(t.Context())
	if err != nil || answer.Reply.Status != Posted || answer.Reply.Event.ID != "83" || answer.Took <= 0 {
		t.Errorf("got %+v, %v", answer, err)
	}
	want := alert.Alert{
		ID: "1234567890123456789", CycleKey: "drill-1234567890123456789", Scope: "drill:1234567890123456789",
		Transition: alert.Triggered, Type: "info", Date: d.sent.UTC().Truncate(time.Millisecond), Title: got.Title, Message: got.Message,
		Tags: alert.Tags{"drill:1234567890123456789", "service:boomerang"},
		// No link of Datadog names a synthetic alert.
		Guessed: []alert.Guess{{Field: "identity", Source: "id"}}, Digest: got.Digest,
	}
	if diff := cmp.Diff(want, got); diff != "" || !strings.HasPrefix(got.Title, "[Drill] ") || !strings.Contains(got.Message, "nothing is wrong") {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSend_Rejections(t *testing.T) {
	for name, tt := range map[string]struct {
		status  int
		body    string
		wantErr string
	}{
		"ignored":          {200, `{"status":"ignored","reason":"it is an event of ours"}`, "posts no event (ignored): it is an event of ours"},
		"unknown status":   {200, `{"status":"eaten"}`, "posts no event (eaten): it gives no reason"},
		"HTML":             {200, "<html>Welcome</html>", "what answered 200 OK is not Boomerang"},
		"other JSON":       {201, `{"ok":true}`, "what answered 201 Created is not Boomerang"},
		"wrong token":      {401, "", "401 Unauthorized: it does not accept the token of this test"},
		"not found":        {404, `{"message":"Not Found"}`, "404 Not Found: make sure that the URL is the Function URL"},
		"URL not public":   {403, `{"Message":"Forbidden"}`, "lambda:InvokeFunctionUrl"},
		"throttled":        {429, `{"Message":"TooManyRequests"}`, "no concurrency left"},
		"crash":            {502, `{"Message":"Internal Server Error"}`, "502 Bad Gateway: the function crashed"},
		"problem document": {422, `{"title":"Unprocessable Entity","status":422,"detail":"the payload names no alert"}`, "422 Unprocessable Entity: the payload names no alert"},
		"unknown code":     {599, "", "the webhook answered 599: "},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDrill(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tt.status)
				_, _ = io.WriteString(w, tt.body)
			}), time.Minute)
			answer, err := d.Send(t.Context())
			checkError(t, err, tt.wantErr)
			if answer.Status != tt.status || answer.Body != tt.body {
				t.Errorf("got %+v", answer)
			}
		})
	}
}

func TestSend_Redirect(t *testing.T) {
	other := newDrill(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("it followed the redirect") }), 0).target.URL
	_, err := newDrill(t, http.RedirectHandler(other, http.StatusTemporaryRedirect), time.Minute).Send(t.Context())
	checkError(t, err, "307 Temporary Redirect")
}

func TestSend_NoAnswer(t *testing.T) {
	for name, tt := range map[string]struct {
		webhook http.HandlerFunc
		timeout time.Duration
		wantErr string
	}{
		"timeout": {func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // The server notices a closed connection only after the body.
			<-r.Context().Done()
		}, 20 * time.Millisecond, "the webhook did not answer within 20ms, and Datadog does not wait longer either"},
		"partial body": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = io.WriteString(w, "{")
		}, time.Minute, "did not answer: unexpected EOF"},
		"closed connection": {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, time.Minute, "did not answer: EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			answer, err := newDrill(t, tt.webhook, tt.timeout).Send(t.Context())
			checkError(t, err, tt.wantErr)
			if answer.Status != 0 {
				t.Errorf("got %+v", answer)
			}
		})
	}
	if _, err := New(Target{URL: "://"}, DefaultTimeouts).Send(t.Context()); err == nil {
		t.Error("an invalid URL is no error")
	}
}
