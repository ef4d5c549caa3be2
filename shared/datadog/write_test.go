package datadog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/fault"
)

const privateValue = "the-private-token"

// writes are the calls that change something, each with the permission that it needs.
var writes = map[string]struct {
	permission string
	do         func(context.Context, *Client) error
}{
	"create_webhook": {createWebhooks, func(ctx context.Context, c *Client) error { return c.CreateWebhook(ctx, Webhook{Name: "a"}) }},
	"update_webhook": {manageIntegrations, func(ctx context.Context, c *Client) error { return c.UpdateWebhook(ctx, Webhook{Name: "a"}) }},
	"delete_webhook": {manageIntegrations, func(ctx context.Context, c *Client) error { return c.DeleteWebhook(ctx, "a") }},
	"create_variable": {manageIntegrations, func(ctx context.Context, c *Client) error {
		return c.CreateVariable(ctx, SecretVariable{Name: "A", Value: privateValue})
	}},
	"update_variable": {manageIntegrations, func(ctx context.Context, c *Client) error {
		return c.UpdateVariable(ctx, SecretVariable{Name: "A", Value: privateValue})
	}},
	"delete_variable": {manageIntegrations, func(ctx context.Context, c *Client) error { return c.DeleteVariable(ctx, "A") }},
	"create_dashboard": {dashboardsWrite, func(ctx context.Context, c *Client) error {
		_, err := c.CreateDashboard(ctx, json.RawMessage(`{}`))
		return err
	}},
	"update_dashboard": {dashboardsWrite, func(ctx context.Context, c *Client) error {
		return c.UpdateDashboard(ctx, "a", json.RawMessage(`{}`))
	}},
	"delete_dashboard": {dashboardsWrite, func(ctx context.Context, c *Client) error { return c.DeleteDashboard(ctx, "a") }},
	"create_monitor": {monitorsWrite, func(ctx context.Context, c *Client) error {
		_, err := c.CreateMonitor(ctx, MonitorDefinition{Definition: json.RawMessage(`{}`)})
		return err
	}},
	"update_monitor": {monitorsWrite, func(ctx context.Context, c *Client) error {
		return c.UpdateMonitor(ctx, MonitorDefinition{ID: 7, Definition: json.RawMessage(`{}`)})
	}},
	"delete_monitor": {monitorsWrite, func(ctx context.Context, c *Client) error { return c.DeleteMonitor(ctx, MonitorDefinition{ID: 7}) }},
}

func TestClient_a_change_fails_with_its_kind_and_what_to_do(t *testing.T) {
	for name, w := range writes {
		for status, want := range map[int]fault.Kind{
			400: fault.Permanent, 401: fault.Permanent, 403: fault.Permanent, 404: fault.Permanent, 409: fault.Permanent,
			408: fault.Temporary, 429: fault.Temporary, 500: fault.Temporary, 503: fault.Temporary,
		} {
			t.Run(fmt.Sprintf("%s_%d", name, status), func(t *testing.T) {
				f, e := failure(t, w.do(t.Context(), clientOver(t, answering(status, `{"errors":["Words"]}`), keyring{})))
				if f.Kind != want || e.Status != status || IsNotFound(f) != (status == 404) {
					t.Errorf("got %v, %+v", f.Kind, e)
				}
				if names := strings.Contains(f.Public, "the permission "+w.permission); names != (status == 401 || status == 403) {
					t.Errorf("it says %s", f.Public)
				}
			})
		}
	}
}

