// Package drill sends a synthetic alert to a stack and waits for its event: the only
// proof that all of it works, the network and the accounts included.
package drill

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/httpx"
)

// Target is a stack and the event stream that it posts to.
type Target struct {
	URL, Token string // of the webhook
	Stream     Stream

	// The rest is for error messages: the name of the event stream, where Token is from and
	// what to do if it is wrong, and what decides which organization Stream reads.
	StreamName, TokenSource, Organization string
}

// Stream lists events.
type Stream interface {
	Events(ctx context.Context, query datadog.EventQuery) ([]datadog.Event, error)
}

// Timeouts bound a drill.
type Timeouts struct {
	Answer   time.Duration // for the webhook's answer
	Event    time.Duration // from the answer to the event
	Interval time.Duration // between two polls of the event stream
}

// DefaultTimeouts are those of a deployed stack.
var DefaultTimeouts = Timeouts{
	Answer: 15 * time.Second, // Datadog waits as long.
	// The event stream lags by some twenty seconds, and an alert may go through the queue.
	Event: 2 * time.Minute,
	// A tenth of the calls that Datadog allows an organization per minute
	// (https://docs.datadoghq.com/api/latest/rate-limits/).
	Interval: time.Second,
}

// Drill is one synthetic alert.
type Drill struct {
	ID       int64
	target   Target
	timeouts Timeouts
	sent     time.Time
	reply    Reply
}

// minID makes an id as long as Datadog's own, 19 digits.
const minID = int64(1e18)

// New returns a drill with a random id.
func New(target Target, timeouts Timeouts) *Drill {
	return &Drill{ID: minID + rand.Int64N(math.MaxInt64-minID), target: target, timeouts: timeouts}
}

// Tag is the tag that the event is found by.
func (d *Drill) Tag() string { return "drill:" + strconv.FormatInt(d.ID, 10) }

// maxBody is far above the answer of a playbook with every step.
const maxBody = 64 << 10

// Answer is the webhook's answer, and how long it took. Reply is empty if the body is not
// Boomerang's.
type Answer struct {
	Status int
	Body   string
	Took   time.Duration
	Reply  Reply
}

// Status is a status of the webhook's answer.
type Status string

// The statuses that an event follows. They are the webhook's contract: this package does
// not import the pipeline, which links every store.
const (
	Posted    Status = "posted"
	Duplicate Status = "duplicate"
	Queued    Status = "queued"
)

// Reply is the body of the webhook's answer.
type Reply struct {
	Status   Status       `json:"status"`
	Reason   string       `json:"reason"`
	Event    event.Posted `json:"event"`
	Playbook string       `json:"playbook"`
	Steps    []struct {
		Name       string  `json:"name"`
		Status     string  `json:"status"`
		DurationMS float64 `json:"duration_ms"`
		Error      string  `json:"error"`
	} `json:"steps"`
}

// Send posts the alert as Datadog does. Its error is a sentence that says why no event
// will follow. The answer is empty if there was none.
func (d *Drill) Send(ctx context.Context) (Answer, error) {
	d.sent = time.Now()
	answer, err := d.post(ctx)
	if err != nil {
		return Answer{}, err
	}
	answer.Took = time.Since(d.sent)
	answer.Reply, err = d.parse(answer)
	d.reply = answer.Reply
	return answer, err
}

// payload names no monitor, and its scope is its own, so that the alert is not taken for
// an earlier drill that fires again. Its service gives the steps something to look for.
func (d *Drill) payload() ([]byte, error) {
	return json.Marshal(map[string]string{
		"id":               strconv.FormatInt(d.ID, 10),
		"date":             strconv.FormatInt(d.sent.UnixMilli(), 10),
		"event_title":      "[Drill] Synthetic alert",
		"event_msg":        "This is a synthetic alert: nothing is wrong, and there is nothing to do. It tests that an alert that Boomerang receives comes back as an event.",
		"alert_transition": string(alert.Triggered),
		"alert_type":       "info",
		"alert_cycle_key":  "drill-" + strconv.FormatInt(d.ID, 10),
		"alert_scope":      d.Tag(),
		"tags":             d.Tag() + ",service:boomerang",
	})
}

// post follows no redirect, because the token is for the target alone.
func (d *Drill) post(ctx context.Context) (Answer, error) {
	payload, err := d.payload()
	if err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, d.timeouts.Answer)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, d.target.URL, bytes.NewReader(payload))
	if err != nil {
		return Answer{}, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Webhook-Token", d.target.Token)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return Answer{}, d.noAnswer(err)
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxBody))
	if err != nil {
		return Answer{}, d.noAnswer(err)
	}
	return Answer{Status: response.StatusCode, Body: string(body)}, nil
}

func (d *Drill) noAnswer(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the webhook did not answer within %s, and Datadog does not wait longer either: %s; if it is, the log of its function says why", d.timeouts.Answer, checkURL)
	}
	return fmt.Errorf("the webhook did not answer: %w; %s, and that this machine reaches it", fault.StripURL(err), checkURL)
}

// parse returns the reply, and an error if no event will follow it.
func (d *Drill) parse(answer Answer) (Reply, error) {
	if !httpx.IsSuccess(answer.Status) {
		return Reply{}, d.rejection(answer)
	}
	var reply Reply
	if err := json.Unmarshal([]byte(answer.Body), &reply); err != nil || reply.Status == "" {
		return Reply{}, fmt.Errorf("what answered %s is not Boomerang: %s", httpx.StatusLine(answer.Status), checkURL)
	}
	switch reply.Status {
	case Posted, Duplicate, Queued:
		return reply, nil
	}
	return reply, fmt.Errorf("the webhook accepted the alert and posts no event (%s): %s", reply.Status, cmp.Or(reply.Reason, "it gives no reason"))
}

const checkURL = "make sure that the URL is the Function URL of the stack"

// advice is for the statuses that Lambda answers itself, without the function.
var advice = map[int]string{
	http.StatusForbidden:       "the function's policy must allow lambda:InvokeFunctionUrl and lambda:InvokeFunction to everyone",
	http.StatusTooManyRequests: "the account has no concurrency left for the function, and Datadog does not send such an alert again",
	http.StatusBadGateway:      "the function crashed or ran out of time; its log says why",
}

func (d *Drill) rejection(answer Answer) error {
	var problem struct {
		Detail string `json:"detail"`
	}
	_ = json.Unmarshal([]byte(answer.Body), &problem) // Only a problem document has a detail.
	reason := cmp.Or(problem.Detail, advice[answer.Status], checkURL)
	if answer.Status == http.StatusUnauthorized {
		reason = "it does not accept " + d.target.TokenSource
	}
	return fmt.Errorf("the webhook answered %s: %s", httpx.StatusLine(answer.Status), reason)
}
