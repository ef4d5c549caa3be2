package handler_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// A template's spelling of values and its small mistakes do not change the event.
func TestHandler_Spellings(t *testing.T) {
	now := time.Now().UTC().Truncate(time.Second)
	plain := fmt.Sprintf(`{"id":"8306082300000000001","alert_id":"42","org_id":"7","date":"%d","alert_priority":"P4","tags":"env:prod,service:checkout",`+
		`"title":"[Triggered] CPU","body":"one\ntwo","logs":"","link":"https://app.datadoghq.com/event/event?id=8306082300000000001"}`, now.UnixMilli())
	event := func(body string) map[string]any {
		t.Helper()
		r := handle(t, newEnv(t).handler(), with(post(body), "x-dry-run", "true"))
		got := fields(t, r.Body)
		if r.StatusCode != http.StatusOK || got["unreadable"] != nil {
			t.Fatalf("%s: %d %s", body, r.StatusCode, r.Body)
		}
		return got["event"].(map[string]any)
	}
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
}
