package datadog

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fault"
)

const privateValue = "the-private-token"

func TestClient_Write(t *testing.T) {
	for name, call := range writeCalls {
		err := call.do(t.Context(), clientOver(t, answering(200, "not JSON"), keyring{}))
		// A status of 2xx means that the change is made. Only these two need the id in the body.
		needsID := name == "create dashboard" || name == "create monitor"
		if (err != nil) != needsID || needsID && !fault.IsTemporary(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, body := range []string{`{}`, `[]`, `{"id":null}`} {
		if _, err := clientOver(t, answering(200, body), keyring{}).Add(t.Context(), MonitorDefinition{}); !fault.IsTemporary(err) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestClient_RejectionQuotesToken(t *testing.T) {
	for what, transport := range map[string]roundTrip{
		"rejection": answering(400, `{"errors":["Invalid value `+privateValue+`"]}`),
		"broken response": func(*http.Request) (*http.Response, error) {
			return nil, errors.New("malformed answer " + privateValue)
		},
	} {
		for _, name := range []string{"create variable", "update variable"} {
			err := writeCalls[name].do(t.Context(), clientOver(t, transport, keyring{}))
			f, e := failure(t, err)
			if text := fmt.Sprintf("%s %v %v %v", f.Public, f, e, err); strings.Contains(text, privateValue) || !strings.Contains(text, "<secret>") {
				t.Errorf("%s, %s: %s", name, what, text)
			}
		}
	}
}

func TestSecretVariable_Format(t *testing.T) {
	v := SecretVariable{Name: "A_TOKEN", Value: privateValue}
	text, err := json.Marshal(map[string]any{"v": v})
	if got := fmt.Sprintf("%v %+v %#v %s", v, v, &v, text); err != nil || strings.Contains(got, privateValue) || !strings.Contains(got, "$A_TOKEN") {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestClient_Webhook(t *testing.T) {
	c := clientOver(t, answering(200, `{"name":"a b","url":"https://example.com/","payload":"{}","custom_headers":null,"encode_as":"json","new":1}`), keyring{})
	got, err := c.Webhook(t.Context(), "a b")
	if want := (Webhook{Name: "a b", URL: "https://example.com/", Payload: "{}", EncodeAs: "json"}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestClient_HasVariable(t *testing.T) {
	for status, want := range map[int]bool{200: true, 404: false} {
		got, err := clientOver(t, answering(status, `{"name":"A","is_secret":true}`), keyring{}).HasVariable(t.Context(), "A")
		if got != want || err != nil {
			t.Errorf("%d: %v, %v", status, got, err)
		}
	}
	if _, err := clientOver(t, answering(403, ""), keyring{}).HasVariable(t.Context(), "A"); err == nil || !strings.Contains(fault.Public(err), integrationsRead) {
		t.Errorf("403: %v", err)
	}
}

// pages answers with that many dashboards. Each hundredth has the title.
func pages(total int) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		q := r.URL.Query()
		start, _ := strconv.Atoi(q.Get("start"))
		count, _ := strconv.Atoi(q.Get("count"))
		list := []map[string]string{}
		for n := start; n < min(start+count, total); n++ {
			title := "another"
			if n%100 == 0 {
				title = "ours"
			}
			list = append(list, map[string]string{"id": strconv.Itoa(n), "title": title, "url": "/dashboard/" + strconv.Itoa(n)})
		}
		body, err := json.Marshal(map[string]any{"dashboards": list})
		return respond(200, string(body)), err
	}
}

func TestClient_DashboardsTitled(t *testing.T) {
	for total, want := range map[int]int{0: 0, 1: 1, 100: 1, 101: 2, 250: 3} {
		calls := 0
		counted := func(r *http.Request) (*http.Response, error) { calls++; return pages(total)(r) }
		found, err := clientOver(t, counted, keyring{}).DashboardsTitled(t.Context(), "ours")
		if err != nil || len(found) != want || calls != total/pageSize+1 {
			t.Errorf("%d: found %d in %d requests, %v", total, len(found), calls, err)
		}
		if want > 0 && (found[want-1].ID != strconv.Itoa(100*(want-1)) || found[0].URL != "https://app.datadoghq.com/dashboard/0") {
			t.Errorf("%d: found %+v", total, found)
		}
	}
	var calls int
	endless := func(r *http.Request) (*http.Response, error) { calls++; return pages(1 << 30)(r) }
	if _, err := clientOver(t, endless, keyring{}).DashboardsTitled(t.Context(), "none"); err == nil || fault.IsTemporary(err) || calls != maxPages {
		t.Errorf("an endless list: %d requests, %v", calls, err)
	}
}

func TestClient_Definitions(t *testing.T) {
	const body = `{"id":"p63-b2n-sjg","title":"a","url":"/dashboard/p63-b2n-sjg/a","widgets":[{"id":1,"definition":{"type":"note"}}]}`
	dashboard, err := clientOver(t, answering(200, body), keyring{}).Dashboard(t.Context(), "p63-b2n-sjg")
	want := Dashboard{ID: "p63-b2n-sjg", URL: "https://app.datadoghq.com/dashboard/p63-b2n-sjg/a", Definition: json.RawMessage(body)}
	if diff := cmp.Diff(want, dashboard); err != nil || diff != "" {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	monitors, err := clientOver(t, answering(200, `[{"id":7,"name":"a","query":"x"},{"id":8,"name":"b"}]`), keyring{}).MonitorsTagged(t.Context(), "c")
	wantMonitors := []MonitorDefinition{
		{ID: "7", Name: "a", Definition: json.RawMessage(`{"id":7,"name":"a","query":"x"}`)},
		{ID: "8", Name: "b", Definition: json.RawMessage(`{"id":8,"name":"b"}`)},
	}
	if diff := cmp.Diff(wantMonitors, monitors); err != nil || diff != "" {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	if _, err := clientOver(t, answering(200, `{}`), keyring{}).MonitorsTagged(t.Context(), "c"); !fault.IsTemporary(err) {
		t.Errorf("an object for a list: %v", err)
	}
}

func TestClient_NotificationRules(t *testing.T) {
	got, err := clientOver(t, answering(200, `{"data":[{"type":"monitor-notification-rule","id":"5d","attributes":{"name":"a","filter":{"tags":["a:b"]},"recipients":["x"],"created_at":"2025-05-29T02:36:15.639714+00:00","modified_at":"1970-01-01T00:00:00+00:00"}},
		{"id":"6e","attributes":{"name":"b","filter":{"scope":"a:b"},"conditional_recipients":{"conditions":[{"scope":"priority:p1","recipients":["x"]}],"fallback_recipients":["y"]},"bundle_config":{"duration":60}}},
		{"id":"7f","attributes":{"name":"c","filter":{"new":true},"recipients":{"dynamic":"team"},"bundle_config":null}}]}`), keyring{}).NotificationRules(t.Context())
	want := []NotificationRule{
		{ID: "5d", Name: "a", Filter: RuleFilter{Tags: []string{"a:b"}}, Recipients: []string{"x"}, Created: time.Date(2025, 5, 29, 2, 36, 15, 639714000, time.UTC), Modified: time.Unix(0, 0).UTC()},
		{ID: "6e", Name: "b", Filter: RuleFilter{Scope: "a:b"}, Bundle: map[string]any{"duration": 60.0}, Conditional: &ConditionalRecipients{
			Conditions: []RuleCondition{{"priority:p1", []string{"x"}}}, Fallback: []string{"y"},
		}},
		{ID: "7f", Name: "c"},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	for total, calls := range map[int]int{99: 1, 250: 3} {
		made := 0
		found, err := clientOver(t, func(r *http.Request) (*http.Response, error) {
			page, _ := strconv.Atoi(r.URL.Query().Get("page"))
			made++
			body, err := json.Marshal(map[string]any{"data": make([]map[string]string, min(pageSize, total-page*pageSize))})
			return respond(200, string(body)), err
		}, keyring{}).NotificationRules(t.Context())
		if err != nil || len(found) != total || made != calls {
			t.Errorf("%d: found %d in %d requests, %v", total, len(found), made, err)
		}
	}
}
