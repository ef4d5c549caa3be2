package drill

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/fault"
)

// maxAnswerBytes is far more than the answer of a webhook with every step.
const maxAnswerBytes = 64 << 10

// Answer is what the webhook answered, and how long it took.
type Answer struct {
	Status int
	Body   string
	Took   time.Duration
	// Reply is empty when the body is none of the webhook's.
	Reply Reply
}

// Status is a status of the webhook's answer.
type Status string

// The statuses of which an event comes. They are part of the webhook's contract: this
// package does not import the pipeline, which links every store.
const (
	Posted    Status = "posted"
	Duplicate Status = "duplicate"
	Queued    Status = "queued"
)

// Reply is what the webhook says of an alert that it took.
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

// Send posts the alert as Datadog does. The error says, in a sentence, why no
// event is to be expected; the answer beside it is empty when there was none.
func (d *Drill) Send(ctx context.Context) (Answer, error) {
	d.sent = time.Now()
	answer, err := d.post(ctx)
	if err != nil {
		return Answer{}, err
	}
	answer.Took = time.Since(d.sent)
	answer.Reply, err = d.understand(answer)
	d.reply = answer.Reply
	return answer, err
}

// payload takes the way of a monitor's alert and means nothing to anyone: it names
// no monitor, and the event is an info. The scope is its own, so that no other
// drill is taken for the same alert firing again. The service gives the steps
// something to look for.
func (d *Drill) payload() ([]byte, error) {
	return json.Marshal(map[string]string{
		"id":               strconv.FormatInt(d.ID, 10),
		"date":             strconv.FormatInt(d.sent.UnixMilli(), 10),
		"event_title":      "[Drill] An alert that only has to come back",
		"event_msg":        "This is a drill: nothing is wrong, and nobody has to do anything. It shows that an alert that Boomerang gets comes back as an event.",
		"alert_transition": string(alert.Triggered),
		"alert_type":       "info",
		"alert_cycle_key":  "drill-" + strconv.FormatInt(d.ID, 10),
		"alert_scope":      d.Tag(),
		"tags":             d.Tag() + ",service:boomerang",
	})
}

// post follows no redirect: the token is for the address that was given.
func (d *Drill) post(ctx context.Context) (Answer, error) {
	payload, err := d.payload()
	if err != nil {
		return Answer{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, d.wait.Answer)
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
		return Answer{}, d.unanswered(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil {
		return Answer{}, d.unanswered(err)
	}
	return Answer{Status: response.StatusCode, Body: string(text)}, nil
}

func (d *Drill) unanswered(err error) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the webhook did not answer within %s, and Datadog does not wait longer either", d.wait.Answer)
	}
	return fmt.Errorf("the webhook did not answer: %w", fault.StripURL(err))
}

// understand returns the reply if an event is to be expected after it.
func (d *Drill) understand(answer Answer) (Reply, error) {
	if answer.Status < 200 || answer.Status > 299 {
		return Reply{}, d.refusal(answer)
	}
	var said Reply
	if err := json.Unmarshal([]byte(answer.Body), &said); err != nil || said.Status == "" {
		return Reply{}, fmt.Errorf("what answered %s is not Boomerang: make sure that the address is the Function URL of the stack", statusLine(answer.Status))
	}
	switch said.Status {
	case Posted, Duplicate, Queued:
		return said, nil
	}
	return said, fmt.Errorf("the webhook took the alert and no event will come of it (%s): %s", said.Status, cmp.Or(said.Reason, "it does not say why"))
}

// advice is what to do about a status that explains nothing itself. All of these
// are answers of Lambda, which the function had no part in.
var advice = map[int]string{
	http.StatusForbidden:       "the function's policy must let everybody use lambda:InvokeFunctionUrl and lambda:InvokeFunction",
	http.StatusTooManyRequests: "the account has no concurrency left for the function, and Datadog does not send such an alert again",
	http.StatusBadGateway:      "the function crashed or ran out of time; its log says why",
}

func (d *Drill) refusal(answer Answer) error {
	var problem struct {
		Detail string `json:"detail"`
	}
	_ = json.Unmarshal([]byte(answer.Body), &problem) // Whatever is no problem document has no detail.
	why := cmp.Or(problem.Detail, advice[answer.Status], "make sure that the address is the Function URL of the stack")
	if answer.Status == http.StatusUnauthorized {
		why = "it does not accept " + d.target.TokenSource
	}
	return fmt.Errorf("the webhook answered %s: %s", statusLine(answer.Status), why)
}

func statusLine(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}
