package datadog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"boomerang/shared/fault"
	"boomerang/shared/httpx"
	"boomerang/shared/site"
)

// brokenConnections are servers that break the protocol before the status.
var brokenConnections = map[string]http.HandlerFunc{
	"reset":        hangUp(""),
	"closed":       hangUp("HTTP/1."),
	"not HTTP":     hangUp("SSH-2.0-OpenSSH_9.9\r\n\r\n"),
	"cut headers":  hangUp("HTTP/1.1 202 Accepted\r\nContent-Type: appli"),
	"bad redirect": hangUp("HTTP/1.1 302 Found\r\nLocation: http://%zz/" + apiKey + "\r\nContent-Length: 0\r\n\r\n"),
	"echoed keys":  hangUp("HTTP/1.1 " + apiKey + appKey + "\r\n\r\n"),
}

// unreadableResponses have status 2xx.
var unreadableResponses = map[string]http.HandlerFunc{
	"cut off":        hangUp("HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n" + wholeAnswer),
	"cut JSON":       hangUp("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 10\r\n\r\n{\"event\":{"),
	"cut chunks":     hangUp("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3a\r\n" + wholeAnswer),
	"empty":          write("", ""),
	"no content":     func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) },
	"HTML":           write("", "<html>welcome to the wifi</html>"),
	"another object": write("", `{"status":"ok"}`),
	"another type":   write("", `["event"]`),
	"null":           write("", `null`),
	"other fields":   write("", `{"event":7,"events":7,"id":"x"}`),
	"not gzip":       write("gzip", wholeAnswer),
	"echoed keys":    echo(200, "%s %s"),
}

func write(encoding, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if encoding != "" {
			w.Header().Set("Content-Encoding", encoding)
		}
		_, _ = io.WriteString(w, body)
	}
}

// hangUp sends raw and closes the connection, with a reset when raw is empty.
func hangUp(raw string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			panic(err)
		}
		if raw == "" {
			_ = conn.(*net.TCPConn).SetLinger(0)
		}
		_, _ = io.WriteString(conn, raw)
		_ = conn.Close()
	}
}

// zeros is an endless body.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

// quotes are rejections that quote the keys.
var quotes = map[string]http.HandlerFunc{
	"echo 400":     echo(400, `{"errors":["the keys %s and %s are unknown"]}`),
	"echo 403":     echo(403, `{"errors":["the keys %s and %s are unknown"]}`),
	"echo 500":     echo(500, `{"errors":["the keys %s and %s are unknown"]}`),
	"echo as text": echo(400, strings.Repeat("x", 280)+" %s %s"),
}

func echo(status int, format string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, format, r.Header.Get("DD-API-KEY"), r.Header.Get("DD-APPLICATION-KEY"))
	}
}

func TestClient_BrokenServer(t *testing.T) {
	for kind, handlers := range map[string]map[string]http.HandlerFunc{"broken": brokenConnections, "unreadable": unreadableResponses, "quotes": quotes} {
		for how, handler := range handlers {
			t.Run(how, func(t *testing.T) {
				s, _ := server(t, handler)
				c := newClient(t, Config{Site: site.US1, BaseURL: s.URL}, keyring{renew: func(Keys) (Keys, error) { return fresh, nil }})
				testCalls(t, func(t *testing.T, call apiCall) {
					err := call.do(t.Context(), c)
					if kind == "unreadable" && call.isCreate() {
						if err != nil {
							t.Errorf("the event was accepted: %v", err)
						}
						return
					}
					f, e := failure(t, err)
					if isStatus := e.Status/100 == 2; kind != "quotes" && (f.Kind != fault.Temporary || e.Cause == nil || isStatus != (kind == "unreadable") || !isStatus && e.Status != 0) {
						t.Errorf("got kind %v and %+v", f.Kind, e)
					}
					hasNoKeys(t, err)
				}, allCalls...)
			})
		}
	}
}

// hasNoKeys prints an error in every way.
func hasNoKeys(t *testing.T, err error) {
	t.Helper()
	f, e := failure(t, err)
	for _, text := range []string{
		err.Error(), f.Public, e.Text, e.Error(), fault.Public(err),
		fmt.Sprintf("%v %+v %#v %q", err, err, err, err), fmt.Sprintf("%+v %#v", *e, *e),
	} {
		for _, key := range []string{apiKey, appKey, freshAPI, freshApp, apiKey[:16], appKey[:16]} {
			if strings.Contains(text, key) {
				t.Errorf("the error has a key: %s", text)
			}
		}
	}
}

func TestClient_Unreachable(t *testing.T) {
	create := createCalls["create"].do
	s, c := server(t, nil)
	s.Close()
	if err := create(t.Context(), c); !fault.IsTemporary(err) || !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("refused: got %v", err)
	}
	s = httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the keys were sent") }))
	s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	s.StartTLS()
	defer s.Close()
	err := create(t.Context(), newClient(t, Config{Site: site.US1, BaseURL: s.URL}, keyring{}))
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok || !fault.IsTemporary(err) {
		t.Errorf("an unknown certificate: got %v", err)
	}
}

