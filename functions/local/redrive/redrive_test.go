package redrive

import (
	"bytes"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/output"
	"boomerang/shared/alert"
	"boomerang/shared/awstest"
	"boomerang/shared/config"
	"boomerang/shared/enrich"
	"boomerang/shared/queue"
)

// queues are the two queues of a stack, with dead letters of three reasons.
type queues struct {
	aws *awstest.AWS
	config.Redrive
	now time.Time
}

const rejected = "Datadog refused to create the event (400 Bad Request)"

func contains(t *testing.T, text string, all ...string) {
	t.Helper()
	for _, want := range all {
		if !strings.Contains(text, want) {
			t.Errorf("it does not show %q:\n%s", want, text)
		}
	}
}

func newQueues(t *testing.T, alerts int) queues {
	t.Helper()
	a := awstest.New(t)
	q := queues{aws: a, now: time.Now(), Redrive: config.Redrive{RedeliveryQueueURL: a.Queue(t, nil), DeadLetterQueueURL: a.Queue(t, nil)}}
	for i := range alerts {
		q.deadLetter(t, strconv.Itoa(i), rejected, time.Duration(50-i)*time.Hour)
	}
	return q
}

// deadLetter adds an alert to the dead-letter queue as the worker does.
func (q queues) deadLetter(t *testing.T, id, reason string, ago time.Duration) {
	t.Helper()
	body, err := queue.Encode(queue.Message{Alert: alert.Alert{ID: id, OrgID: "1", Title: "[Triggered] Checkout is slow"}, ReceivedAt: q.now.Add(-ago)})
	if err != nil {
		t.Fatal(err)
	}
	q.deadLetterBody(t, body, reason)
}

func (q queues) deadLetterBody(t *testing.T, body, reason string) {
	t.Helper()
	if err := queue.New(sqs.NewFromConfig(q.aws.Direct()), q.DeadLetterQueueURL).DeadLetter(t.Context(), body, reason); err != nil {
		t.Fatal(err)
	}
}

func mixedQueues(t *testing.T) queues {
	q := newQueues(t, 12)
	q.deadLetter(t, "late", "", 5*time.Minute)
	q.deadLetterBody(t, "not a message", "the queue message is not one that Boomerang wrote")
	return q
}

// redrive moves at most 15 messages.
func (q queues) redrive(t *testing.T, apply bool) (screen string, err error) {
	t.Helper()
	var out bytes.Buffer
	client := sqs.NewFromConfig(q.aws.Config(), func(o *sqs.Options) { o.Retryer = aws.NopRetryer{} })
	r := Redriver{Client: client, Redrive: q.Redrive, Out: output.New(&out), limit: 15}
	_, err = r.Run(t.Context(), apply)
	return out.String(), err
}

// visible receives the messages of a queue, without hiding them.
func (q queues) visible(t *testing.T, url string) (bodies []string) {
	t.Helper()
	client := sqs.NewFromConfig(q.aws.Direct())
	seen := map[string]bool{}
	for {
		out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &url, MaxNumberOfMessages: 10, VisibilityTimeout: 60})
		if err != nil {
			t.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return bodies
		}
		for _, m := range out.Messages {
			if !seen[*m.MessageId] {
				seen[*m.MessageId], bodies = true, append(bodies, *m.Body)
			}
		}
	}
}

// moved returns the messages in the redelivery queue by the id of their alert.
func (q queues) moved(t *testing.T) map[string]queue.Message {
	t.Helper()
	all := map[string]queue.Message{}
	for _, body := range q.visible(t, q.RedeliveryQueueURL) {
		m, err := queue.Decode(body)
		if err != nil {
			t.Fatal(err)
		}
		all[m.Alert.ID] = m
	}
	return all
}

// messageID matches a message that was sent just now.
var messageID = regexp.MustCompile(`\d+ s +message [0-9a-f-]{36}`)

