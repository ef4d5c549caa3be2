package provision

import (
	"regexp"
	"strings"
	"testing"

	"boomerang/shared/fault"
)

func TestVariableFor(t *testing.T) {
	for webhook, want := range map[string]string{
		"boomerang": "BOOMERANG_TOKEN", "boomerang_dev": "BOOMERANG_BOOMERANG_DEV_TOKEN", "torq": "BOOMERANG_TORQ_TOKEN", "1st": "BOOMERANG_1ST_TOKEN",
	} {
		if got := variableFor(webhook); got != want {
			t.Errorf("%s: got %s, want %s", webhook, got, want)
		}
	}
	// Names that differ only in case or punctuation have different variables.
	seen := map[string]string{}
	for _, webhook := range []string{"boomerang", "Boomerang", "boomerang_dev", "boomerang-dev", "boomerang.dev", "Boomerang-Dev", "dev"} {
		name := variableFor(webhook)
		if other, taken := seen[name]; taken {
			t.Errorf("%s and %s share %s", webhook, other, name)
		}
		seen[name] = webhook
		if !regexp.MustCompile(`^BOOMERANG_[A-Z0-9_]*TOKEN$`).MatchString(name) {
			t.Errorf("%s: %s is not a valid name", webhook, name)
		}
	}
}

func TestSameHost(t *testing.T) {
	const managedBy = "https://abc.lambda-url.eu-west-1.on.aws/"
	for other, want := range map[string]bool{
		managedBy: true, "https://abc.lambda-url.eu-west-1.on.aws": true, "https://ABC.lambda-url.eu-west-1.on.aws/": true,
		"https://any:token@abc.lambda-url.eu-west-1.on.aws/": true,
		"https://abcd.lambda-url.eu-west-1.on.aws/":          false, "": false, "not a url": false, "://": false,
	} {
		if got := sameHost(other, managedBy); got != want {
			t.Errorf("%q: %v", other, got)
		}
	}
	if sameHost("", "") || sameHost("x", "y") {
		t.Error("two texts that are not URLs have the same host")
	}
}

func TestSpec_Check(t *testing.T) {
	good := Spec{FunctionURL: "https://abc.lambda-url.eu-west-1.on.aws/", WebhookName: "boomerang", Notify: "@slack-sre @webhook-boomerang-dev"}
	if err := good.Check(); err != nil {
		t.Error(err)
	}
	for name, tc := range map[string]struct {
		change func(*Spec)
		want   string
	}{
		"no url":          {func(s *Spec) { s.FunctionURL = "somewhere" }, "the Function URL is not an http or https URL"},
		"other protocol":  {func(s *Spec) { s.FunctionURL = "ftp://127.0.0.1/" }, "the Function URL is not an http or https URL"},
		"http":            {func(s *Spec) { s.FunctionURL = "http://example.com/" }, "the Function URL is plain http to another machine"},
		"password":        {func(s *Spec) { s.FunctionURL = "https://a:private@example.com/" }, "the Function URL contains credentials"},
		"mention as name": {func(s *Spec) { s.WebhookName = "@webhook-boomerang" }, "WebhookName is not a valid"},
		"notifies itself": {func(s *Spec) { s.Notify = "look: @WEBHOOK-boomerang." }, "Notify mentions this webhook"},
		"two mistakes":    {func(s *Spec) { s.FunctionURL, s.WebhookName = "x", "" }, "the Function URL is not an http or https URL, WebhookName is not"},
	} {
		t.Run(name, func(t *testing.T) {
			bad := good
			tc.change(&bad)
			err := bad.Check()
			if err == nil || !strings.Contains(fault.Public(err), tc.want) || strings.Contains(err.Error(), "private") {
				t.Errorf("got %v", err)
			}
		})
	}
	if err := (Spec{FunctionURL: "http://127.0.0.1:8787/", WebhookName: "x"}).Check(); err != nil {
		t.Errorf("loopback: %v", err)
	}
}

func TestCovers(t *testing.T) {
	const wanted = `{"a":1,"list":[{"b":"x"},{"c":null}]}`
	for name, tc := range map[string]struct {
		found string
		want  bool
	}{
		"equal":                    {wanted, true},
		"more keys":                {`{"id":7,"a":1,"list":[{"b":"x","id":1},{"c":null,"d":[]}]}`, true},
		"other format":             {"{ \"list\": [{\"b\":\"x\"}, {\"c\":null}],\n\"a\":1.0 }", true},
		"other value":              {`{"a":2,"list":[{"b":"x"},{"c":null}]}`, false},
		"missing key":              {`{"list":[{"b":"x"},{"c":null}]}`, false},
		"more elements":            {`{"a":1,"list":[{"b":"x"},{"c":null},{}]}`, false},
		"other order of a list":    {`{"a":1,"list":[{"c":null},{"b":"x"}]}`, false},
		"number instead of object": {`{"a":1,"list":[7,{"c":null}]}`, false},
		"object instead of list":   {`{"a":1,"list":{}}`, false},
		"null":                     {`null`, false},
		"not json":                 {`{"a"`, false},
		"empty":                    {``, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := covers([]byte(tc.found), []byte(wanted)); got != tc.want {
				t.Errorf("got %v", got)
			}
		})
	}
	if !covers([]byte("a text"), []byte("a text")) || covers([]byte("a text"), []byte("another")) {
		t.Error("text that is not JSON is not compared as text")
	}
}
