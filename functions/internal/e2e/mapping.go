package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	dynamodb "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"boomerang/shared/awstest"
	"boomerang/shared/pipeline"
)

// heldMessage is a message that failed. It becomes visible once AdvanceClock has passed
// the visibility timeout.
type heldMessage struct {
	receipt *string
	visible time.Time
}

// Batch is the result of one batch of messages.
type Batch struct {
	Received, Failed int
	// Err says why the function did not respond. The whole batch comes again then.
	Err error
}

// Poll hands one batch of visible messages to the function and deletes those that
// succeed, as Lambda's event source mapping does
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
func (s *Stack) Poll(i *Instance, limit time.Duration) Batch {
	s.t.Helper()
	s.working.RLock()
	defer s.working.RUnlock()
	messages := s.receive(s.Queue)
	if len(messages) == 0 {
		return Batch{}
	}
	received, failed := len(messages), messages
	raw, err := i.Invoke(sqsEvent(messages), limit)
	var response events.SQSEventResponse
	if err == nil {
		err = json.Unmarshal(raw, &response)
	}
	if err == nil {
		isFailed := func(m types.Message) bool {
			return slices.Contains(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: *m.MessageId})
		}
		s.delete(s.Queue, slices.DeleteFunc(slices.Clone(messages), isFailed))
		failed = slices.DeleteFunc(messages, func(m types.Message) bool { return !isFailed(m) })
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range failed {
		s.held = append(s.held, heldMessage{receipt: m.ReceiptHandle, visible: time.Now().Add(s.ahead + pipeline.VisibilityTimeout)})
	}
	return Batch{Received: received, Failed: len(failed), Err: err}
}

// Now is the time of SQS and Datadog. The functions have the real clock.
func (s *Stack) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.ahead)
}

// AdvanceClock lets time pass for SQS and Datadog: messages become visible.
func (s *Stack) AdvanceClock(d time.Duration) {
	s.t.Helper()
	s.mu.Lock()
	s.ahead += d
	now := time.Now().Add(s.ahead)
	var due []heldMessage
	s.held = slices.DeleteFunc(s.held, func(m heldMessage) bool {
		if m.visible.After(now) {
			return false
		}
		due = append(due, m)
		return true
	})
	s.mu.Unlock()
	for _, m := range due {
		in := sqs.ChangeMessageVisibilityInput{QueueUrl: &s.Queue, ReceiptHandle: m.receipt}
		if _, err := s.sqs.ChangeMessageVisibility(context.Background(), &in); err != nil {
			s.t.Fatal(err)
		}
	}
}

// Drain polls until the queue is empty, and advances the clock where no message is
// visible. Several instances may drain at once.
func (s *Stack) Drain(i *Instance, limit, timeout time.Duration) error {
	s.t.Helper()
	var last error
	for end := time.Now().Add(timeout); time.Now().Before(end); {
		b := s.Poll(i, limit)
		if b.Err != nil {
			last = b.Err
		}
		if b.Received == 0 && s.isEmpty(limit) {
			return nil
		}
	}
	return fmt.Errorf("%d messages are still in the queue; the last error: %v", s.Length(s.Queue), last)
}

// isEmpty reports whether the queue is empty. Otherwise it lets the failed messages
// become visible.
func (s *Stack) isEmpty(limit time.Duration) bool {
	s.working.Lock()
	defer s.working.Unlock()
	if s.Length(s.Queue) == 0 {
		return true
	}
	s.mu.Lock()
	held := len(s.held)
	s.mu.Unlock()
	if held > 0 {
		s.waitForClaims(limit)
		s.AdvanceClock(pipeline.VisibilityTimeout)
	}
	return false
}

// waitForClaims waits for what would be over after a visibility timeout but goes by
// the functions' own clock: claims, and the pause after a secret that was not read.
func (s *Stack) waitForClaims(limit time.Duration) {
	time.Sleep(time.Second)
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		now := dynamodb.AttributeValueMemberN{Value: strconv.FormatInt(time.Now().UnixMilli(), 10)}
		if len(s.Items("in_progress_until >= :v", &now)) == 0 {
			return
		}
	}
}

// sqsEvent is a batch as Lambda hands it to the function.
func sqsEvent(messages []types.Message) events.SQSEvent {
	var event events.SQSEvent
	for _, m := range messages {
		attributes := map[string]events.SQSMessageAttribute{}
		for name, a := range m.MessageAttributes {
			attributes[name] = events.SQSMessageAttribute{DataType: *a.DataType, StringValue: a.StringValue}
		}
		event.Records = append(event.Records, events.SQSMessage{
			MessageId: *m.MessageId, ReceiptHandle: *m.ReceiptHandle, Body: *m.Body, Attributes: m.Attributes,
			MessageAttributes: attributes, Md5OfBody: aws.ToString(m.MD5OfBody), EventSource: "aws:sqs", AWSRegion: awstest.Region,
		})
	}
	return event
}

func (s *Stack) receive(queue string) []types.Message {
	s.t.Helper()
	out, err := s.sqs.ReceiveMessage(context.Background(), &sqs.ReceiveMessageInput{
		QueueUrl: &queue, MaxNumberOfMessages: 10, MessageAttributeNames: []string{"All"},
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return out.Messages
}

func (s *Stack) delete(queue string, messages []types.Message) {
	s.t.Helper()
	for _, m := range messages {
		if _, err := s.sqs.DeleteMessage(context.Background(), &sqs.DeleteMessageInput{QueueUrl: &queue, ReceiptHandle: m.ReceiptHandle}); err != nil {
			s.t.Fatal(err)
		}
	}
}

// Length returns how many messages a queue has, visible or not.
func (s *Stack) Length(queue string) (n int) {
	s.t.Helper()
	out, err := s.sqs.GetQueueAttributes(context.Background(), &sqs.GetQueueAttributesInput{
		QueueUrl: &queue, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"} {
		count, _ := strconv.Atoi(out.Attributes[name])
		n += count
	}
	return n
}

// Take removes the visible messages of a queue and returns them.
func (s *Stack) Take(queue string) (all []types.Message) {
	s.t.Helper()
	for {
		messages := s.receive(queue)
		if len(messages) == 0 {
			return all
		}
		s.delete(queue, messages)
		all = append(all, messages...)
	}
}

// Enqueue puts a body into the redelivery queue.
func (s *Stack) Enqueue(body string) {
	s.t.Helper()
	if _, err := s.sqs.SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: &s.Queue, MessageBody: &body}); err != nil {
		s.t.Fatal(err)
	}
}