func TestRedrive_Show(t *testing.T) {
	t.Parallel()
	q := mixedQueues(t)
	screen, err := q.redrive(t, false)
	if err != nil {
		t.Fatal(err)
	}
	want := `14 messages in ` + q.DeadLetterQueueURL + `

1 message: Boomerang did not write this queue message; look at it in the dead-letter queue, and delete it there
  message <id>

12 messages: ` + rejected + `
  2 d 2 h  1:0  [Triggered] Checkout is slow
  2 d 1 h  1:1  [Triggered] Checkout is slow
  2 d      1:2  [Triggered] Checkout is slow
  1 d 23 h 1:3  [Triggered] Checkout is slow
  1 d 22 h 1:4  [Triggered] Checkout is slow
  and 7 more, the newest 1 d 15 h old

1 message: no reason given: the worker timed out or crashed
  5 min    1:late  [Triggered] Checkout is slow

Nothing was moved. When the causes are fixed, GO=1 (--apply) moves the messages into ` + q.RedeliveryQueueURL + `.
`
	if diff := cmp.Diff(want, messageID.ReplaceAllString(screen, "message <id>")); diff != "" {
		t.Errorf("screen (-want +got):\n%s", diff)
	}
	if left, moved := len(q.visible(t, q.DeadLetterQueueURL)), len(q.moved(t)); left != 14 || moved != 0 {
		t.Errorf("%d visible, %d moved", left, moved)
	}
}

func TestRedrive_Apply(t *testing.T) {
	t.Parallel()
	q := mixedQueues(t)
	screen, err := q.redrive(t, true)
	if err != nil {
		t.Fatal(err)
	}
	contains(t, screen, "Moved 13 messages into "+q.RedeliveryQueueURL, "1 message cannot be read and stays")
	want := queue.Message{
		Version: 1, Alert: alert.Alert{ID: "0", OrgID: "1", Title: "[Triggered] Checkout is slow"},
		ReceivedAt: q.now.Add(-50 * time.Hour).Round(0).UTC(), Attempt: 1, Reason: "redriven from the dead-letter queue",
	}
	moved := q.moved(t)
	if diff := cmp.Diff(want, moved["0"]); diff != "" || len(moved) != 13 {
		t.Errorf("%d moved; message 0 (-want +got):\n%s", len(moved), diff)
	}
	if left := q.visible(t, q.DeadLetterQueueURL); len(left) != 1 || left[0] != "not a message" {
		t.Errorf("%q is left", left)
	}
}

func TestRedrive_Limit(t *testing.T) {
	t.Parallel()
	q := newQueues(t, 17)
	screen, err := q.redrive(t, true)
	if moved := len(q.moved(t)); err != nil || moved != 15 || !strings.Contains(screen, "There may be more") {
		t.Errorf("%v, %d moved: %s", err, moved, screen)
	}
	if _, err := q.redrive(t, true); err != nil {
		t.Error(err)
	}
	for range 2 {
		if screen, err := q.redrive(t, true); err != nil || screen != "0 messages in "+q.DeadLetterQueueURL+"\n" {
			t.Errorf("%v: %s", err, screen)
		}
	}
}

// TestRedrive_Failure stops a redrive in the middle and repeats it.
func TestRedrive_Failure(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault awstest.Fault
		left  int
	}{
		"receive":                  {awstest.Fault{Operation: "ReceiveMessage", Every: 2, Times: 1, Effect: awstest.Status(500)}, 14},
		"send":                     {awstest.Fault{Operation: "SendMessage", Every: 4, Times: 1, Effect: awstest.Status(500)}, 14 - 3},
		"delete":                   {awstest.Fault{Operation: "DeleteMessage", Every: 4, Times: 1, Effect: awstest.Status(500)}, 14 - 3},
		"response to send dropped": {awstest.Fault{Operation: "SendMessage", Every: 4, Times: 1, Effect: awstest.DropResponse}, 14 - 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := mixedQueues(t)
			q.aws.Break(c.fault)
			if _, err := q.redrive(t, true); err == nil {
				t.Fatal("no error")
			}
			screen, err := q.redrive(t, true)
			if err != nil {
				t.Fatal(err)
			}
			contains(t, screen, strconv.Itoa(c.left)+" messages in ")
			if moved, left := len(q.moved(t)), len(q.visible(t, q.DeadLetterQueueURL)); moved != 13 || left != 1 {
				t.Errorf("%d alerts moved in the end, %d messages left", moved, left)
			}
		})
	}
}

// A message that asks for an action names its step.
func TestRedrive_ActionName(t *testing.T) {
	m := message{content: queue.Message{
		Alert:  alert.Alert{ID: "7", OrgID: "1", Title: "Checkout is slow"},
		Action: &queue.Action{Action: enrich.Action{Playbook: "shop", Step: "ticket"}},
	}}
	if got, want := m.name(), "the step ticket of the playbook shop for 1:7  Checkout is slow"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestMessage_Age(t *testing.T) {
	for want, m := range map[string]message{"?": {}, "2 d 2 h": {Since: time.Now().Add(-50 * time.Hour)}} {
		if got := m.age(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
