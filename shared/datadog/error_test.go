package datadog

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"boomerang/shared/fault"
	"boomerang/shared/site"
)

// temporaryStatuses are all of them but 5xx.
var temporaryStatuses = []int{408, 425, 429}

func TestClient_every_status(t *testing.T) {
	for name, operation := range operations {
		for status := 200; status <= 599; status++ {
			t.Run(fmt.Sprintf("%s_%d", name, status), func(t *testing.T) {
				body := `{"errors":["Words of Datadog"]}`
				if status < 300 {
					body = wholeAnswer
				}
				c := clientOver(t, answering(status, body, "X-RateLimit-Reset", "45"), keyring{})
				err := operation(t.Context(), c)
				if status < 300 {
					if err != nil {
						t.Fatal(err)
					}
					return
				}
				f, e := failure(t, err)
				kind, wait := fault.Permanent, time.Duration(0)
				keysRefused := (status == 401 || status == 403) && strings.HasPrefix(name, "create")
				if status >= 500 || slices.Contains(temporaryStatuses, status) || keysRefused {
					kind = fault.Temporary
				}
				if status == 429 {
					wait = 45 * time.Second
				}
				if f.Kind != kind || f.RetryAfter != wait || e.Reset != wait {
					t.Errorf("got kind %v after %v (%v), want %v after %v", f.Kind, f.RetryAfter, e.Reset, kind, wait)
				}
				if fault.IsTemporary(err) != (kind == fault.Temporary) {
					t.Error("fault.IsTemporary disagrees")
				}
				if e.Status != status || e.Words != "Words of Datadog" || e.Cause != nil {
					t.Errorf("got %+v", e)
				}
				for _, text := range []string{f.Public, e.Error(), f.Error(), fault.LogText(err)} {
					if !strings.Contains(text, e.Op) || !strings.Contains(text, fmt.Sprint(status)) {
						t.Errorf("%q does not say what failed and how", text)
					}
					// What is asked for holds an alert's words, and who refuses it may quote them.
					if strings.Contains(text, "Words of Datadog") != (text == f.Public) {
						t.Errorf("with Datadog's words, or without: %q", text)
					}
				}
			})
		}
	}
}

func TestClient_public_text(t *testing.T) {
	tests := map[string]struct {
		op, want string
		answer   roundTrip
	}{
		"a_400": {
			"create", "Datadog refused to create the event (400 Bad Request): Event too far in the past",
			answering(400, `{"errors":["Event too far in the past"]}`, "Content-Type", "text/plain; charset=utf-8"),
		},
		"a_403_of_the_API_key": {
			"create", "Datadog refused to create the event (403 Forbidden); check that the API key is one of an organisation on datadoghq.com",
			answering(403, `{"status":"error","code":403,"errors":["Forbidden"]}`),
		},
		"a_400_of_the_v2_API": {
			"create_alert", "Datadog refused to create the event (400 Bad Request): Bad Request: JSON validation failed at $.data.attributes.title: missing",
			answering(400, `{"errors":[{"status":"400","title":"Bad Request","detail":"JSON validation failed at $.data.attributes.title: missing"}]}`),
		},
		"a_403_of_the_v2_API": {
			"create_alert", "Datadog refused to create the event (403 Forbidden); check that both keys are of one organisation on datadoghq.com",
			answering(403, `{"errors":[{"status":"403","title":"Forbidden"}]}`),
		},
		"a_403_of_events": {
			"events", "Datadog refused to list events (403 Forbidden): nope; check that both keys are of one organisation on datadoghq.com, and that the application key has the permission events_read",
			answering(403, "nope"),
		},
		"a_401_of_an_event": {
			"event", "Datadog refused to get the event (401 Unauthorized); check that both keys are of one organisation on datadoghq.com, and that the application key has the permission events_read",
			answering(401, ""),
		},
		"a_403_of_a_monitor": {
			"monitor", "Datadog refused to get the monitor (403 Forbidden); check that both keys are of one organisation on datadoghq.com, and that the application key has the permission monitors_read",
			answering(403, ""),
		},
		"a_404": {
			"monitor", "Datadog refused to get the monitor (404 Not Found): Monitor not found",
			answering(404, `{"errors":["Monitor not found"]}`),
		},
		"a_429": {
			"events", "Datadog could not list events (429 Too Many Requests); its rate limit ends in 12s",
			answering(429, "", "X-RateLimit-Reset", "12"),
		},
		"a_502_of_a_proxy": {
			"create", "Datadog could not create the event (502 Bad Gateway)",
			answering(502, "<html><body>502</body></html>", "Content-Type", "text/html"),
		},
		"a_status_without_a_name": {
			"monitor", "Datadog could not get the monitor (599)",
			answering(599, ""),
		},
		"garbage": {
			"monitor", "Datadog's answer could not be read to get the monitor",
			answering(200, "<html>"),
		},
		"no_network": {
			"create", "Datadog could not be reached to create the event",
			func(*http.Request) (*http.Response, error) { return nil, syscall.ECONNREFUSED },
		},
		"a_slow_network": {
			"create", "Datadog took too long to create the event",
			func(*http.Request) (*http.Response, error) { return nil, os.ErrDeadlineExceeded },
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			f, _ := failure(t, operations[tt.op](t.Context(), clientOver(t, tt.answer, keyring{})))
			if f.Public != tt.want {
				t.Errorf("got  %s\nwant %s", f.Public, tt.want)
			}
		})
	}
}

