package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"boomerang/shared/fakedatadog"
)

var (
	redeliveries = fakedatadog.QueueURL(fakedatadog.RedeliveryQueue)
	deadLetters  = fakedatadog.QueueURL(fakedatadog.DeadLetterQueue)
)

// Misbehaviours meet the stack's own calls too: ownTimeout ends an attempt, and
// ownPatience all attempts together.
const (
	ownTimeout  = 2 * time.Second
	ownPatience = 30 * time.Second
)

// newSQS returns the event source mapping's own client of the queues.
func newSQS(url string) *sqs.Client {
	return sqs.New(sqs.Options{
		BaseEndpoint: &url,
		HTTPClient:   &http.Client{Timeout: ownTimeout},
		Region:       "us-east-1",
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "mapping", SecretAccessKey: "test"}, nil
		}),
	})
}

// Batch is what became of one batch of messages.
type Batch struct {
	Received, Failed int
	// Err is why the function did not say; all of the batch comes again then.
	Err error
}

// Redeliver hands one batch of due messages to the function and deletes those
// that it is done with, as Lambda's event source mapping does
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
// The others come again after the queue's visibility timeout.
func (s *Stack) Redeliver(i *Instance, limit time.Duration) Batch {
	s.working.RLock()
	defer s.working.RUnlock()
	ctx, cancel := context.WithTimeout(context.Background(), limit+ownPatience)
	defer cancel()
	messages, err := s.receive(ctx, redeliveries)
	if err != nil || len(messages) == 0 {
		return Batch{Err: err}
	}
	batch := Batch{Received: len(messages)}
	raw, err := i.Invoke(sqsEvent(messages), limit)
	var answer events.SQSEventResponse
	if err == nil {
		err = json.Unmarshal(raw, &answer)
	}
	if err != nil {
		batch.Failed, batch.Err = batch.Received, err
		return batch
	}
	done := slices.DeleteFunc(messages, func(m types.Message) bool {
		return slices.Contains(answer.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: *m.MessageId})
	})
	batch.Failed = batch.Received - len(done)
	batch.Err = s.delete(ctx, redeliveries, done)
	return batch
}

// sqsEvent is a batch as Lambda hands it to the function.
func sqsEvent(messages []types.Message) events.SQSEvent {
	var event events.SQSEvent
	for _, m := range messages {
		event.Records = append(event.Records, events.SQSMessage{
			MessageId: *m.MessageId, ReceiptHandle: *m.ReceiptHandle, Body: *m.Body, Attributes: m.Attributes,
			MessageAttributes: handedOver(m.MessageAttributes), Md5OfBody: aws.ToString(m.MD5OfBody),
			EventSource: "aws:sqs", EventSourceARN: "arn:aws:sqs:us-east-1:000000000000:" + fakedatadog.RedeliveryQueue, AWSRegion: "us-east-1",
		})
	}
	return event
}

func handedOver(attributes map[string]types.MessageAttributeValue) map[string]events.SQSMessageAttribute {
	all := make(map[string]events.SQSMessageAttribute, len(attributes))
	for name, a := range attributes {
		all[name] = events.SQSMessageAttribute{DataType: *a.DataType, StringValue: a.StringValue}
	}
	return all
}

func (s *Stack) receive(ctx context.Context, queue string) ([]types.Message, error) {
	out, err := s.sqs.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &queue, MaxNumberOfMessages: 10,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
		MessageAttributeNames:       []string{"All"},
	})
	if err != nil {
		return nil, err
	}
	return out.Messages, nil
}

func (s *Stack) delete(ctx context.Context, queue string, messages []types.Message) error {
	if len(messages) == 0 {
		return nil
	}
	in := sqs.DeleteMessageBatchInput{QueueUrl: &queue}
	for n, m := range messages {
		in.Entries = append(in.Entries, types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(n)), ReceiptHandle: m.ReceiptHandle})
	}
	_, err := s.sqs.DeleteMessageBatch(ctx, &in)
	return err
}

// Enqueue puts any body into the redelivery queue.
func (s *Stack) Enqueue(body string) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), ownPatience)
	defer cancel()
	if _, err := s.sqs.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &redeliveries, MessageBody: &body}); err != nil {
		s.t.Fatal(err)
	}
}

// Redrive puts the dead letters back into the redelivery queue, as an operator
// does once the cause is mended, and returns how many there were.
func (s *Stack) Redrive() int {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), ownPatience)
	defer cancel()
	for n := 0; ; {
		messages, err := s.receive(ctx, deadLetters)
		if err != nil {
			s.t.Fatal(err)
		}
		if len(messages) == 0 {
			return n
		}
		for _, m := range messages {
			s.Enqueue(*m.Body)
		}
		if err := s.delete(ctx, deadLetters, messages); err != nil {
			s.t.Fatal(err)
		}
		n += len(messages)
	}
}

// Drain redelivers until the queue is empty, and lets the time of SQS pass where
// nothing is due. It fails when that takes longer than patience. Several instances
// may drain at once.
func (s *Stack) Drain(i *Instance, limit, patience time.Duration) error {
	var last error
	for end := time.Now().Add(patience); time.Now().Before(end); {
		b := s.Redeliver(i, limit)
		s.failed.Add(int64(b.Failed))
		if b.Err != nil {
			last = b.Err
		}
		if b.Received == 0 && s.nothingLeft(limit) {
			return nil
		}
	}
	return fmt.Errorf("%d messages are still in the queue, and the last error was: %v", len(s.Standin.Messages(fakedatadog.RedeliveryQueue)), last)
}

// nothingLeft reports whether the queue is empty, and otherwise lets the time pass
// until something is due.
func (s *Stack) nothingLeft(limit time.Duration) bool {
	s.working.Lock()
	defer s.working.Unlock()
	waiting := s.Standin.Messages(fakedatadog.RedeliveryQueue)
	if len(waiting) == 0 {
		return true
	}
	if nextDue(waiting).After(s.Now()) {
		if s.failed.Swap(0) > 0 {
			s.settle(limit)
		}
		s.Skip(max(0, nextDue(waiting).Sub(s.Now())))
	}
	return false
}

func nextDue(waiting []fakedatadog.QueuedMessage) time.Time {
	return slices.MinFunc(waiting, func(a, b fakedatadog.QueuedMessage) int { return a.Visible.Compare(b.Visible) }).Visible
}

// settle waits for what ends by the functions' clock, which cannot be moved, and
// would be over when a visibility timeout is: claims, none of which lasts longer than
// limit, and the moment for which a secret that could not be fetched is left alone.
// Without that a message would come too often in no time.
func (s *Stack) settle(limit time.Duration) {
	time.Sleep(time.Second)
	for end := time.Now().Add(limit); s.isClaimed() && time.Now().Before(end); {
		time.Sleep(100 * time.Millisecond)
	}
}

// isClaimed reports whether a claim of any alert has yet to end.
func (s *Stack) isClaimed() bool {
	now := time.Now().UnixMilli()
	return slices.ContainsFunc(s.Standin.Items(), func(i map[string]any) bool {
		until, _ := i["in_progress_until"].(json.Number)
		ends, err := until.Int64()
		return err == nil && ends >= now
	})
}
