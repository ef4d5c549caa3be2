package main

import (
	"strings"
	"testing"
)

const lambdaURL = "https://abc.lambda-url.eu-west-1.on.aws/"

// keys are of no organization: nothing may be called with them.
var keys = map[string]string{"WEBHOOK_TOKEN": "t", "DD_API_KEY": "a", "DD_APP_KEY": "b"}

// with returns the keys and another variable.
func with(name, value string) map[string]string {
	env := map[string]string{name: value}
	for name, value := range keys {
		if _, isSet := env[name]; !isSet {
			env[name] = value
		}
	}
	return env
}

// TestCommands runs command lines. One without fails succeeds.
func TestCommands(t *testing.T) {
	const queue = "https://sqs.eu-west-1.amazonaws.com/123456789012/redelivery"
	latin := file(t, "latin.json", "{\"title\": \"caf\xe9\"}")
	latinPlaybooks := file(t, "latin.yaml", "playbooks: [{name: \"caf\xe9\"}]")
	for _, c := range []struct {
		line         string
		env          map[string]string
		shows, fails []string
		lacks        string
	}{
		{line: "run -v " + torq, shows: []string{
			"200 OK", `"status": "posted"`, "The request to Datadog: POST /api/v1/events\n{\n  \"title\": ", "aggregation_key", "enrichment:complete",
			"Checkout p95 latency is high", "- Suspect: [Deployed checkout 4.2.1", "critical > 0.8, warning > 0.6", "alert · ",
		}},
		{line: "run -v " + torq, env: map[string]string{"PLAYBOOKS_FILE": "testdata/v2.yaml"}, shows: []string{
			"The request to Datadog: POST /api/v2/events", "status           error", "runbook          ", "custom.monitor   {", "playbook:alerts", "│ **Monitor**",
		}},
		{line: "run ../../../events/wrong-token.json", shows: []string{"401 Unauthorized"}, fails: []string{"no event was posted: the request's token is missing or wrong; here it is local-token"}},
		{line: "run https://a.example/b.json", fails: []string{"https://a.example/b.json is an address, and not read: give a file, or - for the standard input"}},
		{line: "run none.json", fails: []string{"none.json"}},
		{line: "run --live " + torq, fails: []string{"DD_API_KEY"}},

		{line: "try -v " + torq + " --playbooks testdata/mine.yaml", shows: []string{
			"Playbooks: testdata/mine.yaml", `✗ other does not match: false is alert.tags.service == "other"`, "✓ mine matches", "does not continue: last",
			"✓ owner  ", `      found {`, `"team": "checkout"`, "with  query: sum:checkout.errors{service:checkout}.as_count()", `"points": `,
			"✓ page (oncall)  ", "with  team: checkout", "Ada Marsh", "· never  ", "skipped: its condition does not hold",
			"· tell (owner), after the post  ", "with  service: checkout owns it", "a try does not post",
			"The event\n  title            checkout owns it", "The request to Datadog: POST /api/v1/events\n{\n  \"title\": \"checkout owns it\",",
		}},
		{line: "try -v " + torq + " --playbooks testdata/v2.yaml", shows: []string{"The request to Datadog: POST /api/v2/events\n", `"category": "alert"`}},
		{line: "try -v " + torq, shows: []string{"the embedded playbooks", "✓ default matches", "The event\n"}, lacks: "the function would answer"},
		{line: "try -v ../../../events/datadog-default-payload.json", shows: []string{"state from title", "add   ", `"alert_transition": "$ALERT_TRANSITION"`}},
		{line: "check --payload ../../../events/webhook-payload.json", shows: []string{"webhook-payload.json is valid\n"}},
		{line: "check --payload testdata/payload.json", shows: []string{"✗ the id is $ALERT_ID", `· without "date": "$DATE"`}, fails: []string{"testdata/payload.json has 1 problem"}},
		{line: "check --payload none.json", fails: []string{"none.json"}},
		{line: "check --live --payload boomerang", fails: []string{"DD_API_KEY"}},
		{line: "try ../../../events/own-event.json", shows: []string{"Nothing would be done"}},
		{line: "try -v ../../../events/wrong-token.json", shows: []string{"the function would answer 401 Unauthorized", "The event\n"}},
		{line: "try -v testdata/get.json", shows: []string{"the function would answer 405 Method Not Allowed", "The event\n"}},
		{line: "try testdata/empty.json", fails: []string{"testdata/empty.json: it is empty: give the body of a webhook"}},
		{line: "try testdata/mine.yaml", fails: []string{"testdata/mine.yaml has playbooks: give an alert before them"}},
		{line: "run testdata/mine.yaml", fails: []string{"testdata/mine.yaml has playbooks"}},
		{line: "try none.json", fails: []string{"none.json: no such file or directory"}},
		{line: "run " + latin, shows: []string{"the alert is not UTF-8: each character that cannot be read becomes �"}},
		{line: "try " + torq + " --replay testdata/get.json", fails: []string{"testdata/get.json is not a recording; make try RECORD"}},
		{line: "try testdata/no-alert.json", fails: []string{"the function would reject"}},
		{line: "try testdata/no-base64.json", fails: []string{"base64"}},
		{line: "try " + torq + " --playbooks none.yaml", fails: []string{"none.yaml: no such file"}, lacks: "lstat"},
		{line: "try " + torq + " --playbooks testdata/bad/a.yaml", fails: []string{`bad/a.yaml:1:23: unknown key "mach"`}},
		{line: "try " + torq + " --replay none", fails: []string{"none is not a recording"}},
		{line: "try " + torq + " --record testdata/other-recording", fails: []string{"another folder"}},
		{line: "try --live " + torq, fails: []string{"DD_API_KEY"}},
		{line: "try " + torq, env: map[string]string{"ENRICH_BUDGET": "soon"}, fails: []string{"ENRICH_BUDGET"}},

		{line: "test testdata/passing", shows: []string{
			"testdata/passing/a.test.yaml\n  pass urgent\n  note no case reaches the playbook two\n", "1 case, 0 failed, not reached by any: 1\n",
		}},
		{line: "test testdata/passing/a.yaml", shows: []string{"  pass urgent\n"}},
		{line: "test testdata/passing/a.test.yaml", shows: []string{"  pass urgent\n"}},
		{line: "test testdata/passing testdata/failing", fails: []string{"1 of 2 cases failed"}, shows: []string{
			"  pass urgent", "  FAIL urgent\n       playbooks (-want +got):\n       - one\n       + two\n       one does not match: false is alert.priority == \"P1\"\n", "2 cases, 1 failed",
		}},
		{line: "test testdata/unfinished", fails: []string{"a.test.yaml:1:8"}, shows: []string{"pass urgent"}},
		{line: "test testdata/bad", fails: []string{"no tests of playbooks"}},
		{line: "test none", fails: []string{"none"}},

		{line: "check testdata/good testdata/lookup", shows: []string{"3 playbook files, no mistakes\n"}},
		{line: "check testdata/good/source.yaml", shows: []string{`testdata/good/source.yaml:1:39: warning: Datadog does not list the source "githib"`, `did you mean "github"?`, "1 playbook file, no mistakes\n"}},
		{line: "try ../../../events/triggered.json -p testdata/bad/a.yaml", fails: []string{`a.yaml:1:23: unknown key "mach"; did you mean "match"?`}},
		{line: "check --strict testdata/good/source.yaml", shows: []string{"warning: Datadog does not list"}, fails: []string{"1 warning, which --strict does not let pass"}},
		{line: "check --strict testdata/good/a.yaml", shows: []string{"1 playbook file, no mistakes\n"}},
		{
			line:  "check ../../../shared/playbook/default.yaml",
			shows: []string{"1 playbook file, no mistakes\n\nPermissions of the application key", "  events_read               related_events, suspects\n", "  timeseries_query          "},
		},
		{line: "check testdata/bad", fails: []string{`a.yaml:1:23: unknown key "mach"; did you mean "match"?`, `did you mean "owner"?`, "owners.csv", "d.yaml:1:30: limit must be a number with one reading", "d.yaml:1:61: alert.tags.team is never nil", `e.yaml:1:1: unknown key "playbook"; did you mean "playbooks"?`, "f.yaml:1:1: the file must begin with playbooks:"}},
		{line: "check testdata/good/owners.yaml", fails: []string{"owners.yaml"}}, // A file that is named is checked as playbooks.
		{line: "check ../../../events", fails: []string{"no playbooks in ../../../events"}},
		{line: "check ../../../shared/playbook/ready/no-data.test.yaml", fails: []string{"run boomerang test ../../../shared/playbook/ready/no-data.test.yaml"}},
		{line: "check " + latinPlaybooks, fails: []string{"latin.yaml:1:1: the file is not UTF-8: save it as UTF-8"}},
		{line: "check testdata/good ./testdata/good/a.yaml testdata/lookup", shows: []string{"3 playbook files, no mistakes\n"}},
		{line: "try " + torq + " testdata/mine.yaml ./testdata/mine.yaml", shows: []string{"✓ mine matches"}},
		{line: "try " + torq + " " + file(t, "a:b.yaml", "playbooks: [{name: a}]"), fails: []string{"a:b.yaml: rename it: a : separates the files"}},
		{line: "check -", fails: []string{"only an alert can come from the standard input (-): give a file or a folder"}},
		{line: "check none", fails: []string{"none"}},

		{line: "drill", shows: []string{"in the events of the fake of Datadog", "enrichment:complete"}},
		{line: "drill --live", fails: []string{"set DD_API_KEY"}},
		{line: "drill http://example.com/", fails: []string{"the address of the webhook is plain http to another machine"}},
		{line: "drill " + lambdaURL, env: with("WEBHOOK_TOKEN", " \n"), fails: []string{"set WEBHOOK_TOKEN to the webhook's token"}},
		{line: "drill " + lambdaURL, env: map[string]string{"WEBHOOK_TOKEN": "t"}, fails: []string{
			"set DD_API_KEY to an API key of the organization that the stack posts to, and DD_APP_KEY to an application key",
		}},
		{line: "drill " + lambdaURL, env: with("DD_SITE", "example.com"), fails: []string{`DD_SITE: "example.com" is not a Datadog site`}},
		{line: "drill " + lambdaURL, env: with("DATADOG_API_URL", "http://example.com"), fails: []string{"the base URL of the Datadog API is plain http to another machine"}},

		{line: "setup --delete", env: map[string]string{"WEBHOOK_NAME": "shop", "DEAD_LETTER_QUEUE_NAME": "letters"}, shows: []string{
			"created       the webhook shop", `created       the dashboard "Boomerang (shop)"`, "Mention @webhook-shop",
			`{"X-Webhook-Token":"$BOOMERANG_SHOP_TOKEN"}`, "queuename:letters", "200 OK", "[Triggered] Checkout is slow", "enrichment:complete",
			`events("webhook:shop* enrichment:*`, "boomerang, webhook:shop, idempotency_key:", "monitor:4711, playbook:default",
			"removed       the webhook shop", `removed       the monitor "Boomerang (shop): there are dead letters"`,
		}},
		{line: "setup --live", fails: []string{"set URL", "set DD_API_KEY, DD_APP_KEY"}},
		{line: "setup --live --url http://example.com", env: keys, fails: []string{"the Function URL is plain http to another machine"}},
		{line: "setup --live --url " + lambdaURL, env: with("DD_SITE", "datadog.example"), fails: []string{"DD_SITE"}},

		{line: "redrive", env: map[string]string{"REDELIVERY_QUEUE_URL": queue}, fails: []string{"DEAD_LETTER_QUEUE_URL is not set"}},
		{line: "redrive", env: map[string]string{"REDELIVERY_QUEUE_URL": queue, "DEAD_LETTER_QUEUE_URL": queue}, fails: []string{"are the same queue"}},
		{line: "events list --start 7d", shows: []string{"alert          8306082202796025013 [Triggered] Connections of payments-db", "\n6 events\n"}},
		{line: "events list --start 7d --sources github --tags env:prod,service:checkout --output json", shows: []string{"[\n  {\n", `"id": 8306082202796025011,`}, lacks: "8306082202796025013"},
		{line: "events list --end 1d --start 2d --output json", shows: []string{"[]\n"}},
		{line: "events list --end 1d --start 2d", shows: []string{"0 events\n"}},
		{line: "events list --live", fails: []string{"set DD_API_KEY"}},
		{line: "events get 8306082202796025011", shows: []string{"title            Deployed checkout 4.2.1", "source           github\n", "resource         /api/v1/events/8306082202796025011", "│ "}},
		{line: "events get 8306082202796025011 --output json", shows: []string{"{\n", `"id_str": "8306082202796025011"`}},
		{line: "events get 7", fails: []string{"404", "No event matches that event_id"}},
		{line: "events get AZsKLCxv", fails: []string{`invalid event id "AZsKLCxv"; it must be a whole number`}},
		{line: "schema testdata/none", fails: []string{"none"}},
	} {
		t.Run(c.line, func(t *testing.T) {
			t.Parallel()
			screen, err := invoke(t, c.env, strings.Fields(c.line)...)
			if err != nil && c.fails == nil {
				t.Error(err)
			}
			errorContains(t, err, c.fails...)
			contains(t, screen, c.shows...)
			if c.lacks != "" && strings.Contains(screen, c.lacks) {
				t.Errorf("it shows %q:\n%s", c.lacks, screen)
			}
			if strings.Contains(screen, "\x1b[") {
				t.Error("color without a terminal")
			}
		})
	}
}

func TestCheck_Parameters(t *testing.T) {
	path := file(t, "needs.yaml", `playbooks: [{name: a, steps: [{uses: lambda, with: {function: capacity}}]}]`)
	contains(t, mustInvoke(t, nil, "check", path), "\n  LambdaStepFunctionArns=arn:aws:lambda:<region>:<account>:function:capacity\n")
	contains(t, mustInvoke(t, nil, "check", path, "--output", "json"), `"permissions": `, `"parameters":`, "function:capacity")
}
