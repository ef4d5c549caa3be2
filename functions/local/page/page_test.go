package page

import (
	"context"
	"encoding/json"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"boomerang/functions/local/sandbox"
)

// served is a page with its function behind HTTP.
type served struct {
	t    *testing.T
	page *Page
	url  string
}

func serve(t *testing.T, change ...func(*Config)) served {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	s, err := sandbox.Start(nil, false, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	c := Config{Sandbox: s, Environment: s.Environment(nil, slog.New(slog.DiscardHandler))}
	for _, apply := range change {
		apply(&c)
	}
	p, err := New(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(p)
	t.Cleanup(func() {
		stop()
		server.CloseClientConnections()
		server.Close()
		s.Close()
	})
	return served{t, p, server.URL}
}

// do sends a request with headers, given as "Name: value".
func (s served) do(method, path, body string, headers ...string) (status int, text string, header http.Header) {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if r.Header.Set(name, value); name == "Host" {
			r.Host = value
		}
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	raw, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return response.StatusCode, string(raw), response.Header
}

const tokenHeader, jsonHeader = "X-Webhook-Token: " + sandbox.Token, "Content-Type: application/json"

// deliver sends an alert as Datadog does, and returns what became of it.
func (s served) deliver(body string, headers ...string) card {
	s.t.Helper()
	s.do(http.MethodPost, "/", body, append([]string{tokenHeader, jsonHeader}, headers...)...)
	for _, d := range slices.Backward(s.page.deliveries.snapshot()) {
		if d.request.RawPath != "" {
			return d.card()
		}
	}
	s.t.Fatal("the page has no delivery")
	return card{}
}

// is checks what became of a delivery.
func (c card) is(t *testing.T, state string, why ...string) {
	t.Helper()
	for _, part := range why {
		if !strings.Contains(c.Why, part) {
			t.Errorf("%q lacks %q", c.Why, part)
		}
	}
	if c.State != state {
		t.Errorf("it is %s: %s", c.State, c.Why)
	}
}

// call asks the page, and decodes its answer.
func call[Out any](s served, method, path string, in any) (status int, out Out) {
	s.t.Helper()
	body, err := json.Marshal(in)
	if err != nil {
		s.t.Fatal(err)
	}
	status, text, _ := s.do(method, prefix+path, string(body), jsonHeader)
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		s.t.Fatalf("%s %s: %d %s", method, path, status, text)
	}
	return status, out
}

func TestServeHTTP_Function(t *testing.T) {
	s := serve(t)
	for name, c := range map[string]struct {
		method, path, accept string
		status               int
		isPage               bool
	}{
		"a browser":               {http.MethodGet, "/", "text/html,*/*", 200, true},
		"curl":                    {http.MethodGet, "/", "*/*", 405, false},
		"an alert":                {http.MethodPost, "/", "text/html", 401, false},
		"an alert under any path": {http.MethodPost, "/hook", "", 401, false},
		"health":                  {http.MethodGet, "/health", "text/html", 200, false},
		"a file":                  {http.MethodGet, "/-/page.js", "", 200, true},
		"no file":                 {http.MethodGet, "/-/page.go", "", 404, true},
	} {
		t.Run(name, func(t *testing.T) {
			status, text, header := s.do(c.method, c.path, "{}", "Accept: "+c.accept)
			if isPage := header.Get("Content-Security-Policy") != ""; status != c.status || isPage != c.isPage {
				t.Errorf("%d, of the page: %v, %s", status, isPage, text)
			}
		})
	}
}

func TestServeHTTP_TooLarge(t *testing.T) {
	if status, got := call[answered](serve(t), http.MethodPost, "send", sending{strings.Repeat("x", maxInput), 1}); status != http.StatusRequestEntityTooLarge || !strings.Contains(got.Error, "at most 4 MiB") {
		t.Errorf("%d %s", status, got.Error)
	}
}

func TestServeHTTP_Guard(t *testing.T) {
	s := serve(t)
	port := s.url[strings.LastIndex(s.url, ":"):]
	for name, c := range map[string]struct {
		method  string
		headers []string
		allowed bool
	}{
		"own name":                        {http.MethodGet, []string{"Host: 127.0.0.1" + port}, true},
		"localhost":                       {http.MethodGet, []string{"Host: localhost" + port}, true},
		"IPv6":                            {http.MethodGet, []string{"Host: [::1]" + port}, true},
		"another name for this machine":   {http.MethodGet, []string{"Host: rebound.example" + port}, false},
		"a name that starts as ours":      {http.MethodGet, []string{"Host: localhost.example"}, false},
		"an address of the network":       {http.MethodGet, []string{"Host: 192.168.1.4" + port}, false},
		"a read by another site":          {http.MethodGet, []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: cors"}, false},
		"a script of another port":        {http.MethodGet, []string{"Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors"}, false},
		"a link of another site":          {http.MethodGet, []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate"}, true},
		"its own script":                  {http.MethodPost, []string{jsonHeader, "Sec-Fetch-Site: same-origin", "Origin: " + s.url}, true},
		"a post by another site":          {http.MethodPost, []string{jsonHeader, "Sec-Fetch-Site: cross-site"}, false},
		"a form of another site":          {http.MethodPost, []string{"Origin: https://evil.example"}, false},
		"a form of another site, no site": {http.MethodPost, []string{"Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: navigate", "Content-Type: text/plain"}, false},
		"an opaque origin":                {http.MethodPost, []string{jsonHeader, "Origin: null"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			path := map[string]string{http.MethodGet: "/-/setup", http.MethodPost: "/-/fault"}[c.method]
			status, text, _ := s.do(c.method, path, "{}", c.headers...)
			if want := map[bool]int{true: 200, false: 403}[c.allowed]; status != want {
				t.Errorf("%d %s, want %d", status, text, want)
			}
		})
	}
	if status, text, _ := s.do(http.MethodPost, "/-/fault", "{}", "Content-Type: text/plain"); status != http.StatusUnsupportedMediaType {
		t.Errorf("what a form can send is answered %d %s", status, text)
	}
}

func TestServeHTTP_Remote(t *testing.T) {
	s := serve(t, func(c *Config) { c.Remote = true })
	token := strings.TrimPrefix(s.page.Login(), "#token=")
	if len(token) < 20 {
		t.Fatalf("the token is %q", token)
	}
	for _, path := range []string{"/-/setup", "/-/stream", "/-/deliveries/1"} {
		if status, text, _ := s.do(http.MethodGet, path, ""); status != http.StatusUnauthorized || strings.Contains(text, token) {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	for _, wrong := range []string{"", "x", token[1:], token + "x"} {
		if status, _, header := s.do(http.MethodPost, "/-/login", "", "X-Page-Token: "+wrong); status != http.StatusUnauthorized || header.Get("Set-Cookie") != "" {
			t.Errorf("the token %q is answered %d", wrong, status)
		}
	}
	status, _, header := s.do(http.MethodPost, "/-/login", "", "X-Page-Token: "+token)
	cookie := header.Get("Set-Cookie")
	if status != http.StatusNoContent || !strings.Contains(cookie, "HttpOnly") || !strings.Contains(cookie, "SameSite=Strict") {
		t.Fatalf("%d, %s", status, cookie)
	}
	cookie, _, _ = strings.Cut(cookie, ";")
	if status, text, _ := s.do(http.MethodGet, "/-/setup", "", "Host: laptop.example", "Cookie: "+cookie); status != http.StatusOK {
		t.Errorf("with the cookie: %d %s", status, text)
	}
	if status, _, _ := s.do(http.MethodPost, "/-/fault", "{}", jsonHeader, "Cookie: "+cookie, "Origin: https://evil.example"); status != http.StatusForbidden {
		t.Errorf("another site with the cookie is answered %d", status)
	}
}

// The policy allows no inline script and no inline style, and the files need none.
func TestStatic(t *testing.T) {
	inline := regexp.MustCompile(`(?i)<script(?:[^>]*src=)?[^>]*>[^<]|<style|\sstyle=|\son[a-z]+\s*=\s*"|javascript:|eval\(|https?://`)
	err := fs.WalkDir(static, "static", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		raw, err := fs.ReadFile(static, path)
		for _, found := range inline.FindAllString(string(raw), -1) {
			if strings.HasSuffix(path, ".html") {
				t.Errorf("%s has %q", path, found)
			}
		}
		if n := strings.Count(string(raw), "innerHTML"); n > 0 && !strings.HasSuffix(path, "dom.js") || n > 1 {
			t.Errorf("%s makes markup of texts", path)
		}
		return err
	})
	if err != nil || strings.Contains(policy, "unsafe") {
		t.Errorf("the policy is %s, %v", policy, err)
	}
}

// snapshot returns all deliveries, the oldest first.
func (d *deliveries) snapshot() []delivery {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := make([]delivery, len(d.all))
	for i, one := range d.all {
		all[i] = *one
	}
	return all
}