func TestClient_a_change_is_made_once_the_status_says_so(t *testing.T) {
	for name, w := range writes {
		err := w.do(t.Context(), clientOver(t, answering(200, "what is no JSON"), keyring{}))
		// Only who makes something has to learn its id.
		learns := name == "create_dashboard" || name == "create_monitor"
		if (err != nil) != learns || learns && !fault.IsTemporary(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, body := range []string{`{}`, `[]`, `{"id":null}`} {
		if _, err := clientOver(t, answering(200, body), keyring{}).CreateMonitor(t.Context(), MonitorDefinition{}); !fault.IsTemporary(err) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestClient_a_refusal_that_quotes_the_token_does_not_show_it(t *testing.T) {
	quotes := answering(400, `{"errors":["Invalid value `+privateValue+`"]}`)
	breaks := roundTrip(func(*http.Request) (*http.Response, error) {
		return nil, errors.New("malformed answer " + privateValue)
	})
	for _, name := range []string{"create_variable", "update_variable"} {
		for what, transport := range map[string]roundTrip{"a_refusal": quotes, "a_broken_answer": breaks} {
			err := writes[name].do(t.Context(), clientOver(t, transport, keyring{}))
			f, e := failure(t, err)
			for _, text := range []string{f.Public, f.Error(), e.Error(), fmt.Sprintf("%v", err)} {
				if strings.Contains(text, privateValue) {
					t.Errorf("%s, %s: %s", name, what, text)
				}
			}
			if !strings.Contains(f.Public+e.Error(), "<secret>") {
				t.Errorf("%s, %s: nothing is left of what was said: %s, %s", name, what, f.Public, e)
			}
		}
	}
}

func TestSecretVariable_is_printed_by_its_name(t *testing.T) {
	v := SecretVariable{Name: "A_TOKEN", Value: privateValue}
	text, err := json.Marshal(map[string]any{"v": v})
	if got := fmt.Sprintf("%v %+v %#v %s", v, v, &v, text); err != nil || strings.Contains(got, privateValue) || !strings.Contains(got, "$A_TOKEN") {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestClient_Webhook(t *testing.T) {
	var l log
	c := clientOver(t, l.answering(200, `{"name":"a b","url":"https://example.com/","payload":"{}","custom_headers":null,"encode_as":"json","new":1}`), keyring{})
	got, err := c.Webhook(t.Context(), "a b/c")
	want := Webhook{Name: "a b", URL: "https://example.com/", Payload: "{}", EncodeAs: "json"}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	if !strings.HasSuffix(l.requests[0].url, "/webhooks/a%20b%2Fc") {
		t.Errorf("asked %s", l.requests[0].url)
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
		t.Errorf("a 403: %v", err)
	}
}

// pages answers with so many dashboards, page by page; each hundredth has the title.
func pages(total int) roundTrip {
	return func(r *http.Request) (*http.Response, error) {
		q, _ := url.ParseQuery(r.URL.RawQuery)
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
		found, err := clientOver(t, pages(total), keyring{}).DashboardsTitled(t.Context(), "ours")
		if err != nil || len(found) != want {
			t.Errorf("%d: found %d, %v", total, len(found), err)
		}
		if want > 0 && (found[want-1].ID != strconv.Itoa(100*(want-1)) || found[0].URL != "https://app.datadoghq.com/dashboard/0") {
			t.Errorf("%d: found %+v", total, found)
		}
	}
	if _, err := clientOver(t, pages(1<<30), keyring{}).DashboardsTitled(t.Context(), "none"); err == nil || fault.IsTemporary(err) {
		t.Errorf("a list without an end: %v", err)
	}
}

func TestClient_Dashboard_keeps_the_whole_definition(t *testing.T) {
	const body = `{"id":"p63-b2n-sjg","title":"a","url":"/dashboard/p63-b2n-sjg/a","widgets":[{"id":1,"definition":{"type":"note"}}]}`
	got, err := clientOver(t, answering(200, body), keyring{}).Dashboard(t.Context(), "p63-b2n-sjg")
	want := Dashboard{ID: "p63-b2n-sjg", Title: "a", URL: "https://app.datadoghq.com/dashboard/p63-b2n-sjg/a", Definition: json.RawMessage(body)}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
}

func TestClient_MonitorsTagged_keeps_the_whole_definitions(t *testing.T) {
	got, err := clientOver(t, answering(200, `[{"id":7,"name":"a","query":"x"},{"id":8,"name":"b"}]`), keyring{}).MonitorsTagged(t.Context(), "c")
	want := []MonitorDefinition{
		{ID: 7, Name: "a", Definition: json.RawMessage(`{"id":7,"name":"a","query":"x"}`)},
		{ID: 8, Name: "b", Definition: json.RawMessage(`{"id":8,"name":"b"}`)},
	}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
	if _, err := clientOver(t, answering(200, `{}`), keyring{}).MonitorsTagged(t.Context(), "c"); !fault.IsTemporary(err) {
		t.Errorf("an object for a list: %v", err)
	}
}

func TestClient_Validate_shows_the_API_key_alone(t *testing.T) {
	var l log
	if err := clientOver(t, l.answering(200, `{"valid":true}`), keyring{}).Validate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if h := l.requests[0].header; h.Get("DD-API-KEY") != apiKey || h.Get("DD-APPLICATION-KEY") != "" {
		t.Errorf("sent %v", h)
	}
}