func TestClient_RejectionCutOff(t *testing.T) {
	for status, kind := range map[string]fault.Kind{"400 Bad Request": fault.Permanent, "503 Service Unavailable": fault.Temporary} {
		_, c := server(t, hangUp("HTTP/1.1 "+status+"\r\nContent-Length: 500\r\n\r\nno such thin"))
		f, e := failure(t, createCalls["create"].do(t.Context(), c))
		if f.Kind != kind || httpx.StatusLine(e.Status) != status || e.Text != "no such thin" {
			t.Errorf("got kind %v and %+v", f.Kind, e)
		}
	}
}

func TestClient_EndlessBody(t *testing.T) {
	var read int64
	starting := func(status int, start string) *Client {
		return clientOver(t, func(*http.Request) (*http.Response, error) {
			body := &io.LimitedReader{R: io.MultiReader(strings.NewReader(start), zeros{}), N: math.MaxInt}
			return &http.Response{StatusCode: status, Body: closer{body, func() { read = math.MaxInt - body.N }}}, nil
		}, keyring{})
	}
	endless := func(status int) *Client { return starting(status, "") }
	f, e := failure(t, readCalls["monitor"].do(t.Context(), endless(200)))
	if f.Kind != fault.Permanent || !errors.Is(e, errTooLarge) || f.Public != "Datadog sent too much to get the monitor; ask for less at a time" {
		t.Errorf("a read: got kind %v and %v", f.Kind, f)
	}
	f, e = failure(t, readCalls["events"].do(t.Context(), starting(200, `{"events":[`+strings.Repeat(" ", maxListBytes))))
	if f.Kind != fault.Permanent || !errors.Is(e, errTooLarge) || f.Public != "Datadog sent too much to list events; ask for less at a time" {
		t.Errorf("a list: got kind %v and %v", f.Kind, f)
	}
	if f, e = failure(t, readCalls["events"].do(t.Context(), endless(200))); f.Kind != fault.Temporary || e.Status != 200 || read > maxBodyBytes {
		t.Errorf("no list: got kind %v and %+v after %d bytes", f.Kind, e, read)
	}
	if f, e = failure(t, readCalls["events"].do(t.Context(), endless(503))); f.Kind != fault.Temporary || e.Status != 503 || e.Text != "" {
		t.Errorf("a rejection: got kind %v and %+v", f.Kind, e)
	}
	if err := createCalls["create"].do(t.Context(), endless(202)); err != nil {
		t.Errorf("an accepted event: %v", err)
	}
}

// stuck is a body that ends with its context.
type stuck struct{ ctx context.Context }

func (s stuck) Read([]byte) (int, error) {
	<-s.ctx.Done()
	return 0, context.Cause(s.ctx)
}

func TestClient_ContextEnds(t *testing.T) {
	errBudget := errors.New("the step's budget is spent")
	for how, tt := range map[string]struct {
		ctx   func(context.Context) (context.Context, context.CancelFunc)
		is    error
		cause error
	}{
		"deadline": {func(p context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(p, time.Second)
		}, context.DeadlineExceeded, nil},
		"deadline with a cause": {func(p context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeoutCause(p, time.Second, errBudget)
		}, context.DeadlineExceeded, errBudget},
		"cancelled": {func(p context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(p)
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		}, context.Canceled, nil},
	} {
		for where, s := range map[string]roundTrip{
			"before the status": func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, context.Cause(r.Context())
			},
			"inside the body": func(r *http.Request) (*http.Response, error) {
				return &http.Response{StatusCode: 200, Body: io.NopCloser(stuck{r.Context()})}, nil
			},
		} {
			testCalls(t, func(t *testing.T, call apiCall) {
				synctest.Test(t, func(t *testing.T) {
					ctx, cancel := tt.ctx(t.Context())
					defer cancel()
					err := call.do(ctx, clientOver(t, s, keyring{}))
					if call.isCreate() && where == "inside the body" {
						if err != nil {
							t.Errorf("%s: the event was accepted: %v", how, err)
						}
						return
					}
					f, _ := failure(t, err)
					if f.Kind != fault.Temporary || !errors.Is(err, tt.is) || tt.cause != nil && !errors.Is(err, tt.cause) {
						t.Errorf("%s %s: got kind %v of %v", how, where, f.Kind, err)
					}
					if strings.Contains(f.Public, "took too long") != (tt.is == context.DeadlineExceeded) {
						t.Errorf("%s %s: the public text is %q", how, where, f.Public)
					}
				})
			}, allCalls...)
		}
	}
}
