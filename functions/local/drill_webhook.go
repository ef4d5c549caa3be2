package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/functions/local/report"
	"boomerang/shared/alert"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
)

// maxAnswerBytes is far more than the answer of a webhook with every step.
const maxAnswerBytes = 64 << 10

// synthetic is a payload that takes the way of a monitor's alert and means nothing to
// anyone: it names no monitor, and the event is an info. The scope is its own, so
// that no other drill is taken for the same alert firing again. The service gives
// the steps something to look for.
func synthetic(id int64, now time.Time) ([]byte, error) {
	return json.Marshal(map[string]string{
		"id":               strconv.FormatInt(id, 10),
		"date":             strconv.FormatInt(now.UnixMilli(), 10),
		"event_title":      "[Drill] An alert that only has to come back",
		"event_msg":        "This is a drill: nothing is wrong, and nobody has to do anything. It shows that an alert that Boomerang gets comes back as an event.",
		"alert_transition": string(alert.Triggered),
		"alert_type":       "info",
		"alert_cycle_key":  "drill-" + strconv.FormatInt(id, 10),
		"alert_scope":      drillTag(id),
		"tags":             drillTag(id) + ",service:boomerang",
	})
}

// send posts the alert as Datadog does. It follows no redirect: the token is for
// the address that was given.
func (t target) send(ctx context.Context, id int64, now time.Time, timeout time.Duration) (events.LambdaFunctionURLResponse, error) {
	var none events.LambdaFunctionURLResponse
	payload, err := synthetic(id, now)
	if err != nil {
		return none, err
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.url, bytes.NewReader(payload))
	if err != nil {
		return none, err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Webhook-Token", t.token)
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return none, unanswered(err, timeout)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if err != nil {
		return none, unanswered(err, timeout)
	}
	return events.LambdaFunctionURLResponse{StatusCode: response.StatusCode, Body: string(text)}, nil
}

func unanswered(err error, timeout time.Duration) error {
	if errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("the webhook did not answer within %s, and Datadog does not wait longer either", timeout)
	}
	if failed, ok := errors.AsType[*url.Error](err); ok {
		err = failed.Err
	}
	return fmt.Errorf("the webhook did not answer: %w", err)
}

// reply is what the webhook says of an alert that it took.
type reply struct {
	Status   pipeline.Status `json:"status"`
	Reason   string          `json:"reason"`
	Event    event.Posted    `json:"event"`
	Playbook string          `json:"playbook"`
	Steps    []struct {
		Name       string  `json:"name"`
		Status     string  `json:"status"`
		DurationMS float64 `json:"duration_ms"`
		Error      string  `json:"error"`
	} `json:"steps"`
}

// understand returns the reply if an event is to be expected after it.
func understand(response events.LambdaFunctionURLResponse) (reply, error) {
	var said reply
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return said, refusal(response)
	}
	if err := json.Unmarshal([]byte(response.Body), &said); err != nil || said.Status == "" {
		return said, fmt.Errorf("what answered %s is not Boomerang: make sure that the address is the Function URL of the stack", statusLine(response.StatusCode))
	}
	switch said.Status {
	case pipeline.Posted, pipeline.Duplicate, pipeline.Queued:
		return said, nil
	}
	return said, fmt.Errorf("the webhook took the alert and no event will come of it (%s): %s", said.Status, cmp.Or(said.Reason, "it does not say why"))
}

// advice is what to do about a status that explains nothing itself. All but the
// first are answers of Lambda, which the function had no part in.
var advice = map[int]string{
	http.StatusUnauthorized:    "it does not accept the token in WEBHOOK_TOKEN; the stack's output TokenCommand prints the right one",
	http.StatusForbidden:       "the function's policy must let everybody use lambda:InvokeFunctionUrl and lambda:InvokeFunction",
	http.StatusTooManyRequests: "the account has no concurrency left for the function, and Datadog does not send such an alert again",
	http.StatusBadGateway:      "the function crashed or ran out of time; its log says why",
}

func refusal(response events.LambdaFunctionURLResponse) error {
	var problem struct {
		Detail string `json:"detail"`
	}
	_ = json.Unmarshal([]byte(response.Body), &problem) // Whatever is no problem document has no detail.
	why := cmp.Or(problem.Detail, advice[response.StatusCode], "make sure that the address is the Function URL of the stack")
	return fmt.Errorf("the webhook answered %s: %s", statusLine(response.StatusCode), why)
}

func statusLine(status int) string {
	return strings.TrimSpace(strconv.Itoa(status) + " " + http.StatusText(status))
}

func (r reply) show(out *report.Printer) {
	line := "  " + string(r.Status)
	if r.Playbook != "" {
		line += " by the playbook " + r.Playbook
	}
	out.Line("%s", line)
	for _, s := range r.Steps {
		took := time.Duration(s.DurationMS * float64(time.Millisecond))
		out.Line("%s", strings.TrimRight(fmt.Sprintf("  %-20s %-8s %8s  %s", s.Name, s.Status, rounded(took), s.Error), " "))
	}
}

// lost says how far the alert is known to have come, why no more is known, and
// where to look next.
func (r reply) lost(ctx context.Context, why error) error {
	far := strings.TrimSpace("the webhook posted the event " + r.Event.ID)
	next := "make sure that DD_API_KEY, DD_APP_KEY and DD_SITE are of the organisation that the stack posts to"
	if r.Status == pipeline.Queued {
		far = "the webhook queued the alert"
		next = "look at the log of the redeliver function, and into its dead-letter queue"
	}
	if ctx.Err() != nil {
		return fmt.Errorf("%s, and the drill was interrupted before an event was seen", far)
	}
	if _, ok := errors.AsType[unseen](why); ok {
		return fmt.Errorf("%s, but %w: %s", far, why, next)
	}
	return fmt.Errorf("%s, but the event stream cannot be read: %s", far, fault.Public(why))
}
