package queue

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fault"
)

func TestDecode(t *testing.T) {
	t.Run("fields that are yet to come are ignored", func(t *testing.T) {
		m := mustDecode(t, `{"version":1,"alert":{"id":"1","colour":{"of":"sky"}},"priority":3,"received_at":"2026-11-21T10:00:00Z"}`)
		same(t, "id", "1", m.Alert.ID)
	})
	t.Run("an alert without an id has its digest", func(t *testing.T) {
		same(t, "digest", "ab", mustDecode(t, `{"version":1,"alert":{"digest":"ab"}}`).Alert.Digest)
	})
	t.Run("whole numbers keep every digit", func(t *testing.T) {
		m := mustDecode(t, `{"version":1,"alert":{"id":"1","extra":{"n":9007199254740993}}}`)
		same(t, "n", any(int64(9007199254740993)), m.Alert.Extra["n"])
	})

	compressed := func(text string) string { return `{"version":1,"gzip":"` + pressed(text) + `"}` }
	permanent := map[string]struct {
		body string
		kind fault.Kind
		says string
	}{
		"nothing":                     {"", fault.Malformed, "not one that Boomerang wrote"},
		"a list":                      {"[]", fault.Malformed, "not one that Boomerang wrote"},
		"half a message":              {`{"version":1,"alert":{"id":"1"`, fault.Malformed, "not one that Boomerang wrote"},
		"an alert of a wrong type":    {`{"version":1,"alert":[]}`, fault.Malformed, "not one that Boomerang wrote"},
		"a version in quotes":         {`{"version":"1","alert":{"id":"1"}}`, fault.Malformed, "not one that Boomerang wrote"},
		"gzip that is no base64":      {`{"version":1,"gzip":"%"}`, fault.Malformed, "not one that Boomerang wrote"},
		"gzip that is none":           {`{"version":1,"gzip":"aGVsbG8="}`, fault.Malformed, "not one that Boomerang wrote"},
		"gzip that was cut":           {`{"version":1,"gzip":"` + pressed(strings.Repeat("x", 1000))[:24] + `"}`, fault.Malformed, "not one that Boomerang wrote"},
		"gzip of something else":      {compressed("hello"), fault.Malformed, "not one that Boomerang wrote"},
		"gzip of more than it should": {compressed(`{"version":1,"alert":{"id":"1"}}` + strings.Repeat(" ", maxUnpackedBytes)), fault.Malformed, "not one that Boomerang wrote"},
		"no version":                  {`{"alert":{"id":"1"}}`, fault.Invalid, "version 0"},
		"a later version":             {`{"version":2,"alert":"elsewhere","gzip":{}}`, fault.Invalid, "deploy the version that wrote it"},
		"no alert":                    {`{"version":1}`, fault.Invalid, "carries no alert"},
		"an alert without identity":   {`{"version":1,"alert":{"title":"t"}}`, fault.Invalid, "carries no alert"},
		"gzip without an alert":       {compressed(`{"version":1}`), fault.Invalid, "carries no alert"},
	}
	for name, c := range permanent {
		t.Run(name+" fails for good", func(t *testing.T) {
			m, err := Decode(c.body)
			if err == nil || fault.From(err).Kind != c.kind || !strings.Contains(fault.Public(err), c.says) {
				t.Errorf("got %v", err)
			}
			same(t, "message", Message{}, m)
		})
	}
}

func pressed(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write([]byte(text)) // A buffer takes everything.
	_ = w.Close()
	return base64.StdEncoding.EncodeToString(b.Bytes())
}

// Whatever stands in the queue, Decode gives a message that Encode and Decode
// carry unchanged, or an error that sends it to the dead-letter queue.
func FuzzDecode(f *testing.F) {
	golden, err := os.ReadFile("testdata/message-v1.json")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(string(golden))
	for _, seed := range []string{
		"", "null", "[]", `{"version":1}`, `{"version":2}`, `{"version":1,"alert":{"id":"1"}}`, `{"version":1,"gzip":""}`,
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
		again, err := Encode(m)
		if err != nil || len(again) > maxBodyBytes {
			t.Fatalf("Encode: %d bytes, %v", len(again), err)
		}
		settled := mustDecode(t, again)
		if diff := cmp.Diff(settled, mustDecode(t, mustEncode(t, settled))); diff != "" {
			t.Fatalf("changed on the way (-first +second):\n%s", diff)
		}
		if len(settled.Alert.Unreadable) == len(m.Alert.Unreadable) && settled.Alert.Key() != strings.ToValidUTF8(m.Alert.Key(), "\uFFFD") {
			t.Fatalf("the key %q became %q", m.Alert.Key(), settled.Alert.Key())
		}
	})
}
