package telemetry_test

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"boomerang/shared/telemetry"
	"boomerang/shared/telemetry/telemetrytest"
)

func TestWrap_says_again_what_went_to_a_connection_that_was_closed(t *testing.T) {
	extension := telemetrytest.New(t, telemetrytest.Forgets)
	h := telemetry.WrapFor(extension.Where(), works)
	const n = 10
	for range n {
		if _, err := invoke(t, h, "id", urlEvent); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []telemetrytest.Kind{telemetrytest.Start, telemetrytest.Traces, telemetrytest.End} {
		calls := extension.Of(t, kind)
		if len(calls) != n {
			t.Errorf("of %d invocations %d came as %s", n, len(calls), kind)
		}
		for _, c := range calls {
			if key, ok := c.Header["Idempotency-Key"]; ok {
				t.Errorf("it sends the key %q", key)
			}
		}
	}
}

// TestWrap_measures_after_an_invocation_that_nobody_heard: word that nobody took a packet
// comes when the next one is sent, and in its place.
func TestWrap_measures_after_an_invocation_that_nobody_heard(t *testing.T) {
	where := telemetrytest.New(t).Where()
	first := listenUDP(t, "127.0.0.1:0")
	where.Metrics = first.LocalAddr().String()
	_ = first.Close()
	h := telemetry.WrapFor(where, works)
	if _, err := invoke(t, h, "unheard", urlEvent); err != nil {
		t.Fatal(err)
	}
	conn := listenUDP(t, where.Metrics)
	if _, err := invoke(t, h, "heard", urlEvent); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(time.Second)) // Only a closed connection refuses.
	packet := make([]byte, 1<<10)
	n, _, err := conn.ReadFrom(packet)
	if diff := cmp.Diff("boomerang.posted:1|d|#enrichment:partial,playbook:de_fault", string(packet[:n])); err != nil || diff != "" {
		t.Errorf("%v, the packet (-want +got):\n%s", err, diff)
	}
}

func listenUDP(t *testing.T, address string) net.PacketConn {
	t.Helper()
	conn, err := net.ListenPacket("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func TestWrap_believes_no_ids_in_an_answer_that_is_an_error(t *testing.T) {
	extension := telemetrytest.New(t, telemetrytest.Broken)
	if _, err := invoke(t, telemetry.WrapFor(extension.Where(), worker), "id", batch(t, upstream)); err != nil {
		t.Fatal(err)
	}
	if root := extension.Spans(t)[telemetrytest.Root]; root.SpanID == 0 || root.TraceID == 2684756524522091840 {
		t.Errorf("the root is %+v", root)
	}
}

func TestContinue_says_what_is_true_of_a_trace_at_its_first_span_alone(t *testing.T) {
	extension := telemetrytest.New(t)
	if _, err := invoke(t, telemetry.WrapFor(extension.Where(), worker), "id", batch(t, other, upstream)); err != nil {
		t.Fatal(err)
	}
	spans := extension.Spans(t)
	if first := spans["message 1"]; first.Meta["_dd.p.tid"] != "66b2c0ff00000000" || first.Metrics["_sampling_priority_v1"] != 2 {
		t.Errorf("the trace's first span is %+v", first)
	}
	if below := spans["claim 1"]; below.TraceID != spans["message 1"].TraceID || len(below.Meta)+len(below.Metrics) > 0 {
		t.Errorf("the span below it is %+v", below)
	}
}

func TestWrap_names_the_service_as_the_user_does(t *testing.T) {
	for name, want := range map[string]string{"": "aws.lambda", "shop": "shop"} {
		t.Setenv("DD_SERVICE", name)
		extension := telemetrytest.During(t, func(ctx context.Context) {
			_, span := telemetry.Start(ctx, "claim")
			span.End(nil)
		})
		for _, s := range extension.Spans(t) {
			if s.Service != want {
				t.Errorf("with DD_SERVICE %q the span %s is of the service %q", name, s.Resource, s.Service)
			}
		}
	}
}
