package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/google/go-cmp/cmp"

	"boomerang/functions/local/report"
	"boomerang/shared/alert"
	"boomerang/shared/config"
	"boomerang/shared/queue"
)

var _ lettersClient = (*sqs.Client)(nil)

var redriveAt = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

const (
	queueURL   = "https://sqs.eu-west-1.amazonaws.com/123456789012/redelivery"
	lettersURL = "https://sqs.eu-west-1.amazonaws.com/123456789012/letters"
)

// mailbox is the two queues, as far as redriving sees them.
type mailbox struct {
	sent    int
	letters []types.Message
	hidden  map[string]bool // by receipt handle
	moved   []queue.Message
	fail    func(operation string) error // nil: nothing fails
}

func (m *mailbox) failing(operation string) error {
	if m.fail == nil {
		return nil
	}
	return m.fail(operation)
}

func (m *mailbox) SendMessage(_ context.Context, in *sqs.SendMessageInput, _ ...func(*sqs.Options)) (*sqs.SendMessageOutput, error) {
	if err := m.failing("send"); err != nil {
		return nil, err
	}
	m.sent++
	if *in.QueueUrl == lettersURL {
		m.letters = append(m.letters, types.Message{
			MessageId: aws.String("m-" + strconv.Itoa(m.sent)), ReceiptHandle: aws.String("r-" + strconv.Itoa(m.sent)), Body: in.MessageBody,
			MessageAttributes: in.MessageAttributes, Attributes: map[string]string{"SentTimestamp": strconv.FormatInt(redriveAt.Add(-time.Hour).UnixMilli(), 10)},
		})
		return &sqs.SendMessageOutput{}, nil
	}
	message, err := queue.Decode(*in.MessageBody)
	m.moved = append(m.moved, message)
	return &sqs.SendMessageOutput{}, err
}

func (m *mailbox) ReceiveMessage(_ context.Context, in *sqs.ReceiveMessageInput, _ ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error) {
	if err := m.failing("receive"); err != nil {
		return nil, err
	}
	out := &sqs.ReceiveMessageOutput{}
	for _, l := range m.letters {
		if len(out.Messages) < int(in.MaxNumberOfMessages) && !m.hidden[*l.ReceiptHandle] {
			m.hidden[*l.ReceiptHandle] = true
			out.Messages = append(out.Messages, l)
		}
	}
	return out, nil
}

func (m *mailbox) DeleteMessage(_ context.Context, in *sqs.DeleteMessageInput, _ ...func(*sqs.Options)) (*sqs.DeleteMessageOutput, error) {
	if err := m.failing("delete"); err != nil {
		return nil, err
	}
	for i, l := range m.letters {
		if *l.ReceiptHandle == *in.ReceiptHandle {
			m.letters = append(m.letters[:i:i], m.letters[i+1:]...)
			return &sqs.DeleteMessageOutput{}, nil
		}
	}
	return nil, errors.New("there is no such letter")
}

func (m *mailbox) ChangeMessageVisibilityBatch(ctx context.Context, in *sqs.ChangeMessageVisibilityBatchInput, _ ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error) {
	if ctx.Err() != nil || len(in.Entries) > 10 {
		return nil, fmt.Errorf("%d entries, %w", len(in.Entries), ctx.Err())
	}
	for _, e := range in.Entries {
		if e.VisibilityTimeout == 0 {
			delete(m.hidden, *e.ReceiptHandle)
		}
	}
	return &sqs.ChangeMessageVisibilityBatchOutput{}, nil
}

