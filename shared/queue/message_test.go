package queue

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// An action's settings have a limit, below which its message fits with the largest alert.
func TestMessage_ActionSize(t *testing.T) {
	largest := alert.Alert{ID: "1", Message: noise(1, 256<<10)}
	for size, fits := range map[int]bool{0: true, 1 << 10: true, maxActionBytes: true, maxActionBytes + 1: false} {
		m := Message{Version: versionStaged, Alert: largest, Action: &Action{Action: enrich.Action{Playbook: "shop", Step: "ticket", With: noise(2, size)}}}
		body, err := Encode(m)
		if f := fault.From(err); fits != (err == nil) || !fits && (f.Kind != fault.Permanent || !strings.Contains(f.Public, "the step ticket are larger than 512 KiB")) {
			t.Errorf("%d bytes: %v", size, err)
		} else if fits {
			same(t, "the message", m, mustDecode(t, body))
		}
	}
}

// The files are messages of each version. Such messages are in queues while a new version is
// deployed, so a change of the files needs a new version.
func TestMessage_Golden(t *testing.T) {
	date, value := time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC), 0.97
	checkout := alert.Alert{
		ID: "7284105863092654118", OrgID: "352347", MonitorID: "4711", Title: "[Triggered] Checkout is slow",
		Transition: alert.Triggered, Tags: alert.Tags{"env:prod", "service:checkout"}, Date: date,
	}
	large := whole()
	large.Alert.Message = strings.Repeat("load is high\n", 25_000)
	for path, m := range map[string]Message{
		"testdata/message-v1.json":            whole(),
		"testdata/message-v1-compressed.json": large,
		"testdata/retry-v1.json": {
			Version: 1, Alert: checkout, ReceivedAt: date, Reason: "Datadog could not create the event (503)", MaybePosted: true, Attempt: 2,
			Trace: map[string]string{"x-datadog-trace-id": "71", "x-datadog-parent-id": "9", "x-datadog-sampling-priority": "1"},
		},
		"testdata/summary-v1.json": {
			Version: 1, Alert: checkout, ReceivedAt: date, Reason: "a storm held alerts back",
			Storm: &Storm{Source: "352347:4711", Start: date, Limit: 20},
		},
		"testdata/follow-up-v2.json": {
			Version: 2, Alert: checkout, ReceivedAt: date, Reason: "a follow-up of the alert after 15m",
			FollowUp: &FollowUp{Number: 1, After: 15 * time.Minute, Then: enrich.Standing{State: "Alert", Failing: 3, Groups: 14, Value: &value, Unit: "second"}},
		},
		"testdata/action-v2.json": {
			Version: 2, Alert: checkout, ReceivedAt: date, Reason: "the step ticket of the playbook shop: jira.example.com failed (503 Service Unavailable)", MaybePosted: true,
			Action: &Action{
				Action: enrich.Action{
					Playbook: "shop", Step: "ticket", Kind: "http", With: "url: https://jira.example.com/issues\nbody: '{\"title\": \"Checkout is slow\"}'\n",
					Timeout: 5 * time.Second, Once: true, Keep: map[string]string{"ticket": "{{ .steps.ticket.body.key }}"},
				},
				Posted: event.Posted{ID: "5", URL: "https://app.datadoghq.com/event/event?id=5"}, Title: "Checkout is slow",
			},
		},
		"testdata/action-kept-v2.json": {
			Version: 2, Alert: checkout, ReceivedAt: date, Reason: "the ledger table \"ledger\" is throttled",
			Action: &Action{
				Action: enrich.Action{Playbook: "shop", Step: "ticket", Kind: "http", With: "url: https://jira.example.com/issues\n"},
				Posted: event.Posted{ID: "5", URL: "https://app.datadoghq.com/event/event?id=5"}, Kept: map[string]string{"ticket": "OPS-7"},
			},
		},
	} {
		isCompressed := path == "testdata/message-v1-compressed.json"
		if body := mustEncode(t, m); *update && !isCompressed {
			if err := os.WriteFile(path, []byte(body+"\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		golden := readFile(t, path)
		same(t, path, m, mustDecode(t, golden))
		// The compressed bytes depend on the version of compress/gzip.
		if !isCompressed {
			same(t, path, golden, mustEncode(t, m))
		}
	}
}

func TestEncode(t *testing.T) {
	t.Run("empty message", func(t *testing.T) {
		same(t, "body", `{"version":1,"alert":{}}`, mustEncode(t, Message{Version: 7}))
	})
	t.Run("characters that SQS does not allow", func(t *testing.T) {
		m := whole()
		m.Alert.Message = "a\x00\x01\x1b\x7f\u0085\uFFFE\uFFFF\U0010FFFF é\t\n"
		m.Alert.LogsSample = json.RawMessage("\"\uFFFF\"")
		body := mustEncode(t, m)
		for _, r := range body {
			if r < ' ' || r == '\uFFFE' || r == '\uFFFF' {
				t.Errorf("the body contains %U", r)
			}
		}
		got := mustDecode(t, body)
		same(t, "message", m.Alert.Message, got.Alert.Message)
		same(t, "logs sample", `"\uffff"`, string(got.Alert.LogsSample))
	})
	t.Run("invalid UTF-8", func(t *testing.T) {
		m := whole()
		m.Alert.Title, m.Alert.LogsSample = "a\xffb", json.RawMessage("\"a\xffb\"")
		got := mustDecode(t, mustEncode(t, m))
		same(t, "title", "a\uFFFDb", got.Alert.Title)
		same(t, "logs sample", "\"a\uFFFDb\"", string(got.Alert.LogsSample))
	})
	t.Run("long reason", func(t *testing.T) {
		got := mustDecode(t, mustEncode(t, Message{Alert: alert.Alert{ID: "1"}, Reason: strings.Repeat("é", 10_000)}))
		same(t, "reason", strings.Repeat("é", maxReasonBytes/2), got.Reason)
	})
	// The body of an alert has at most 256 KiB, and the message may hold it twice.
	t.Run("large alert", func(t *testing.T) {
		for name, text := range map[string]string{
			"noise": noise(1, 256<<10), "control characters": strings.Repeat("\x01\x02", 128<<10), "quotes": strings.Repeat(`"`, 256<<10),
		} {
			m := whole()
			m.Alert.Message, m.Alert.Text = text, text
			same(t, name, m, mustDecode(t, mustEncode(t, m)))
		}
	})
	t.Run("too large", func(t *testing.T) {
		for _, m := range []Message{
			{Alert: alert.Alert{ID: "1", Message: noise(1, 3<<20)}},
			{ReceivedAt: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}, // It does not marshal.
		} {
			if _, err := Encode(m); err == nil || fault.From(err).Kind != fault.Internal {
				t.Errorf("got %v", err)
			}
		}
	})
}

func TestDecode(t *testing.T) {
	t.Run("unknown fields", func(t *testing.T) {
		m := mustDecode(t, `{"version":1,"alert":{"id":"1","colour":{"of":"sky"}},"priority":3,"received_at":"2026-11-21T10:00:00Z"}`)
		same(t, "id", "1", m.Alert.ID)
	})
	t.Run("digest instead of an id", func(t *testing.T) {
		same(t, "digest", "ab", mustDecode(t, `{"version":1,"alert":{"digest":"ab"}}`).Alert.Digest)
	})
	t.Run("versions", func(t *testing.T) {
		a := alert.Alert{ID: "1"}
		large := alert.Alert{ID: "1", Message: strings.Repeat("load is high\n", 100_000)}
		for name, c := range map[string]struct {
			message Message
			version int
		}{
			"alert":                {Message{Alert: a, Version: 2}, 1},
			"storm":                {Message{Alert: a, Storm: &Storm{}}, 1},
			"follow-up":            {Message{Alert: a, FollowUp: &FollowUp{}}, 2},
			"compressed alert":     {Message{Alert: large}, 1},
			"action":               {Message{Alert: a, Action: &Action{}}, 2},
			"compressed follow-up": {Message{Alert: large, FollowUp: &FollowUp{Number: 2}}, 2},
		} {
			body := mustEncode(t, c.message)
			if want := fmt.Sprintf(`{"version":%d,`, c.version); !strings.HasPrefix(body, want) {
				t.Errorf("%s: the body begins with %.20s, want %s", name, body, want)
			}
			c.message.Version = c.version
			same(t, name, c.message, mustDecode(t, body))
		}
	})
	t.Run("large integers", func(t *testing.T) {
		m := mustDecode(t, `{"version":1,"alert":{"id":"1","extra":{"n":9007199254740993}}}`)
		same(t, "n", any(int64(9007199254740993)), m.Alert.Extra["n"])
	})
	const foreign = "did not write this queue message"
	for name, c := range map[string]struct {
		body string
		kind fault.Kind
		says string
	}{
		"empty":                    {"", fault.Malformed, foreign},
		"a list":                   {"[]", fault.Malformed, foreign},
		"truncated":                {`{"version":1,"alert":{"id":"1"`, fault.Malformed, foreign},
		"an alert of a wrong type": {`{"version":1,"alert":[]}`, fault.Malformed, foreign},
		"a version in quotes":      {`{"version":"1","alert":{"id":"1"}}`, fault.Malformed, foreign},
		"gzip, not base64":         {`{"version":1,"gzip":"%"}`, fault.Malformed, foreign},
		"gzip, not compressed":     {`{"version":1,"gzip":"aGVsbG8="}`, fault.Malformed, foreign},
		"gzip, truncated":          {`{"version":1,"gzip":"` + pressed(strings.Repeat("x", 1000))[:24] + `"}`, fault.Malformed, foreign},
		"gzip, not JSON":           {compressed("hello"), fault.Malformed, foreign},
		"gzip bomb":                {compressed(`{"version":1,"alert":{"id":"1"}}` + strings.Repeat(" ", maxUnpackedBytes)), fault.Malformed, foreign},
		"no version":               {`{"alert":{"id":"1"}}`, fault.Invalid, "version 0"},
		"a later version":          {`{"version":3,"alert":"elsewhere","gzip":{}}`, fault.Invalid, "deploy the version that wrote it"},
		"no alert":                 {`{"version":1}`, fault.Invalid, "has no alert"},
		"an alert without a key":   {`{"version":1,"alert":{"title":"t"}}`, fault.Invalid, "has no alert"},
		"gzip, no alert":           {compressed(`{"version":1}`), fault.Invalid, "has no alert"},
	} {
		t.Run(name, func(t *testing.T) {
			m, err := Decode(c.body)
			if err == nil || fault.From(err).Kind != c.kind || !strings.Contains(fault.Public(err), c.says) {
				t.Errorf("got %v", err)
			}
			same(t, "message", Message{}, m)
		})
	}
}

func pressed(text string) string { return base64.StdEncoding.EncodeToString(compress(text)) }

func compressed(text string) string { return `{"version":1,"gzip":"` + pressed(text) + `"}` }

// Decode returns a message that Encode and Decode keep, or a permanent error.
func FuzzDecode(f *testing.F) {
	golden, err := os.ReadFile("testdata/message-v1.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{
		string(golden), "", "null", "[]", `{"version":1}`, `{"version":2}`, `{"version":1,"alert":{"id":"1"}}`, `{"version":1,"gzip":""}`,
		`{"version":1,"alert":{"digest":"a","extra":{"a":[1,1.5,1e400,null,{"b":"\uffff"}]},"logs_sample":null,"date":"2026-11-21T10:00:00+02:00"}}`,
		fmt.Sprintf(`{"version":1,"gzip":%q}`, pressed(`{"version":1,"alert":{"id":"1"}}`)),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		m, err := Decode(body)
		if err != nil {
			if fault.IsTemporary(err) || fault.Public(err) == "" {
				t.Fatalf("got %v", err)
			}
			return
		}
		again := mustDecode(t, mustEncode(t, m))
		same(t, "message", again, mustDecode(t, mustEncode(t, again)))
		if again.Alert.Key() != strings.ToValidUTF8(m.Alert.Key(), "\uFFFD") {
			t.Fatalf("the key %q became %q", m.Alert.Key(), again.Alert.Key())
		}
	})
}
