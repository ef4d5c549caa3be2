package telemetry

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// roundTrip is an extension without a network, so that time is the test's own.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// hangs never answers.
func hangs(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// wrappedFor is WrapFor beside that extension.
func wrappedFor(f roundTrip, handle func(context.Context)) *wrapped[struct{}, any] {
	c := newClient(Extension{})
	c.http.Transport = f
	return &wrapped[struct{}, any]{client: c, handle: func(ctx context.Context, _ struct{}) (any, error) {
		handle(ctx)
		return nil, nil
	}}
}

func TestWrap_waits_for_an_extension_that_hangs(t *testing.T) {
	const ample, scarce = time.Minute, 250 * time.Millisecond
	for name, c := range map[string]struct {
		has    time.Duration // 0: there is no deadline
		handle func(context.Context)
		want   time.Duration
	}{
		"500 ms at its end":                        {ample, func(context.Context) {}, 500 * time.Millisecond},
		"700 ms where its trace is needed":         {ample, func(ctx context.Context) { Headers(ctx) }, 700 * time.Millisecond},
		"500 ms without a deadline too":            {0, func(context.Context) {}, 500 * time.Millisecond},
		"until 50 ms are left to answer":           {scarce, func(context.Context) {}, scarce - 50*time.Millisecond},
		"not at all when all of the time is spent": {scarce, func(context.Context) { time.Sleep(scarce) }, scarce},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, began := t.Context(), time.Now()
				if c.has > 0 {
					limited, cancel := context.WithTimeout(ctx, c.has)
					defer cancel()
					ctx = limited
				}
				_, err := wrappedFor(hangs, c.handle).Invoke(ctx, []byte(`{}`))
				if took := time.Since(began); err != nil || took != c.want {
					t.Errorf("it answered after %v, want %v, %v", took, c.want, err)
				}
			})
		})
	}
}

func TestWrap_sends_what_it_has_100_ms_before_the_deadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began, told := time.Now(), make(chan time.Duration, 2) // The second is for what is left at the end.
		h := wrappedFor(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/traces") {
				told <- time.Since(began)
			}
			return &http.Response{StatusCode: http.StatusOK, Body: io.NopCloser(strings.NewReader(""))}, nil
		}, func(ctx context.Context) {
			_, span := Start(ctx, "claim")
			span.End(nil)
			<-ctx.Done()
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := h.Invoke(ctx, []byte(`{}`)); err != nil {
			t.Error(err)
		}
		if first := <-told; first != 900*time.Millisecond {
			t.Errorf("it sent the span after %v of a second", first)
		}
	})
}
