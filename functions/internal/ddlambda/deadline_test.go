package ddlambda

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"boomerang/functions/internal/ddlambda/agenttest"
	"boomerang/shared/telemetry"
)

// TestWrap_NoLateTrace holds the wait that the library's flush needs.
func TestWrap_NoLateTrace(t *testing.T) {
	h, agent := wrap(t, work)
	for i := range 100 {
		if _, err := invoke(t, h, urlEvent, time.Minute); err != nil {
			t.Fatal(err)
		}
		if got := len(agent.All(t)); got != 3*(i+1) {
			t.Fatalf("%d spans have arrived with answer %d, want %d", got, i+1, 3*(i+1))
		}
	}
}

func TestWrap_SpanOutlivesInvocation(t *testing.T) {
	var late *telemetry.Span
	h, agent := wrap(t, func(ctx context.Context, r request) (response, error) {
		_, late = telemetry.Start(ctx, "late")
		return work(ctx, r)
	})
	began := time.Now()
	if _, err := invoke(t, h, urlEvent, time.Minute); err != nil || time.Since(began) > tracesTimeout {
		t.Fatalf("took %v, %v", time.Since(began), err)
	}
	if agent.Spans(t)[agenttest.Root].SpanID == 0 {
		t.Error("the root waits for a span that has not ended")
	}
	late.End(nil)
	if _, err := invoke(t, h, urlEvent, time.Minute); err != nil || agent.Spans(t)["late"].SpanID == 0 {
		t.Errorf("the next invocation does not send the span, %v", err)
	}
}

func TestWrap_ExtensionFaults(t *testing.T) {
	for _, f := range agenttest.Faults {
		t.Run(string(f), func(t *testing.T) {
			h, _ := wrap(t, work, f)
			for range 2 {
				began := time.Now()
				out, err := invoke(t, h, urlEvent, time.Minute)
				if took := time.Since(began); err != nil || !strings.Contains(out, "<alert text>") || took > 3*time.Second {
					t.Errorf("got %s, %v after %v", out, err, took)
				}
			}
		})
	}
	// A busy machine may need more than the time-outs. Each round is a test of its own, because an agent runs until its test ends.
	var said string
	for round := range 5 {
		healthy := t.Run(fmt.Sprintf("healthy again %d", round), func(t *testing.T) {
			h, agent := wrap(t, work)
			_, err := invoke(t, h, urlEvent, time.Minute)
			if said = ""; err != nil || agent.Spans(t)["claim"].SpanID == 0 || len(agent.Lines(t)) != 1 {
				said = fmt.Sprintf("%s, %v", agent.Said(t), err)
			}
		})
		if healthy && said == "" {
			return
		}
	}
	t.Errorf("a healthy extension gets %s", said)
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A response that comes after its invocation does not count as one for the next.
func TestTraceTransport_LateResponse(t *testing.T) {
	begun, release, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	traces := newTraceTransport(true)
	traces.RoundTripper = roundTripper(func(*http.Request) (*http.Response, error) {
		close(begun)
		<-release
		return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
	})
	traces.expect()
	go func() {
		defer close(done)
		r := httptest.NewRequest(http.MethodPost, "/v0.4/traces", http.NoBody)
		r.Header.Set("X-Datadog-Trace-Count", "1")
		_, _ = traces.RoundTrip(r) //nolint:bodyclose // It is empty.
	}()
	<-begun
	traces.wait(t.Context())

	traces.expect()
	close(release)
	<-done
	began := time.Now()
	traces.wait(t.Context())
	if took := time.Since(began); took < tracesTimeout {
		t.Errorf("waited %v for a span that was not sent, want %v", took, tracesTimeout)
	}
}

func TestWrap_Deadline(t *testing.T) {
	for name, holds := range map[string]func(*testing.T) (said string, ok bool){
		"leaves time to answer": answersInTime, "sends what has ended": reportsAtDeadline,
	} {
		t.Run(name, func(t *testing.T) {
			for round := 1; ; round++ { // A busy machine may need more than the margin.
				said, ok := holds(t)
				if ok {
					return
				}
				if round == 5 {
					t.Fatal(said)
				}
			}
		})
	}
}

// answersInTime says whether a handler that uses all its time is answered by the deadline.
func answersInTime(t *testing.T) (said string, ok bool) {
	t.Run("round", func(t *testing.T) {
		h, _ := wrap(t, func(ctx context.Context, _ request) (response, error) {
			<-ctx.Done()
			return response{}, nil
		}, agenttest.Hangs)
		const limit = 3 * time.Second
		began := time.Now()
		_, err := invoke(t, h, urlEvent, limit)
		said, ok = fmt.Sprintf("took %v, %v", time.Since(began), err), err == nil && time.Since(began) < limit
	})
	return said, ok
}

// reportsAtDeadline says whether a handler that ignores its deadline is reported by then.
func reportsAtDeadline(t *testing.T) (said string, ok bool) {
	t.Run("round", func(t *testing.T) {
		release := make(chan struct{})
		h, agent := wrap(t, func(ctx context.Context, r request) (response, error) {
			out, err := work(ctx, r)
			<-release
			return out, err
		})
		var invocation sync.WaitGroup
		invocation.Go(func() { _, _ = invoke(t, h, urlEvent, time.Second) })
		time.Sleep(time.Second)
		said, ok = agent.Said(t), agent.Spans(t)["claim"].SpanID != 0 && len(agent.Lines(t)) == 1
		close(release)
		invocation.Wait()
	})
	return said, ok
}
