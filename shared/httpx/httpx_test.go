package httpx

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestIsLoopback(t *testing.T) {
	for host, want := range map[string]bool{
		"localhost": true, "LocalHost": true, "127.0.0.1": true, "127.9.9.9": true, "::1": true,
		"": false, "10.0.0.1": false, "0.0.0.0": false, "localhost.example.com": false, "127.0.0.1.example.com": false, "127.0.0.1:80": false,
	} {
		if got := IsLoopback(host); got != want {
			t.Errorf("IsLoopback(%q) = %v, want %v", host, got, want)
		}
	}
}

func TestStatus(t *testing.T) {
	for status, want := range map[int]struct {
		line               string
		success, temporary bool
	}{
		199: {line: "199"}, 200: {"200 OK", true, false}, 299: {"299", true, false}, 302: {line: "302 Found"},
		400: {line: "400 Bad Request"}, 403: {line: "403 Forbidden"}, 404: {line: "404 Not Found"},
		408: {"408 Request Timeout", false, true}, 425: {"425 Too Early", false, true}, 429: {"429 Too Many Requests", false, true},
		500: {"500 Internal Server Error", false, true}, 599: {"599", false, true},
	} {
		if line, success, temporary := StatusLine(status), IsSuccess(status), IsTemporary(status); line != want.line || success != want.success || temporary != want.temporary {
			t.Errorf("status %d: got %q, success %v, temporary %v", status, line, success, temporary)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 5, 10, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-7": 0, "soon": 0, "1.5": 0, "999999999": MaxRetryAfter, "99999999999999999999": 0,
		"Thu, 05 Mar 2026 10:01:00 GMT": time.Minute, "Thu, 05 Mar 2026 09:00:00 GMT": 0, "Thu, 05 Mar 2099 09:00:00 GMT": MaxRetryAfter,
	} {
		if got := RetryAfter(http.Header{"Retry-After": {value}}, now); got != want {
			t.Errorf("Retry-After %q: got %v, want %v", value, got, want)
		}
	}
}

func TestWithContextCause(t *testing.T) {
	reset := errors.New("connection reset")
	if err := WithContextCause(t.Context(), reset); err != reset {
		t.Errorf("running context: got %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := WithContextCause(ended, reset); !errors.Is(err, context.Canceled) || !errors.Is(err, reset) {
		t.Errorf("cancelled context: got %v", err)
	}
	if err := WithContextCause(ended, context.Canceled); err != context.Canceled {
		t.Errorf("cause already there: got %v", err)
	}
}

func TestIsTimeout(t *testing.T) {
	for _, tt := range []struct {
		err  error
		want bool
	}{
		{fmt.Errorf("get: %w", context.DeadlineExceeded), true},
		{fmt.Errorf("dial: %w", &net.DNSError{IsTimeout: true}), true},
		{&net.DNSError{IsNotFound: true}, false},
		{context.Canceled, false},
	} {
		if got := IsTimeout(tt.err); got != tt.want {
			t.Errorf("IsTimeout(%v) = %v", tt.err, got)
		}
	}
}

func TestRedactError(t *testing.T) {
	redact := strings.NewReplacer("t0ken", "<secret>").Replace
	plain := errors.New("connection reset")
	if err := RedactError(plain, redact); err != plain {
		t.Errorf("no secret: got %v", err)
	}
	err := RedactError(fmt.Errorf("malformed response t0ken: %w", plain), redact)
	if err.Error() != "malformed response <secret>: connection reset" || !errors.Is(err, plain) {
		t.Errorf("secret: got %v", err)
	}
	if inner := errors.Unwrap(err); inner != nil {
		t.Errorf("the unredacted error is still reachable: %v", inner)
	}
}

func TestURLProblem(t *testing.T) {
	for address, want := range map[string]string{
		"https://api.datadoghq.com": "", "https://proxy.example/datadog/": "", "http://127.0.0.1:8126": "", "http://[::1]:8126": "",
		"": "not an http", "datadog.example": "not an http", "ftp://127.0.0.1": "not an http", "https://%zz:hunter2@": "not an http",
		"http://10.0.0.1": "plain http", "http://127.0.0.1.example": "plain http", "https://me:hunter2@datadog.example": "credentials",
		"https://datadog.example?api_key=hunter2": "query", "https://datadog.example#a": "fragment",
	} {
		if got := URLProblem(address); (got == "") != (want == "") || !strings.Contains(got, want) || strings.Contains(got, "hunter2") {
			t.Errorf("%s: got %q, want %q", address, got, want)
		}
	}
}
