package queue

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/alert"
	"boomerang/shared/fault"
)

var update = flag.Bool("update", false, "write the golden files")

// whole is a message with something in every field.
func whole() Message {
	raw := func(s string) json.RawMessage { return json.RawMessage(s) }
	return Message{
		Version:     Version,
		ReceivedAt:  time.Date(2026, 11, 21, 10, 0, 1, 500_000_000, time.UTC),
		Reason:      "Datadog answered 503",
		Attempt:     2,
		MaybePosted: true,
		Trace:       map[string]string{"x-datadog-trace-id": "4503601294373001537", "x-datadog-parent-id": "4503601294373001538"},
		Alert: alert.Alert{
			ID: "8306082202796025694", AggregKey: "06ade3da0286048d242ea8e46f521c93", CycleKey: "1712345678901234567",
			MonitorID: "221164084", Metric: "system.load.1", Priority: "P1", Query: `avg(last_5m):avg:system.load.1{*} > 100`,
			Scope: "host:my-host", Status: "system.load.1 over host:my-host was > 100", AlertTitle: "[Triggered on {host:my-host}] High load",
			Transition: alert.Triggered, Type: "error",
			Date:        time.Date(2025, 10, 1, 18, 37, 4, 0, time.UTC),
			LastUpdated: time.Date(2025, 10, 1, 18, 37, 5, 1_000_000, time.UTC),
			Title:       "[P1] [Triggered] High load", Message: "%%%\nLoad <b>&</b> more · @webhook-boomerang\n%%%", Text: "Load & more",
			EventType: "query_alert_monitor", EventPriority: "normal", Hostname: "my-host",
			Tags: alert.Tags{"monitor", "service:A B", "team:dev:ops"}, Link: "https://app.datadoghq.com/monitors/221164084?group=a&b",
			Snapshot: "https://p.datadoghq.com/snapshot/1.png", MetricNamespace: "system", OrgID: "352347", OrgName: "vng",
			Email: "dev@example.com", User: "dev", Username: "dev@example.com",
			LogsSample: raw(`{"columns":["Time"],"label":"Sample Logs","rows":[{"items":["1"],"message":"boom"}]}`),
			Incident: alert.Incident{
				Attachments: raw(`[]`), Commander: raw(`{"name":"Ada"}`), CustomerImpact: raw(`{"customer_impacted":true}`),
				Fields: raw(`{}`), Integrations: raw(`[1]`), Message: "down", PublicID: "17", Severity: "SEV-2", Status: "active",
				Title: "Down", Todos: raw(`[]`), URL: "https://app.datadoghq.com/incidents/17", UUID: "0f0e",
			},
			Security: alert.Security{
				RuleName: "Brute force", RuleID: "abc", RuleType: "log_detection", RuleQueries: raw(`[{"query":"x"}]`),
				RuleGroupByFields: raw(`{"@usr":"eve"}`), SignalID: "sig", SignalSeverity: "high", SignalTitle: "Eve",
				SignalMessage: "many logins", SignalAttributes: raw(`{"n":1}`),
			},
			Synthetics: alert.Synthetics{TestName: "checkout", FirstFailingStepName: "pay", Summary: raw(`{"failed":1}`)},
			Test:       true,
			Extra:      alert.Extra{"runbook": "https://example.com/r", "big": int64(9007199254740993), "ratio": 0.5, "nested": map[string]any{"a": []any{int64(1), nil}}},
			Unreadable: []alert.Problem{{Field: "metadata.DATE", Reason: "is not a date"}},
			Digest:     strings.Repeat("ab", 32),
		},
	}
}

// noise is text that compresses badly, the same for the same seed.
func noise(seed uint64, length int) string {
	r := rand.New(rand.NewPCG(seed, 1))
	b := make([]byte, length)
	for i := range b {
		b[i] = byte(' ' + r.IntN(95))
	}
	return string(b)
}

func quoted(s string) json.RawMessage {
	b, _ := json.Marshal(s) // A string always marshals.
	return b
}

func mustEncode(t *testing.T, m Message) string {
	t.Helper()
	body, err := Encode(m)
	if err != nil {
		t.Fatalf("Encode: %v", err)
	}
	if len(body) > maxBodyBytes {
		t.Fatalf("the body has %d bytes, more than %d", len(body), maxBodyBytes)
	}
	return body
}

