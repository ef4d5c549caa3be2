package main

import (
	"bytes"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"boomerang/functions/local/output"
	"boomerang/shared/fakedatadog"
)

// newOrganization returns a fake of the real Datadog, and the environment to use it.
func newOrganization(t *testing.T) (*fakedatadog.Server, map[string]string) {
	t.Helper()
	s := fakedatadog.New(fakedatadog.Options{})
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, map[string]string{"DD_API_KEY": fakedatadog.DefaultAPIKey, "DD_APP_KEY": fakedatadog.DefaultAppKey, "DATADOG_API_URL": server.URL, "WEBHOOK_TOKEN": " private-token\n"}
}

func TestSetup_Live(t *testing.T) {
	s, env := newOrganization(t)
	env["FUNCTION_NAMES"] = "one,two"
	screen := mustInvoke(t, env, "setup", "--live", "--url", lambdaURL)
	if s.Variable("BOOMERANG_TOKEN") != "private-token" || strings.Contains(screen, "private-token") {
		t.Errorf("the token is %q; shown: %s", s.Variable("BOOMERANG_TOKEN"), screen)
	}
	if board := string(s.Dashboards()[0]); !strings.Contains(board, "functionname IN (one,two)") {
		t.Errorf("the dashboard is %s", board)
	}
	delete(env, "WEBHOOK_TOKEN") // To delete, it must not ask for the token.
	mustInvoke(t, env, "setup", "--live", "--url", lambdaURL, "--delete")
	if len(s.Webhooks())+len(s.Variables())+len(s.Monitors())+len(s.Dashboards()) != 0 {
		t.Error("something is left")
	}
}

func TestSetup_LiveErrors(t *testing.T) {
	s, env := newOrganization(t)
	s.Deny("dashboards_write")
	_, err := invoke(t, env, "setup", "--live", "--url", lambdaURL)
	errorContains(t, err, "dashboards_write")
	s.Deny("manage_integrations")
	s.AddWebhook(fakedatadog.Webhook{Name: "boomerang", URL: lambdaURL})
	_, err = invoke(t, env, "setup", "--live", "--url", lambdaURL, "--delete")
	errorContains(t, err, "manage_integrations")
}

func TestToken(t *testing.T) {
	for input, want := range map[string]string{"the-token\n": "the-token", "the-token": "the-token", "": "", "\n": ""} {
		in, err := os.Open(file(t, "input", input))
		if err != nil {
			t.Fatal(err)
		}
		var prompt bytes.Buffer
		got, err := cli{out: output.New(&bytes.Buffer{}), stderr: &prompt, stdin: in}.token(t.Context())
		_ = in.Close()
		if got != want || (err == nil) != (want != "") || !strings.Contains(prompt.String(), "token") {
			t.Errorf("%q: got %q, %v; prompt %q", input, got, err, prompt.String())
		}
	}
}
