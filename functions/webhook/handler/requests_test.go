package handler_test

import (
	"context"
	"encoding/base64"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/pipeline"
)

func TestHandler_Unauthorized(t *testing.T) {
	basic := func(user, password string) string {
		return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
	}
	bare := without(post(torqBody), "x-webhook-token")
	for name, c := range map[string]struct {
		request events.LambdaFunctionURLRequest
		want    int
	}{
		"x-webhook-token":             {with(bare, "x-webhook-token", goodToken), 200},
		"x-webhook-token, upper case": {with(bare, "X-Webhook-Token", goodToken), 200},
		"bearer":                      {with(bare, "authorization", "Bearer "+goodToken), 200},
		"bearer, lower case":          {with(bare, "authorization", "bearer "+goodToken), 200},
		"basic password":              {with(bare, "authorization", basic("datadog", goodToken)), 200},
		"basic password, no user":     {with(bare, "authorization", basic("", goodToken)), 200},
		"nothing":                     {bare, 401},
		"an empty header":             {with(bare, "x-webhook-token", ""), 401},
		"a wrong token":               {with(bare, "x-webhook-token", goodToken+"x"), 401},
		"prefix of the token":         {with(bare, "x-webhook-token", goodToken[:5]), 401},
		"wrong bearer":                {with(bare, "authorization", "Bearer x"), 401},
		"empty bearer":                {with(bare, "authorization", "Bearer"), 401},
		"token as basic user":         {with(bare, "authorization", basic(goodToken, "")), 401},
		"basic, not base64":           {with(bare, "authorization", "Basic !"), 401},
		"another scheme":              {with(bare, "authorization", "Digest "+goodToken), 401},
		"wrong token, malformed body": {with(post("{"), "x-webhook-token", "x"), 401},
	} {
		t.Run(name, func(t *testing.T) {
			r := handle(t, newEnv(t).handler(), c.request)
			if r.StatusCode != c.want {
				t.Fatalf("got %d %s, want %d", r.StatusCode, r.Body, c.want)
			}
			if c.want == 401 && r.Body != "" {
				t.Errorf("the body says %q", r.Body)
			}
		})
	}
}

