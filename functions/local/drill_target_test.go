package main

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"regexp"
	"strings"
	"testing"

	"boomerang/functions/internal/drill"
	"boomerang/functions/local/report"
)

func TestDeployed_asks_for_what_is_missing(t *testing.T) {
	whole := map[string]string{"WEBHOOK_TOKEN": "t", "DD_API_KEY": "a", "DD_APP_KEY": "b"}
	for name, c := range map[string]struct {
		without []string
		with    map[string]string
		says    string
	}{
		"the token":   {[]string{"WEBHOOK_TOKEN"}, nil, "set WEBHOOK_TOKEN to the token"},
		"both keys":   {[]string{"DD_API_KEY", "DD_APP_KEY"}, nil, "set DD_API_KEY to an API key of the organisation that the stack posts to, and DD_APP_KEY to an application key"},
		"a site":      {nil, map[string]string{"DD_SITE": "example.com"}, `DD_SITE: "example.com" is not a Datadog site`},
		"an API":      {nil, map[string]string{"DATADOG_API_URL": "http://example.com"}, "the base URL of the Datadog API must start with https://"},
		"a real text": {nil, map[string]string{"WEBHOOK_TOKEN": " \n"}, "set WEBHOOK_TOKEN to the token"},
	} {
		t.Run(name, func(t *testing.T) {
			environment := maps.Clone(whole)
			for _, name := range c.without {
				delete(environment, name)
			}
			maps.Copy(environment, c.with)
			_, err := deployed("https://abc.lambda-url.eu-west-1.on.aws/", func(name string) string { return environment[name] })
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestDeployed_sends_the_token_to_nobody_else(t *testing.T) {
	for address, says := range map[string]string{
		"https://abc.lambda-url.eu-west-1.on.aws/": "",
		"https://abc.lambda-url.eu-west-1.on.aws":  "",
		"http://127.0.0.1:8787":                    "",
		"http://[::1]:8787/":                       "",
		"http://localhost:8787/":                   "",
		"http://abc.lambda-url.eu-west-1.on.aws/":  "must start with https://",
		"http://127.0.0.1.example.com/":            "must start with https://",
		"http://10.0.0.7/":                         "must start with https://",
		"ftp://127.0.0.1/":                         "must start with https://",
		"https://any:s3cret@example.com/":          "must not hold a user",
		"https://example.com/?token=s3cret":        "must not hold a user, a query",
		"example.com":                              "is not a URL",
		"https:///":                                "is not a URL",
		"https://s3cret\x7f/":                      "is not a URL",
		"":                                         "is not a URL",
	} {
		_, err := deployed(address, func(name string) string {
			return map[string]string{"WEBHOOK_TOKEN": "t", "DD_API_KEY": "a", "DD_APP_KEY": "b"}[name]
		})
		switch {
		case says == "" && err != nil:
			t.Errorf("%q: %v", address, err)
		case says != "" && (err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "s3cret")):
			t.Errorf("%q: got %v", address, err)
		}
	}
}

func TestCommand_drills_a_Function_URL(t *testing.T) {
	d, url, environment := ofDatadog(t, 0)
	function := ofFunction(t, d, url)
	for name, value := range environment {
		t.Setenv(name, value)
	}
	var screen bytes.Buffer
	if err := runDrill(t.Context(), report.New(&screen), []string{function, "--timeout", "5s"}); err != nil {
		t.Fatal(err)
	}
	contains(t, screen.String(), "for at most 5s", "The event in Datadog")
	if !regexp.MustCompile(`Alert [1-9][0-9]{18} → ` + regexp.QuoteMeta(function)).MatchString(screen.String()) {
		t.Errorf("no id of 19 digits: %s", screen.String())
	}
}

func TestCommand_drills_no_other_way(t *testing.T) {
	for _, args := range [][]string{{"a", "b"}, {"-timeout", "soon"}, {"-timeout", "0s"}, {"-fast"}} {
		if err := command(t.Context(), append([]string{"drill"}, args...)); !errors.Is(err, errUsage) {
			t.Errorf("%v: got %v", args, err)
		}
	}
	if err := command(t.Context(), []string{"drill", "http://example.com/"}); err == nil || !strings.Contains(err.Error(), "the address of the webhook must start with https://") {
		t.Errorf("got %v", err)
	}
}

func TestAim_starts_a_stack_where_no_address_is_given(t *testing.T) {
	at, stop, err := aim(t.Context(), nil, func(string) string { return "" })
	if err != nil {
		t.Fatal(err)
	}
	var screen bytes.Buffer
	err = showDrill(t.Context(), report.New(&screen), at, hurried)
	stop()
	if err != nil {
		t.Fatal(err)
	}
	contains(t, screen.String(), "in the events of the stand-in", "enrichment:complete")
	if _, err := drill.New(at, hurried).Send(t.Context()); err == nil {
		t.Error("the stack answers after it was stopped")
	}
}

func TestAim_says_why_no_stack_starts(t *testing.T) {
	t.Setenv("LIVE", "1")
	t.Setenv("DD_API_KEY", "")
	if _, _, err := aim(t.Context(), nil, os.Getenv); err == nil || !strings.Contains(err.Error(), "set DD_API_KEY") {
		t.Errorf("got %v", err)
	}
	t.Setenv("DD_API_KEY", "a")
	t.Setenv("DD_APP_KEY", "b")
	live, stop, err := aim(t.Context(), nil, os.Getenv)
	if err != nil || live.StreamName != "datadoghq.com" {
		t.Fatalf("got %+v, %v", live, err)
	}
	stop()
	if _, _, err := aim(t.Context(), nil, func(string) string { return "example.com" }); err == nil || !strings.Contains(err.Error(), "DD_SITE") {
		t.Errorf("got %v", err)
	}
}
