package main_test

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/sandbox"
	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
)

const (
	folder  = "../../../events"
	payload = "webhook-payload.json"
)

// situations names the files, with the transition that each is about.
var situations = map[string]alert.Transition{
	"triggered.json":               alert.Triggered,
	"re-triggered.json":            alert.ReTriggered,
	"warn.json":                    alert.Warn,
	"no-data.json":                 alert.NoData,
	"recovered.json":               alert.Recovered,
	"renotify.json":                alert.Renotify,
	"test-notification.json":       alert.Triggered,
	"torq-payload.json":            alert.Triggered,
	"datadog-default-payload.json": alert.Triggered, // Only its title says so.
	"form.json":                    alert.Triggered,
	"base64.json":                  alert.Triggered,
	"unresolved-variables.json":    alert.Triggered,
	"object-variables.json":        alert.Triggered,
	"own-event.json":               alert.Triggered, // Its title is that of the alert.
	"wrong-token.json":             alert.Triggered,
}

func TestEvents_Files(t *testing.T) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	want := slices.Sorted(maps.Keys(situations))
	want = append(want, payload, "payload.go", "README.md")
	slices.Sort(want)
	if diff := cmp.Diff(want, names); diff != "" {
		t.Errorf("files of events/ (-want +got):\n%s", diff)
	}
}

func TestEvents(t *testing.T) {
	ids := map[string]string{}
	for name, transition := range situations {
		t.Run(name, func(t *testing.T) {
			raw, r := event(t, name)

			// What the type of aws-lambda-go leaves out, Lambda sends all the same.
			var top struct {
				RouteKey       string `json:"routeKey"`
				RequestContext struct {
					RouteKey string `json:"routeKey"`
					Stage    string `json:"stage"`
				} `json:"requestContext"`
			}
			if err := json.Unmarshal(raw, &top); err != nil {
				t.Fatal(err)
			}
			type said map[string]any
			got := said{
				"version": r.Version, "routeKey": top.RouteKey, "requestContext.routeKey": top.RequestContext.RouteKey,
				"stage": top.RequestContext.Stage, "accountId": r.RequestContext.AccountID, "path": r.RequestContext.HTTP.Path,
				"host": r.Headers["host"], "domainPrefix": r.RequestContext.DomainPrefix, "user-agent": r.Headers["user-agent"],
				"x-forwarded-for": r.Headers["x-forwarded-for"], "time": r.RequestContext.Time,
			}
			want := said{
				"version": "2.0", "routeKey": "$default", "requestContext.routeKey": "$default",
				"stage": "$default", "accountId": "anonymous", "path": r.RawPath,
				"host": r.RequestContext.DomainName, "domainPrefix": r.RequestContext.APIID, "user-agent": r.RequestContext.HTTP.UserAgent,
				"x-forwarded-for": r.RequestContext.HTTP.SourceIP,
				"time":            time.UnixMilli(r.RequestContext.TimeEpoch).UTC().Format("02/Jan/2006:15:04:05 -0700"),
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the event (-want +got):\n%s", diff)
			}
			if method := r.RequestContext.HTTP.Method; method != "POST" {
				t.Errorf("method is %s, want POST", method)
			}
			for header := range r.Headers {
				if header != strings.ToLower(header) {
					t.Errorf("the header %s is not in lower case, and Lambda writes every header so", header)
				}
			}
			checkBody(t, r)

			a, err := handler.Decode(r)
			if err != nil {
				t.Fatal(err)
			}
			if a.Transition != transition || len(a.Unreadable) > 0 {
				t.Errorf("transition is %q, want %q; unreadable: %v", a.Transition, transition, a.Unreadable)
			}
			if other, ok := ids[a.ID]; ok || a.ID == "" {
				t.Errorf("id %q is empty, or that of %q: delivered one after the other, one would be a duplicate", a.ID, other)
			}
			ids[a.ID] = name
			if late := time.UnixMilli(r.RequestContext.TimeEpoch).Sub(a.Date); late < 0 || late > time.Minute {
				t.Errorf("the alert of %s was sent %s later: Datadog sends it within seconds", a.Date, late)
			}
			got = said{"accepted": r.Headers["x-webhook-token"] == sandbox.Token, "our own": a.IsFromBoomerang(), "test": a.Test}
			want = said{"accepted": name != "wrong-token.json", "our own": name == "own-event.json", "test": name == "test-notification.json"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("the alert (-want +got):\n%s", diff)
			}
		})
	}
}

