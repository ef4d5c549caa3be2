package telemetry

import (
	"context"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// What the extension may cost an invocation, if it does not answer at all.
const (
	// startPatience bounds the wait for the invocation's trace. The handler works
	// meanwhile; only what needs the trace's id waits.
	startPatience = 200 * time.Millisecond
	// endPatience bounds the wait at the end.
	endPatience = 500 * time.Millisecond
	// answerMargin of the invocation's time is left for its answer.
	answerMargin = 50 * time.Millisecond
	// lastMoment is how long before the invocation's deadline what is there is sent:
	// Lambda stops the function at the deadline without a word.
	lastMoment = 100 * time.Millisecond
)

// invocation collects what there is to tell about one.
type invocation struct {
	client    *client
	requestID string
	root      *Span
	// trace waits for the extension's answer, and is the same trace at every call.
	trace func() trace
	alarm *time.Timer // nil: there is no deadline
	// flushing is for the flush that alarm sets off, until it is done or called off.
	flushing sync.WaitGroup

	mu       sync.Mutex
	closed   bool
	finished []*Span
	measured [][]byte // lines of DogStatsD
}

// begin tells the extension that an invocation began, and does not wait for it.
func begin(ctx context.Context, c *client, payload []byte, cold bool) *invocation {
	inv := &invocation{client: c}
	lc, ok := lambdacontext.FromContext(ctx)
	if !ok {
		lc = &lambdacontext.LambdaContext{}
	}
	inv.requestID = lc.AwsRequestID
	inv.root = inv.newRoot(lc, cold)
	answer := make(chan trace, 1)
	go func() {
		limited, cancel := context.WithTimeout(ctx, startPatience)
		defer cancel()
		answer <- c.start(limited, inv.requestID, seen(payload))
	}()
	inv.trace = sync.OnceValue(func() trace { return <-answer })
	if deadline, ok := ctx.Deadline(); ok {
		inv.flushing.Add(1)
		inv.alarm = time.AfterFunc(time.Until(deadline)-lastMoment, func() {
			defer inv.flushing.Done()
			inv.flush(ctx)
		})
	}
	return inv
}

func (inv *invocation) into(ctx context.Context) context.Context {
	return context.WithValue(ctx, spanKey{}, inv.root)
}

// newRoot returns the span in whose place the extension puts its own, with this one's
// tags and id; it knows it by the resource and the request's id.
func (inv *invocation) newRoot(lc *lambdacontext.LambdaContext, cold bool) *Span {
	arn, version := functionARN(lc.InvokedFunctionArn), lambdacontext.FunctionVersion
	s := inv.newSpan("")
	s.name, s.resource, s.kind, s.local = "aws.lambda", "dd-tracer-serverless-span", "serverless", true
	s.tags["cold_start"] = strconv.FormatBool(cold)
	s.Tag("request_id", lc.AwsRequestID)
	s.Tag("function_arn", arn)
	s.Tag("function_version", version)
	s.Tag("functionname", strings.ToLower(lambdacontext.FunctionName))
	s.Tag("resource_names", lambdacontext.FunctionName)
	return s
}

// functionARN returns the function's ARN without the version or alias behind it.
func functionARN(invoked string) string {
	const parts = 7 // arn:partition:lambda:region:account:function:name
	all := strings.Split(strings.ToLower(invoked), ":")
	return strings.Join(all[:min(len(all), parts)], ":")
}

func (inv *invocation) newSpan(operation string) *Span {
	return &Span{
		invocation: inv, id: newID(), start: time.Now(),
		name: "boomerang." + operation, resource: operation, tags: map[string]string{},
	}
}

// keep takes a span that ended. What ends after its invocation is nobody's any more.
func (inv *invocation) keep(s *Span) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if !inv.closed {
		inv.finished = append(inv.finished, s)
	}
}

func (inv *invocation) measure(line []byte) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if !inv.closed {
		inv.measured = append(inv.measured, line)
	}
}

// take returns what there is to send, once.
func (inv *invocation) take(last bool) (spans []*Span, lines [][]byte) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	spans, lines = inv.finished, inv.measured
	inv.finished, inv.measured = nil, nil
	inv.closed = inv.closed || last
	return spans, lines
}

// flush sends what has ended so far.
func (inv *invocation) flush(ctx context.Context) {
	ctx, cancel := inv.patience(ctx)
	defer cancel()
	spans, lines := inv.take(false)
	inv.client.measure(lines)
	inv.client.trace(ctx, spans)
}

// end sends all that is left, before the function answers: what is not sent by then
// waits in a frozen sandbox for the next alert, or for ever. Metrics go first; traces
// and the end go side by side. A flush that runs by then is waited for too, and is not
// patient for longer, since it began before.
func (inv *invocation) end(ctx context.Context, status int, err error) {
	if inv.alarm != nil && inv.alarm.Stop() {
		inv.flushing.Done()
	}
	ctx, cancel := inv.patience(ctx)
	defer cancel()
	inv.root.End(err)
	own := inv.trace() // The extension has heard of the beginning by then.
	spans, lines := inv.take(true)
	inv.client.measure(lines)
	var both sync.WaitGroup
	both.Go(func() { inv.client.trace(ctx, spans) })
	both.Go(func() { inv.client.end(ctx, inv.requestID, own, inv.root.id, status, err) })
	both.Wait()
	inv.flushing.Wait()
}

// patience returns the context for what the invocation waits for at its end, which is
// short and leaves the time to answer, also where the invocation was called off.
func (inv *invocation) patience(ctx context.Context) (context.Context, context.CancelFunc) {
	end := time.Now().Add(endPatience)
	if deadline, ok := ctx.Deadline(); ok && deadline.Add(-answerMargin).Before(end) {
		end = deadline.Add(-answerMargin)
	}
	return context.WithDeadline(context.WithoutCancel(ctx), end)
}

// service is what spans are called where the user gives no name: the extension knows
// a better one.
func service() string {
	if name := os.Getenv("DD_SERVICE"); name != "" {
		return name
	}
	return "aws.lambda"
}
