package alert

import (
	"encoding/json"
	"errors"
	"net/url"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/jsonvalue"
)

func FuzzDecode(f *testing.F) {
	for _, tt := range templates {
		f.Add(render(f, tt.template))
		f.Add([]byte(tt.template))
	}
	for _, seed := range []string{
		``, `{}`, `null`, `[]`, "\ufeff{\"id\":1}\n", `{"id":"8306082202796025694","title":null,"body":"None"}`,
		`{"title":"t","logs": }`, `{"title":"t","logs": $LOGS_SAMPLE}`, `{"title":"t"} x`, `{"title":"\ud800\u0000<&>"}`,
		`{"title":"t","logs_sample":"{\"a\":[1e400,-0.0,1.50]}","tags":{"a":1},"x":{"n":1e19,"m":18446744073709551616}}`,
		`{"title":"t","tags":["a,b",null,[1],{"c":"d"}],"date":-9223372036854775808,"last_updated":"2025-10-01T18:37:04.1+02:00"}`,
		`{"id":"1","id":"2","ID":3,"title":{"title":{"title":"t"}},"alert":{"id":4},"monitor":"5","priority":"p1","alert_priority":2}`,
		`{"id":"1","logs_sample":"` + rawSample + `","org_id":"2"}`, `{"id":"1","metadata":{"LOGS_SAMPLE":"` + cutSample + `"}}`,
		`{"id":"1","logs":" [{"a":"b"},"\""] ","tags":["["a",1]"],"title":"[1]","x":"{"a":"\ud800"}"}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := Decode(body)
		if err != nil {
			checkError(t, body, err)
			return
		}
		checkAlert(t, a)
		checkReordered(t, body, a)
	})
}

func FuzzDecodeForm(f *testing.F) {
	for _, tt := range templates {
		body := render(f, tt.template)
		f.Add(body)
		f.Add([]byte("payload=" + url.QueryEscape(string(body))))
		f.Add([]byte("title=t&metadata=" + url.QueryEscape(string(body))))
	}
	for _, seed := range []string{
		``, `&&==`, `title=%zz&body=%`, `org[id]=1&org.name=n&title=t`, `tags[]=a&tags[1]=b&tags=c&title=t`, `a[b][c]=1&a=2&a[]=3&a.b.c=4&id=5`,
		"\ufefftitle=t", `payload=%7B%22`, `%7B%22id%22%3A1%7D`, `title=%5B1%5D&tags=%5B%22a%22%5D`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		a, err := DecodeForm(body)
		if err != nil {
			checkError(t, body, err)
			return
		}
		checkAlert(t, a)
	})
}

// checkError: a refusal is one of two kinds, points into the body and is short.
func checkError(t *testing.T, body []byte, err error) {
	t.Helper()
	if invalid, ok := errors.AsType[*InvalidError](err); ok {
		if len(invalid.Problems) < 3 {
			t.Errorf("a field is not named: %v", err)
		}
		return
	}
	malformed, ok := errors.AsType[*MalformedError](err)
	if !ok {
		t.Fatalf("unexpected error %T: %v", err, err)
	}
	// A byte of a form that is no UTF-8 becomes three in the text that is read.
	if limit := 3 * len(body); malformed.Offset < 0 || malformed.Offset > limit || malformed.Column > limit+1 {
		t.Errorf("the place is outside the body: %v", err)
	}
	if len(malformed.Error()) > 600 {
		t.Errorf("the error is too long: %v", err)
	}
}

// checkAlert: nothing absent is in a field, and the queue changes nothing.
func checkAlert(t *testing.T, a Alert) {
	t.Helper()
	if a.ID+a.Title+a.AlertTitle+a.Message+a.Text+a.Status == "" {
		t.Error("an alert has no content")
	}
	if diff := cmp.Diff(a, roundTrip(t, a)); diff != "" {
		t.Errorf("after the queue (-want +got):\n%s", diff)
	}
	fields := a
	fields.Extra, fields.Unreadable, fields.LogsSample = nil, nil, nil
	fields.Incident, fields.Security, fields.Synthetics = Incident{}, Security{}, Synthetics{}
	message, err := json.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(message, &object); err != nil {
		t.Fatal(err)
	}
	for key, value := range object {
		if isAbsent(value) {
			t.Errorf("%s is %q", key, value)
		}
	}
	for _, tag := range a.Tags {
		if isAbsentText(tag) {
			t.Errorf("tag %q", tag)
		}
	}
}

// checkReordered: the order of keys, white space and escapes change nothing.
func checkReordered(t *testing.T, body []byte, a Alert) {
	t.Helper()
	payload, err := jsonvalue.ParseObject(body)
	if err != nil {
		t.Fatal(err)
	}
	sorted, err := json.MarshalIndent(payload, " ", "\t")
	if err != nil {
		t.Fatal(err)
	}
	again, err := Decode(sorted)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(a, again); diff != "" {
		t.Errorf("in another order (-want +got):\n%s", diff)
	}
}
