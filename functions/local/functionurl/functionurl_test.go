package functionurl_test

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"

	"boomerang/functions/local/functionurl"
)

func TestServer(t *testing.T) {
	var got events.LambdaFunctionURLRequest
	server := httptest.NewServer(&functionurl.Server{Timeout: time.Minute, Function: lambda.NewHandler(
		func(_ context.Context, r events.LambdaFunctionURLRequest) (events.LambdaFunctionURLResponse, error) {
			got = r
			return events.LambdaFunctionURLResponse{StatusCode: 201, Headers: map[string]string{"x-answer": "yes"}, Body: "done"}, nil
		})})
	defer server.Close()

	request := func(contentType, body string) *http.Response {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/hook%2Fx?Q=1&Q=2", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", contentType)
		r.Header.Add("X-Many", "a")
		r.Header.Add("X-Many", "b")
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = response.Body.Close() })
		return response
	}

	response := request("application/json", `{"a":1}`)
	body, _ := io.ReadAll(response.Body)
	if response.StatusCode != 201 || response.Header.Get("X-Answer") != "yes" || string(body) != "done" {
		t.Errorf("the caller got %d %v %q", response.StatusCode, response.Header, body)
	}
	if got.Version != "2.0" || got.RawPath != "/hook%2Fx" || got.RawQueryString != "Q=1&Q=2" || got.QueryStringParameters["Q"] != "1,2" {
		t.Errorf("the function got %+v", got)
	}
	if got.Headers["x-many"] != "a,b" || got.Headers["host"] == "" {
		t.Errorf("the function got headers %v", got.Headers)
	}
	if got.IsBase64Encoded || got.Body != `{"a":1}` || got.RequestContext.HTTP.Method != "POST" || got.RequestContext.AccountID != "anonymous" {
		t.Errorf("the function got %+v", got)
	}

	request("application/x-www-form-urlencoded", "a=1")
	if plain, _ := base64.StdEncoding.DecodeString(got.Body); !got.IsBase64Encoded || string(plain) != "a=1" {
		t.Errorf("a form came as %q, base64 %v", got.Body, got.IsBase64Encoded)
	}
	if response := request("application/json", strings.Repeat("x", 7<<20)); response.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("7 MiB are answered %d", response.StatusCode)
	}
}

func TestServer_FailedFunction(t *testing.T) {
	for name, function := range map[string]func(context.Context) (events.LambdaFunctionURLResponse, error){
		"error": func(context.Context) (events.LambdaFunctionURLResponse, error) {
			return events.LambdaFunctionURLResponse{}, errors.New("secret words")
		},
		"timeout": func(ctx context.Context) (events.LambdaFunctionURLResponse, error) {
			<-ctx.Done()
			return events.LambdaFunctionURLResponse{}, ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(&functionurl.Server{Timeout: 20 * time.Millisecond, Function: lambda.NewHandler(function)})
			defer server.Close()
			response, err := http.Post(server.URL, "application/json", strings.NewReader("{}"))
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			if body, _ := io.ReadAll(response.Body); response.StatusCode != http.StatusBadGateway || strings.Contains(string(body), "secret") {
				t.Errorf("got %d %s", response.StatusCode, body)
			}
		})
	}
}

func TestFresh(t *testing.T) {
	var event events.LambdaFunctionURLRequest
	event.RequestContext.TimeEpoch = time.Date(2026, time.November, 20, 9, 12, 5, 0, time.UTC).UnixMilli()
	now := time.Date(2027, time.March, 3, 0, 0, 10, 0, time.UTC)
	for body, want := range map[string]string{
		`{"date":"1795165924000","later":1795165985000}`:     `{"date":"1804032009000","later":1804032070000}`,
		`{"id":"1795165924000000000","old":"1500000000000"}`: `{"id":"1795165924000000000","old":"1500000000000"}`,
		`at Fri Nov 20 2026 09:12:04 UTC.`:                   `at Wed Mar 03 2027 00:00:09 UTC.`,
		`at Sun Nov 01 2026 09:12:04 UTC.`:                   `at Sun Nov 01 2026 09:12:04 UTC.`, // long ago
		`at Fri Nov 32 2026 09:12:04 UTC.`:                   `at Fri Nov 32 2026 09:12:04 UTC.`,
		`at Fri Nov 20 2026 09:12:04 CEST.`:                  `at Fri Nov 20 2026 09:12:04 CEST.`,
	} {
		event.Body, event.IsBase64Encoded = body, false
		got, err := functionurl.Fresh(event, now)
		if err != nil || got.Body != want || got.RequestContext.TimeEpoch != now.UnixMilli() {
			t.Errorf("got %s, %v, want %s", got.Body, err, want)
		}
		event.Body, event.IsBase64Encoded = base64.StdEncoding.EncodeToString([]byte(body)), true
		got, err = functionurl.Fresh(event, now)
		if plain, _ := base64.StdEncoding.DecodeString(got.Body); err != nil || string(plain) != want {
			t.Errorf("base64: got %s, %v, want %s", plain, err, want)
		}
	}
}