// checkBody holds the body beside the flags and headers that speak about it.
func checkBody(t *testing.T, r events.LambdaFunctionURLRequest) {
	t.Helper()
	body := []byte(r.Body)
	if r.IsBase64Encoded {
		var err error
		if body, err = base64.StdEncoding.DecodeString(r.Body); err != nil {
			t.Fatalf("the body is marked as base64: %v", err)
		}
	}
	if length := strconv.Itoa(len(body)); r.Headers["content-length"] != length {
		t.Errorf("content-length is %s, want %s", r.Headers["content-length"], length)
	}
	if !utf8.Valid(body) {
		t.Error("the body is not UTF-8")
	}
	if strings.HasPrefix(r.Headers["content-type"], "application/json") {
		if !json.Valid(body) {
			t.Error("the body is not JSON")
		}
		return
	}
	if !r.IsBase64Encoded {
		t.Error("Lambda hands a form over as base64")
	}
	if _, err := url.ParseQuery(string(body)); err != nil {
		t.Errorf("the body is not a form: %v", err)
	}
}

func TestEvents_Bodies(t *testing.T) {
	body := func(name string) string {
		_, r := event(t, name)
		return r.Body
	}
	if n := strings.Count(body("unresolved-variables.json"), `"$`); n < 10 {
		t.Errorf("unresolved-variables.json has %d unresolved variables, want 10 or more", n)
	}
	if !strings.Contains(body("object-variables.json"), `"logs_sample":{`) {
		t.Error("object-variables.json has no object in logs_sample")
	}
	if _, r := event(t, "base64.json"); !r.IsBase64Encoded || !strings.HasPrefix(r.Headers["content-type"], "application/json") {
		t.Error("base64.json is not JSON in base64")
	}
	if _, r := event(t, "form.json"); r.Headers["content-type"] != "application/x-www-form-urlencoded" {
		t.Error("form.json is not a form")
	}
	var torq struct{ Body, Title, Date, ID, Metadata any }
	decoder := json.NewDecoder(strings.NewReader(body("torq-payload.json")))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&torq); err != nil || torq.Metadata == nil {
		t.Errorf("torq-payload.json is not of the shape that Torq recommends: %v", err)
	}
}

// TestPayload holds our own template to what makes it safe to register: every
// key is understood, and every value is text, so that the body is JSON with any value
// Datadog puts in the variable's place. The variables that are objects are left
// out for that reason; $LOGS_SAMPLE is quoted in templates that work.
func TestPayload(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(folder, payload))
	if err != nil {
		t.Fatal(err)
	}
	var template map[string]string
	if err := json.Unmarshal(raw, &template); err != nil {
		t.Fatalf("every value must be text: %v", err)
	}
	objects := []string{
		"INCIDENT_ATTACHMENTS", "INCIDENT_COMMANDER", "INCIDENT_CUSTOMER_IMPACT", "INCIDENT_FIELDS", "INCIDENT_INTEGRATIONS", "INCIDENT_TODOS",
		"SECURITY_RULE_MATCHED_QUERIES", "SECURITY_RULE_QUERY", "SECURITY_RULE_GROUP_BY_FIELDS", "SECURITY_SIGNAL_ATTRIBUTES", "SYNTHETICS_SUMMARY",
	}
	var want, got []string
	for _, variable := range alert.Variables() {
		if !slices.Contains(objects, variable) {
			want = append(want, variable)
		}
	}
	for key, value := range template {
		got = append(got, strings.TrimPrefix(value, "$"))
		if value != "$"+strings.ToUpper(key) {
			t.Errorf("%s holds %s, want $%s", key, value, strings.ToUpper(key))
		}
		if !alert.Known(key) {
			t.Errorf("the decoder does not know %s", key)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("variables (-worth having +in the template):\n%s", diff)
	}
}

func event(t *testing.T, name string) ([]byte, events.LambdaFunctionURLRequest) {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		t.Fatal(err)
	}
	var r events.LambdaFunctionURLRequest
	if err := json.Unmarshal(raw, &r); err != nil {
		t.Fatal(err)
	}
	return raw, r
}