func TestHandler_Requests(t *testing.T) {
	form := func(body string) events.LambdaFunctionURLRequest {
		return with(post(body), "content-type", "application/x-www-form-urlencoded")
	}
	encoded := func(body string) events.LambdaFunctionURLRequest {
		r := post(base64.StdEncoding.EncodeToString([]byte(body)))
		r.IsBase64Encoded = true
		return r
	}
	notBase64 := post("%")
	notBase64.IsBase64Encoded = true
	put := post(torqBody)
	put.RequestContext.HTTP.Method = http.MethodPut
	atLimit := `{"id":"1","x":"` + strings.Repeat("x", 256<<10-17) + `"}`

	for name, c := range map[string]struct {
		request events.LambdaFunctionURLRequest
		want    int
	}{
		"JSON with a charset":          {with(post(torqBody), "content-type", "application/json; charset=UTF-8"), 200},
		"JSON of a vendor":             {with(post(torqBody), "content-type", "application/vnd.datadog+json"), 200},
		"no media type":                {without(post(torqBody), "content-type"), 200},
		"base64":                       {encoded(torqBody), 200},
		"a form with payload":          {form("payload=" + url.QueryEscape(torqBody)), 200},
		"a form with a field per key":  {form("id=1&title=x&tags=a%3Ab%2Cc"), 200},
		"an id alone":                  {post(`{"id":"1"}`), 200},
		"a title alone":                {post(`{"title":"x"}`), 200},
		"a body alone":                 {post(`{"body":"x"}`), 200},
		"an invalid date":              {post(`{"id":"1","date":"yesterday"}`), 200},
		"a body at the limit":          {post(atLimit), 200},
		"a GET":                        {get("/"), 405},
		"a PUT":                        {put, 405},
		"a body over the limit":        {post(atLimit + " "), 413},
		"a base64 body over the limit": {encoded(atLimit + " "), 413},
		"JSON as plain text":           {with(post(torqBody), "content-type", "text/plain; charset=UTF-8"), 200},
		"plain text":                   {with(post("[Triggered] CPU"), "content-type", "text/plain"), 200},
		"a picture's media type":       {with(post(torqBody), "content-type", "image/png"), 415},
		"an unreadable media type":     {with(post(torqBody), "content-type", "application/json; ="), 200},
		"a charset of two bytes":       {with(post(torqBody), "content-type", "application/json; charset=utf-16"), 415},
		"another charset":              {with(post(torqBody), "content-type", "application/json; charset=ISO-8859-1"), 200},
		"a form with files":            {with(post("--x\r\nContent-Disposition: form-data; name=payload\r\n\r\n"+torqBody+"\r\n--x--"), "content-type", "multipart/form-data; boundary=x"), 200},
		"no body":                      {post(""), 400},
		"half a JSON":                  {post(`{"id":`), 400},
		"a JSON list":                  {post(`[]`), 400},
		"two JSON values":              {post(`{"id":"1"}{}`), 400},
		"too much, compressed":         {compressed(t, atLimit+" "), 413},
		"not gzip":                     {post("\x1f\x8b, "), 400},
		"not base64":                   {notBase64, 400},
		"an empty object":              {post(`{}`), 422},
		"only unresolved variables":    {post(`{"id":"$ID","title":"$EVENT_TITLE","body":"$EVENT_MSG"}`), 422},
		"nothing that is text":         {post(`{"tags":[],"resolved":true,"value":null}`), 422},
	} {
		t.Run(name, func(t *testing.T) {
			w := newEnv(t)
			r := handle(t, w.handler(), c.request)
			if c.want == 200 {
				if r.StatusCode != 200 {
					t.Fatalf("got %d %s", r.StatusCode, r.Body)
				}
				return
			}
			p := mustBeProblem(t, r, c.want)
			if c.want == 405 && r.Headers["allow"] != "POST" {
				t.Errorf("405 without the allowed method: %v", r.Headers)
			}
			if c.want == 422 {
				var named []string
				for _, e := range p["errors"].([]any) {
					named = append(named, e.(map[string]any)["field"].(string))
				}
				if got := strings.Join(named, " "); got != "id title body" {
					t.Errorf("the bad fields named are %q", got)
				}
			}
			if n := len(w.datadog.Posted()); n != 0 {
				t.Errorf("%d events were posted", n)
			}
		})
	}
}

func FuzzHandler(f *testing.F) {
	f.Add(torqBody, "application/json", "POST", "/", false)
	f.Add("payload="+url.QueryEscape(torqBody), "application/x-www-form-urlencoded", "POST", "/", false)
	f.Add("e30=", "application/json; charset=utf-8", "POST", "/x", true)
	f.Add("", "", "GET", "/health", false)
	var taken alert.Alert
	run := func(_ context.Context, a alert.Alert) (pipeline.Outcome, error) {
		taken = a
		return pipeline.Outcome{Status: pipeline.Posted}, nil
	}
	h := &handler.Handler{Tokens: token{goodToken}, Run: run, DryRun: run, Logger: slog.New(slog.DiscardHandler)}
	f.Fuzz(func(t *testing.T, body, contentType, method, path string, encoded bool) {
		r := with(post(body), "content-type", contentType)
		r.RequestContext.HTTP.Method, r.RawPath, r.IsBase64Encoded = method, path, encoded
		taken = alert.Alert{}
		response := handle(t, h, r)
		if response.StatusCode >= 500 {
			t.Errorf("a caller's mistake is answered %d: %s", response.StatusCode, response.Body)
		}
		if response.StatusCode == 200 && path != "/health" && taken.Key() == "" {
			t.Error("an alert without a key was taken")
		}
	})
}