func TestClient_rate_limit_reset(t *testing.T) {
	for header, want := range map[string]time.Duration{
		"0": 0, "1": time.Second, "3600": time.Hour, "": 0, "-5": 0, "soon": 0, "1.5": 0,
		"4000000000": 24 * time.Hour, "99999999999999999999": 0,
	} {
		t.Run(header, func(t *testing.T) {
			f, e := failure(t, operations["create"](t.Context(), clientOver(t, answering(429, "", "X-Ratelimit-Reset", header), keyring{})))
			if f.RetryAfter != want || e.Reset != want {
				t.Errorf("got %v and %v, want %v", f.RetryAfter, e.Reset, want)
			}
		})
	}
}

func TestClient_a_connection_that_breaks_is_temporary(t *testing.T) {
	for how, handler := range misbehaviours {
		for name, operation := range operations {
			t.Run(how+"_"+name, func(t *testing.T) {
				_, c := server(t, handler)
				f, e := failure(t, operation(t.Context(), c))
				if f.Kind != fault.Temporary || e.Status != 0 || e.Cause == nil {
					t.Errorf("got kind %v and %+v", f.Kind, e)
				}
			})
		}
	}
	t.Run("refused", func(t *testing.T) {
		s, c := server(t, nil)
		s.Close()
		err := operations["create"](t.Context(), c)
		if f, _ := failure(t, err); f.Kind != fault.Temporary || !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("got kind %v of %v", f.Kind, err)
		}
	})
	t.Run("an_unknown_certificate", func(t *testing.T) {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the keys were sent") }))
		s.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
		s.StartTLS()
		defer s.Close()
		err := operations["create"](t.Context(), newClient(t, Config{Site: site.US1, BaseURL: s.URL}, keyring{}))
		if f, _ := failure(t, err); f.Kind != fault.Temporary {
			t.Errorf("got kind %v of %v", f.Kind, err)
		}
		if _, ok := errors.AsType[*tls.CertificateVerificationError](err); !ok {
			t.Errorf("the cause is lost in %v", err)
		}
	})
}

func TestClient_an_answer_that_makes_no_sense(t *testing.T) {
	for how, handler := range unusable {
		for name, operation := range operations {
			if isCreate(name) {
				t.Run(how+"_was_accepted_of_"+name, func(t *testing.T) {
					_, c := server(t, handler)
					if err := operation(t.Context(), c); err != nil {
						t.Error(err)
					}
				})
				continue
			}
			t.Run(how+"_is_temporary_to_"+name, func(t *testing.T) {
				_, c := server(t, handler)
				f, e := failure(t, operation(t.Context(), c))
				if f.Kind != fault.Temporary || e.Status/100 != 2 || e.Cause == nil {
					t.Errorf("got kind %v and %+v", f.Kind, e)
				}
			})
		}
	}
}

func TestClient_keeps_the_status_of_a_refusal_that_is_cut_off(t *testing.T) {
	for status, kind := range map[string]fault.Kind{"400 Bad Request": fault.Permanent, "503 Service Unavailable": fault.Temporary} {
		t.Run(status, func(t *testing.T) {
			_, c := server(t, hangUp("HTTP/1.1 "+status+"\r\nContent-Length: 500\r\n\r\nno such thin"))
			f, e := failure(t, operations["create"](t.Context(), c))
			if f.Kind != kind || statusLine(e.Status) != status || e.Words != "no such thin" {
				t.Errorf("got kind %v and %+v", f.Kind, e)
			}
		})
	}
}

func TestClient_an_answer_without_end(t *testing.T) {
	endless := func(status int) roundTrip {
		return func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Body: io.NopCloser(zeros{})}, nil
		}
	}
	t.Run("is_refused_to_a_read", func(t *testing.T) {
		f, e := failure(t, operations["events"](t.Context(), clientOver(t, endless(200), keyring{})))
		if f.Kind != fault.Permanent || !errors.Is(e, errTooLarge) || f.Public != "Datadog's answer is too large to list events; ask for less at a time" {
			t.Errorf("got kind %v and %v", f.Kind, f)
		}
	})
	t.Run("has_its_status_when_it_is_a_refusal", func(t *testing.T) {
		f, e := failure(t, operations["events"](t.Context(), clientOver(t, endless(503), keyring{})))
		if f.Kind != fault.Temporary || e.Status != 503 || e.Words != "" {
			t.Errorf("got kind %v and %+v", f.Kind, e)
		}
	})
	t.Run("was_accepted", func(t *testing.T) {
		if err := operations["create"](t.Context(), clientOver(t, endless(202), keyring{})); err != nil {
			t.Error(err)
		}
	})
}

