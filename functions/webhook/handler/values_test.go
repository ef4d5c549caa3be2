package handler_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"
)

// A template's spelling of values and its small mistakes do not change the event.
func TestHandler_Spellings(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	plain := fmt.Sprintf(`{"id":"8306082300000000001","alert_id":"42","org_id":"7","date":"%d","alert_priority":"P4","tags":"env:prod,service:checkout",`+
		`"title":"[Triggered] CPU","body":"one\ntwo","logs":"","link":"https://app.datadoghq.com/event/event?id=8306082300000000001"}`, now.UnixMilli())
	eventOf := func(request events.LambdaFunctionURLRequest) map[string]any {
		t.Helper()
		r := handle(t, newEnv(t).handler(), with(request, "x-dry-run", "true"))
		got := fields(t, r.Body)
		if r.StatusCode != http.StatusOK || got["unreadable"] != nil {
			t.Fatalf("%s: %d %s", request.Body, r.StatusCode, r.Body)
		}
		return got["event"].(map[string]any)
	}
	event := func(body string) map[string]any { return eventOf(post(body)) }
	want := event(plain)
	if want["date_happened"] != float64(now.Unix()) {
		t.Errorf("the event has the date %v", want["date_happened"])
	}
	date := fmt.Sprintf(`"date":"%d"`, now.UnixMilli())
	for _, spelling := range [][2]string{
		{`"id":"8306082300000000001"`, `"id":8306082300000000001`},
		{`"id":"8306082300000000001"`, `"id":8306082300000000001.0`},
		{`"alert_id":"42"`, `"alert_id":42.0`},
		{`"alert_id":"42"`, `"monitor_id":"4.2e1"`},
		{`"org_id":"7"`, `"org":{"id":7.0}`},
		{`"alert_priority":"P4"`, `"priority":4`},
		{`"alert_priority":"P4"`, `"priority":"4 (low)"`},
		{`"alert_priority":"P4"`, `"priority":P4`},
		{date, fmt.Sprintf(`"date":%d`, now.UnixMicro())},
		{date, fmt.Sprintf(`"date":"%d"`, now.UnixNano())},
		{date, fmt.Sprintf(`"date":%d.000`, now.Unix())},
		{date, now.Format(`"date":"2006-01-02 15:04:05 UTC"`)},
		{date, now.Format(`"date":"2006-01-02 15:04:05.000-0700"`)},
		{date, now.Format(`"date":"Mon Jan 02 2006 15:04:05 UTC"`)},
		{date, now.Format(`"date":"` + http.TimeFormat + `"`)},
		{`"tags":"env:prod,service:checkout"`, `"tags":["env:prod" "service:checkout",]`},
		{`"tags":"env:prod,service:checkout"`, `"tags":[{"key":"env","value":"prod"},{"name":"service","value":"checkout"}]`},
		{`"tags":"env:prod,service:checkout"`, `"tags":"[\"env:prod\",\"service:checkout\"]"`},
		{`one\ntwo`, "one\ntwo"},
		{`"logs":""`, `"logs":`},
		{`"logs":""`, `"logs":$LOGS_SAMPLE`},
		{`CPU",`, `CPU"`},
		{`}`, `,}`},
		{`{`, "\ufeff{"},
	} {
		if !strings.Contains(plain, spelling[0]) {
			t.Fatalf("the body has no %s", spelling[0])
		}
		if diff := cmp.Diff(want, event(strings.Replace(plain, spelling[0], spelling[1], 1))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", spelling[1], diff)
		}
	}
	var pairs []string
	for key, value := range fields(t, plain) {
		pairs = append(pairs, url.QueryEscape(key)+"="+url.QueryEscape(value.(string)))
	}
	for name, request := range map[string]events.LambdaFunctionURLRequest{
		"a form without its media type":            post("payload=" + url.QueryEscape(plain)),
		"a form of fields, without its media type": post(strings.Join(pairs, "&")),
		"compressed": compressed(t, plain),
	} {
		if diff := cmp.Diff(want, eventOf(request)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// compressed is a request as Lambda gives one with a compressed body.
func compressed(t *testing.T, body string) events.LambdaFunctionURLRequest {
	t.Helper()
	var buffer bytes.Buffer
	w := gzip.NewWriter(&buffer)
	if _, err := w.Write([]byte(body)); err != nil || w.Close() != nil {
		t.Fatal("the body was not compressed", err)
	}
	r := with(post(base64.StdEncoding.EncodeToString(buffer.Bytes())), "content-encoding", "gzip")
	r.IsBase64Encoded = true
	return r
}
