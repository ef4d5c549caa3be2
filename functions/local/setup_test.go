package main

import (
	"bytes"
	"errors"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"boomerang/functions/local/report"
	"boomerang/shared/fakedatadog"
)

// environ is a getenv over pairs of names and values.
func environ(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func noToken(func(string) string) (string, error) { return "", errors.New("nobody was to be asked") }

func TestSetup_shows_on_this_machine_what_it_makes_and_that_it_works(t *testing.T) {
	t.Setenv("WEBHOOK_NAME", "shop") // The function's environment is this process's.
	var screen bytes.Buffer
	if err := setup(t.Context(), report.New(&screen), environ("DELETE", "1", "WEBHOOK_NAME", "shop", "DEAD_LETTER_QUEUE_NAME", "letters"), noToken); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"created       the webhook shop", `created       the dashboard "Boomerang (shop)"`, "Mention @webhook-shop",
		`{"X-Webhook-Token":"$BOOMERANG_SHOP_TOKEN"}`, "queuename:letters", "200 OK", "[Triggered] Checkout is slow", "enrichment:complete",
		`events("webhook:shop* enrichment:*`, "boomerang, webhook:shop, monitor:4711",
		"removed       the webhook shop", `removed       the monitor "Boomerang (shop): there are dead letters"`,
	} {
		if !strings.Contains(screen.String(), want) {
			t.Errorf("it does not show %q in %s", want, screen.String())
		}
	}
}

// live is a Datadog that a live run may call, and the environment for it.
func live(t *testing.T, more ...string) (*fakedatadog.Server, func(string) string) {
	t.Helper()
	s := fakedatadog.New(fakedatadog.Options{})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, environ(append(more,
		"LIVE", "1", "URL", "https://abc.lambda-url.eu-west-1.on.aws/", "DD_API_KEY", fakedatadog.DefaultAPIKey, "DD_APP_KEY", fakedatadog.DefaultAppKey,
		"DATADOG_API_URL", server.URL)...)
}

func TestSetup_live(t *testing.T) {
	s, getenv := live(t, "WEBHOOK_TOKEN", " private-token\n", "FUNCTION_NAMES", "one,two")
	var screen bytes.Buffer
	if err := setup(t.Context(), report.New(&screen), getenv, askForToken(nil, nil)); err != nil {
		t.Fatal(err)
	}
	if s.Variable("BOOMERANG_TOKEN") != "private-token" || strings.Contains(screen.String(), "private-token") {
		t.Errorf("the token is %q; shown: %s", s.Variable("BOOMERANG_TOKEN"), screen.String())
	}
	if board := string(s.Dashboards()[0]); !strings.Contains(board, "functionname IN (one,two)") {
		t.Errorf("the dashboard is %s", board)
	}
	_, again := live(t, "DELETE", "1")
	deleting := func(name string) string {
		if name == "DATADOG_API_URL" {
			return getenv(name)
		}
		return again(name)
	}
	if err := setup(t.Context(), report.New(&screen), deleting, noToken); err != nil {
		t.Fatal(err)
	}
	if len(s.Webhooks())+len(s.Variables())+len(s.Monitors())+len(s.Dashboards()) != 0 {
		t.Error("something is left")
	}
}

func TestSetup_live_fails_with_what_Datadog_says(t *testing.T) {
	s, getenv := live(t, "WEBHOOK_TOKEN", "private-token")
	s.Deny("dashboards_write")
	err := setup(t.Context(), report.New(&bytes.Buffer{}), getenv, askForToken(nil, nil))
	if err == nil || !strings.Contains(err.Error(), "dashboards_write") {
		t.Errorf("got %v", err)
	}
	s.Deny("manage_integrations")
	s.AddWebhook(fakedatadog.Webhook{Name: "boomerang", URL: getenv("URL")})
	deleting := func(name string) string {
		if name == "DELETE" {
			return "1"
		}
		return getenv(name)
	}
	if err := setup(t.Context(), report.New(&bytes.Buffer{}), deleting, noToken); err == nil || !strings.Contains(err.Error(), "manage_integrations") {
		t.Errorf("a removal that could not be made is no failure: %v", err)
	}
}

func TestSetup_live_says_all_that_is_missing(t *testing.T) {
	for name, tc := range map[string]struct {
		getenv func(string) string
		want   []string
	}{
		"nothing_is_set":      {environ("LIVE", "1"), []string{"set URL", "set DD_API_KEY", "set DD_APP_KEY"}},
		"an_address_in_clear": {environ("LIVE", "1", "URL", "http://example.com", "DD_API_KEY", "a", "DD_APP_KEY", "b"), []string{"the Function URL is not https"}},
		"an_unknown_site": {
			environ("LIVE", "1", "URL", "https://example.com", "DD_API_KEY", "a", "DD_APP_KEY", "b", "DD_SITE", "datadog.example"), []string{"DD_SITE"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			err := setup(t.Context(), report.New(&bytes.Buffer{}), tc.getenv, noToken)
			for _, want := range tc.want {
				if err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q in it", err, want)
				}
			}
		})
	}
}

func TestAskForToken(t *testing.T) {
	for name, tc := range map[string]struct{ typed, want string }{
		"a_line":          {"the-token\n", "the-token"},
		"an_unended_line": {"the-token", "the-token"},
		"nothing":         {"", ""},
		"an_empty_line":   {"\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "typed")
			if err := os.WriteFile(path, []byte(tc.typed), 0o600); err != nil {
				t.Fatal(err)
			}
			in, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = in.Close() }()
			var prompt bytes.Buffer
			got, err := askForToken(in, &prompt)(environ())
			if got != tc.want || (err == nil) != (tc.want != "") || !strings.Contains(prompt.String(), "token") {
				t.Errorf("got %q, %v; asked %q", got, err, prompt.String())
			}
		})
	}
}