// bury puts an alert among the letters as the worker does.
func (m *mailbox) bury(t *testing.T, id, reason string, ago time.Duration) {
	t.Helper()
	body, err := queue.Encode(queue.Message{Alert: alert.Alert{ID: id, OrgID: "1", Title: "[Triggered] Checkout is slow"}, ReceivedAt: redriveAt.Add(-ago)})
	if err == nil {
		err = queue.New(m, lettersURL).DeadLetter(t.Context(), body, reason)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (m *mailbox) redrive(t *testing.T, isGo bool) (screen string, err error) {
	t.Helper()
	var out bytes.Buffer
	r := redriver{
		client: m, Redrive: config.Redrive{RedeliveryQueueURL: queueURL, DeadLetterQueueURL: lettersURL},
		out: report.New(&out), now: func() time.Time { return redriveAt },
	}
	err = r.run(t.Context(), isGo)
	return out.String(), err
}

func fullMailbox(t *testing.T) *mailbox {
	t.Helper()
	m := &mailbox{hidden: map[string]bool{}}
	for i := range 12 {
		m.bury(t, strconv.Itoa(i), "Datadog refused to create the event (400 Bad Request)", time.Duration(50-i)*time.Hour)
	}
	m.bury(t, "late", "", 5*time.Minute)
	if err := queue.New(m, lettersURL).DeadLetter(t.Context(), "no message of ours", "the queue message is not one that Boomerang wrote"); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestRedrive_shows_what_there_is_and_moves_nothing(t *testing.T) {
	m := fullMailbox(t)
	screen, err := m.redrive(t, false)
	if err != nil {
		t.Fatal(err)
	}
	want := `14 dead letters in ` + lettersURL + `

12 dead letters: Datadog refused to create the event (400 Bad Request)
  2d 2h    1:0  [Triggered] Checkout is slow
  2d 1h    1:1  [Triggered] Checkout is slow
  2d 0h    1:2  [Triggered] Checkout is slow
  1d 23h   1:3  [Triggered] Checkout is slow
  1d 22h   1:4  [Triggered] Checkout is slow
  and 7 more, the newest 1d 15h old

1 dead letter: no reason was given: the worker's time ended, or its process did
  5m       1:late  [Triggered] Checkout is slow

1 dead letter: the queue message is not one that Boomerang wrote; look at it in the dead-letter queue, and delete it there
  1h 0m    message m-14

Nothing was moved. Once the reasons are gone, GO=1 puts them back into ` + queueURL + `.
`
	if diff := cmp.Diff(want, screen); diff != "" {
		t.Errorf("screen (-want +got):\n%s", diff)
	}
	if len(m.letters) != 14 || len(m.moved) != 0 || len(m.hidden) != 0 {
		t.Errorf("%d letters, %d moved, %d hidden", len(m.letters), len(m.moved), len(m.hidden))
	}
}

func TestRedrive_moves_what_can_be_read(t *testing.T) {
	m := fullMailbox(t)
	screen, err := m.redrive(t, true)
	if err != nil || !strings.Contains(screen, "Moved 13 dead letters into "+queueURL) || !strings.Contains(screen, "Left 1 dead letter") {
		t.Errorf("%v, and it shows %s", err, screen)
	}
	if len(m.moved) != 13 || len(m.letters) != 1 || len(m.hidden) != 13 {
		t.Fatalf("%d moved, %d letters left, %d receipts open", len(m.moved), len(m.letters), len(m.hidden))
	}
	want := queue.Message{
		Version: queue.Version, Alert: alert.Alert{ID: "0", OrgID: "1", Title: "[Triggered] Checkout is slow"},
		ReceivedAt: redriveAt.Add(-50 * time.Hour), Attempt: 1, Reason: "redriven from the dead letters",
	}
	if diff := cmp.Diff(want, m.moved[0]); diff != "" {
		t.Errorf("the oldest goes first (-want +got):\n%s", diff)
	}
}

func TestRedrive_of_nothing(t *testing.T) {
	m := &mailbox{hidden: map[string]bool{}}
	for _, isGo := range []bool{false, true} {
		if screen, err := m.redrive(t, isGo); err != nil || screen != "0 dead letters in "+lettersURL+"\n" {
			t.Errorf("%v, and it shows %s", err, screen)
		}
	}
}

func TestRedrive_is_bounded(t *testing.T) {
	m := &mailbox{hidden: map[string]bool{}}
	for i := range maxLetters + 5 {
		m.bury(t, strconv.Itoa(i), "refused", time.Hour)
	}
	screen, err := m.redrive(t, true)
	if err != nil || len(m.moved) != maxLetters || !strings.Contains(screen, "There may be more") {
		t.Errorf("%v, %d moved, and it shows %s", err, len(m.moved), screen)
	}
	if _, err := m.redrive(t, true); err != nil || len(m.moved) != maxLetters+5 {
		t.Errorf("%v, %d moved", err, len(m.moved))
	}
}

func TestRedrive_loses_nothing_to_a_failure(t *testing.T) {
	for operation, left := range map[string]int{"receive": 14, "send": 14 - 3, "delete": 14 - 3} {
		t.Run(operation, func(t *testing.T) {
			m := fullMailbox(t)
			calls := 0
			m.fail = func(called string) error {
				if called == operation {
					calls++
				}
				if called == operation && (calls > 3 || operation == "receive" && calls > 1) {
					return errors.New("it is down")
				}
				return nil
			}
			_, err := m.redrive(t, true)
			if err == nil || len(m.letters) != left {
				t.Fatalf("%v, %d letters left, want %d", err, len(m.letters), left)
			}
			m.fail = nil
			if _, err := m.redrive(t, true); err != nil {
				t.Fatal(err)
			}
			arrived := map[string]bool{}
			for _, message := range m.moved {
				arrived[message.Alert.ID] = true
			}
			if len(arrived) != 13 || len(m.letters) != 1 {
				t.Errorf("%d alerts moved in the end, %d letters left", len(arrived), len(m.letters))
			}
		})
	}
}

func TestRedrive_asks_for_both_queues(t *testing.T) {
	for want, environ := range map[string]map[string]string{
		"DEAD_LETTER_QUEUE_URL is not set": {"REDELIVERY_QUEUE_URL": queueURL},
		"are the same queue":               {"REDELIVERY_QUEUE_URL": queueURL, "DEAD_LETTER_QUEUE_URL": queueURL},
	} {
		if err := redrive(t.Context(), report.New(&bytes.Buffer{}), environ, false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