func TestClient_a_call_ends_with_its_context(t *testing.T) {
	errBudget := errors.New("the step's budget is spent")
	contexts := map[string]struct {
		ctx   func(context.Context) (context.Context, context.CancelFunc)
		is    error
		slow  bool
		cause error
	}{
		"deadline": {func(p context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(p, time.Second)
		}, context.DeadlineExceeded, true, nil},
		"deadline_with_a_cause": {func(p context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeoutCause(p, time.Second, errBudget)
		}, context.DeadlineExceeded, true, errBudget},
		"cancelled": {func(p context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(p)
			time.AfterFunc(time.Second, cancel)
			return ctx, cancel
		}, context.Canceled, false, nil},
	}
	servers := map[string]roundTrip{
		"before_the_status": func(r *http.Request) (*http.Response, error) {
			<-r.Context().Done()
			return nil, context.Cause(r.Context())
		},
		"inside_the_body": func(r *http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: 200, Body: io.NopCloser(stuck{r.Context()})}, nil
		},
	}
	for how, tt := range contexts {
		for where, s := range servers {
			for name, operation := range operations {
				t.Run(how+"_"+where+"_"+name, func(t *testing.T) {
					synctest.Test(t, func(t *testing.T) {
						ctx, cancel := tt.ctx(t.Context())
						defer cancel()
						err := operation(ctx, clientOver(t, s, keyring{}))
						if isCreate(name) && where == "inside_the_body" {
							if err != nil {
								t.Errorf("the event was accepted, and yet: %v", err)
							}
							return
						}
						f, _ := failure(t, err)
						if f.Kind != fault.Temporary || !errors.Is(err, tt.is) || tt.cause != nil && !errors.Is(err, tt.cause) {
							t.Errorf("got kind %v of %v", f.Kind, err)
						}
						if strings.Contains(f.Public, "took too long") != tt.slow {
							t.Errorf("says %q", f.Public)
						}
					})
				})
			}
		}
	}
}

func TestClient_a_real_connection_ends_with_its_context(t *testing.T) {
	for where, start := range map[string]string{
		"before_the_status": "",
		"inside_the_body":   "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{",
	} {
		t.Run(where, func(t *testing.T) {
			done := make(chan struct{})
			_, c := server(t, func(w http.ResponseWriter, _ *http.Request) {
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					panic(err)
				}
				_, _ = io.WriteString(conn, start)
				<-done
				_ = conn.Close()
			})
			t.Cleanup(func() { close(done) })
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			err := operations["monitor"](ctx, c)
			if f, _ := failure(t, err); f.Kind != fault.Temporary || !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got kind %v of %v", f.Kind, err)
			}
		})
	}
}

func TestClient_no_error_tells_a_key(t *testing.T) {
	echo := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			_, _ = fmt.Fprintf(w, `{"errors":["the keys %s and %s are unknown"]}`, r.Header.Get("DD-API-KEY"), r.Header.Get("DD-APPLICATION-KEY"))
		}
	}
	handlers := map[string]http.HandlerFunc{
		"echo_400": echo(400), "echo_403": echo(403), "echo_500": echo(500),
		"echo_as_text": func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(400)
			_, _ = io.WriteString(w, strings.Repeat("x", 280)+" "+r.Header.Get("DD-API-KEY"))
		},
		"echo_in_a_200": func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("DD-API-KEY")) },
		"cancelled":     hang,
	}
	for _, group := range []map[string]http.HandlerFunc{misbehaviours, unusable} {
		for name, handler := range group {
			handlers[name] = handler
		}
	}
	for how, handler := range handlers {
		for name, operation := range operations {
			t.Run(how+"_"+name, func(t *testing.T) {
				s, _ := server(t, handler)
				c := newClient(t, Config{Site: site.US1, BaseURL: s.URL}, keyring{renew: func(Keys) (Keys, error) { return fresh, nil }})
				ctx := t.Context()
				if how == "cancelled" {
					timed, cancel := context.WithTimeout(ctx, 10*time.Millisecond)
					defer cancel()
					ctx = timed
				}
				err := operation(ctx, c)
				if err == nil {
					return // A create whose status was 2xx.
				}
				f, e := failure(t, err)
				for _, text := range []string{
					err.Error(), f.Public, e.Words, e.Error(), fault.Public(err),
					fmt.Sprintf("%v %+v %#v %q", err, err, err, err), fmt.Sprintf("%+v %#v", *e, *e),
				} {
					for _, key := range []string{apiKey, appKey, freshAPI, freshApp, apiKey[:16], appKey[:16]} {
						if strings.Contains(text, key) {
							t.Errorf("tells a key: %s", text)
						}
					}
				}
			})
		}
	}
}