func mustDecode(t *testing.T, body string) Message {
	t.Helper()
	m, err := Decode(body)
	if err != nil {
		t.Fatalf("Decode: %v", err)
	}
	return m
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// The file is what version 1 looks like for good: messages of it wait in queues
// while a new version is deployed. If it has to change, Version has to as well.
func TestEncode_golden(t *testing.T) {
	body := mustEncode(t, whole())
	path := filepath.Join("testdata", "message-v1.json")
	if *update {
		writeFile(t, path, body+"\n")
	}
	same(t, path, strings.TrimSpace(readFile(t, path)), body)
	same(t, "decoded", whole(), mustDecode(t, readFile(t, path)))
}

// The compressed bytes depend on the version of compress/gzip, so only reading is pinned.
func TestDecode_compressed_golden(t *testing.T) {
	m := whole()
	m.Alert.Message = strings.Repeat("load is high\n", 25_000)
	path := filepath.Join("testdata", "message-v1-compressed.json")
	if *update {
		writeFile(t, path, mustEncode(t, m)+"\n")
	}
	if text := readFile(t, path); len(text) > 10_000 || !strings.HasPrefix(text, `{"version":1,"gzip":"`) {
		t.Errorf("%s is not compressed: %d bytes", path, len(text))
	}
	same(t, path, m, mustDecode(t, readFile(t, path)))
}

func TestEncode(t *testing.T) {
	t.Run("an empty message says its version", func(t *testing.T) {
		same(t, "body", `{"version":1,"alert":{}}`, mustEncode(t, Message{Version: 7}))
	})
	t.Run("characters that SQS refuses are escaped and arrive", func(t *testing.T) {
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
	t.Run("invalid UTF-8 is replaced", func(t *testing.T) {
		m := whole()
		m.Alert.Title = "a\xffb"
		m.Alert.LogsSample = json.RawMessage("\"a\xffb\"")
		got := mustDecode(t, mustEncode(t, m))
		same(t, "title", "a\uFFFDb", got.Alert.Title)
		same(t, "logs sample", "\"a\uFFFDb\"", string(got.Alert.LogsSample))
	})
	t.Run("a part that is not JSON is left out and named", func(t *testing.T) {
		m := whole()
		m.Alert.Text = ""
		m.Alert.LogsSample = json.RawMessage(`{"cut`)
		want := m
		want.Alert.LogsSample = nil
		want.Alert.Unreadable = append(m.Alert.Unreadable, alert.Problem{Field: "logs_sample", Reason: leftOut})
		same(t, "decoded", want, mustDecode(t, mustEncode(t, m)))
	})
	t.Run("what has no JSON form at all is a mistake of ours", func(t *testing.T) {
		_, err := Encode(Message{ReceivedAt: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err == nil || fault.From(err).Kind != fault.Internal {
			t.Fatalf("got %v", err)
		}
	})
}

func TestEncode_large(t *testing.T) {
	const large = 300 << 10
	cases := map[string]struct {
		fill func(*alert.Alert)
		// want undoes, on a copy of the alert, what is expected to be left out.
		want  func(*alert.Alert)
		notes []string
	}{
		"what compresses well is left whole": {
			fill: func(a *alert.Alert) { a.Extra = alert.Extra{"list": strings.Repeat("0123456789", 50_000)} },
			want: func(*alert.Alert) {},
		},
		"what would unpack to more than Decode takes is left out": {
			fill: func(a *alert.Alert) {
				*a = alert.Alert{ID: "1", Extra: alert.Extra{"list": strings.Repeat("0", maxUnpackedBytes)}}
			},
			want:  func(a *alert.Alert) { a.Extra = nil },
			notes: []string{"extra"},
		},
		"the text without markdown goes first": {
			fill:  func(a *alert.Alert) { a.Text, a.LogsSample = noise(1, large), quoted(noise(2, 100_000)) },
			want:  func(a *alert.Alert) { a.Text = "" },
			notes: []string{"text"},
		},
		"the text stays when there is no message": {
			fill:  func(a *alert.Alert) { a.Message, a.Text, a.LogsSample = "", noise(1, 100_000), quoted(noise(2, large)) },
			want:  func(a *alert.Alert) { a.LogsSample = nil },
			notes: []string{"logs_sample"},
		},
		"JSON details go next, and only as many as it takes": {
			fill: func(a *alert.Alert) {
				a.Text, a.LogsSample = "", nil
				a.Synthetics.Summary = quoted(noise(1, 100_000))
				a.Security.SignalAttributes = quoted(noise(2, 100_000))
				a.Incident.Todos = quoted(noise(3, 100_000))
			},
			want:  func(a *alert.Alert) { a.Synthetics.Summary = nil },
			notes: []string{"synthetics"},
		},
		"the keys of our own user go after the details": {
			fill: func(a *alert.Alert) { a.Extra = alert.Extra{"list": noise(1, large)} },
			want: func(a *alert.Alert) {
				a.Text, a.LogsSample, a.Synthetics.Summary, a.Extra = "", nil, nil, nil
				a.Security.RuleQueries, a.Security.RuleGroupByFields, a.Security.SignalAttributes = nil, nil, nil
				i := &a.Incident
				i.Attachments, i.Commander, i.CustomerImpact, i.Fields, i.Integrations, i.Todos = nil, nil, nil, nil, nil, nil
			},
			notes: []string{"text", "logs_sample", "synthetics", "security", "incident", "extra"},
		},
		"a message that is too large on its own is shortened": {
			fill: func(a *alert.Alert) {
				*a = alert.Alert{ID: "1", Title: "t", Message: noise(1, large), Tags: alert.Tags{"a:b"}}
			},
			want: func(a *alert.Alert) {
				*a = alert.Alert{ID: "1", Title: "t", Message: noise(1, large)[:maxMessageTextBytes], Tags: alert.Tags{"a:b"}}
			},
			notes: []string{"alert"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := whole()
			c.fill(&m.Alert)
			want := m
			c.want(&want.Alert)
			for _, part := range c.notes {
				want.Alert.Unreadable = append(want.Alert.Unreadable[:len(want.Alert.Unreadable):len(want.Alert.Unreadable)], alert.Problem{Field: part, Reason: leftOut})
			}
			if len(c.notes) > 0 && c.notes[len(c.notes)-1] == "alert" {
				want.Trace = nil
			}
			same(t, "decoded", want, mustDecode(t, mustEncode(t, m)))
		})
	}

	t.Run("the caller's alert is not touched", func(t *testing.T) {
		fill := func() Message {
			m := whole()
			m.Alert.LogsSample = quoted(noise(1, large))
			m.Alert.Unreadable = append(make([]alert.Problem, 0, 8), m.Alert.Unreadable...)
			return m
		}
		m := fill()
		mustEncode(t, m)
		same(t, "message", fill(), m)
		same(t, "the list's spare room", alert.Problem{}, m.Alert.Unreadable[:2][1])
	})

	t.Run("alerts whose ids differ late stay apart", func(t *testing.T) {
		keys := map[string]bool{}
		for _, last := range []string{"1", "2"} {
			m := Message{Alert: alert.Alert{ID: strings.Repeat("7", 5000) + last, Message: noise(1, large)}}
			keys[mustDecode(t, mustEncode(t, m)).Alert.Key()] = true
		}
		same(t, "keys", 2, len(keys))
	})

	t.Run("an alert that is too large in every field still arrives with its identity", func(t *testing.T) {
		var m Message
		fillEvery(reflect.ValueOf(&m).Elem(), 8_000, new(uint64))
		m.Alert.ID, m.Alert.OrgID, m.Alert.Date = "8306082202796025694", "352347", whole().Alert.Date
		m.ReceivedAt, m.Alert.LastUpdated = whole().ReceivedAt, time.Time{}
		got := mustDecode(t, mustEncode(t, m))
		same(t, "key", m.Alert.Key(), got.Alert.Key())
		same(t, "date", m.Alert.Date, got.Alert.Date)
		same(t, "received at", m.ReceivedAt, got.ReceivedAt)
		same(t, "tags", maxTags, len(got.Alert.Tags))
		if last := got.Alert.Unreadable[len(got.Alert.Unreadable)-1]; last.Field != "alert" {
			t.Errorf("the last note is %+v", last)
		}
		for what, text := range map[string]string{"title": got.Alert.Title, "message": got.Alert.Message, "reason": got.Reason} {
			if text == "" {
				t.Errorf("the %s is gone", what)
			}
		}
	})
}

// fillEvery puts noise into everything that can hold any, fields that are yet to
// come included.
func fillEvery(v reflect.Value, length int, seed *uint64) {
	*seed++
	text := noise(*seed, length)
	switch {
	case v.Type() == reflect.TypeFor[json.RawMessage]():
		v.SetBytes(quoted(text))
	case v.Type() == reflect.TypeFor[time.Time]():
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Kind() == reflect.Bool:
		v.SetBool(true)
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), maxTags+10, maxTags+10))
		for i := range v.Len() {
			fillEvery(v.Index(i), 2*maxTagBytes, seed)
		}
	case v.Kind() == reflect.Map:
		value := reflect.New(v.Type().Elem()).Elem()
		if value.Kind() == reflect.Interface {
			value.Set(reflect.ValueOf(text))
		} else {
			fillEvery(value, length, seed)
		}
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("key"), value)
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			fillEvery(v.Field(i), length, seed)
		}
	}
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v; write it with go test -update", err)
	}
	return string(b)
}
