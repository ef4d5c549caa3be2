package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"boomerang/shared/awstest"
	"boomerang/shared/pipeline"
)

// Batch is the result of one batch of messages.
type Batch struct {
	Received, Failed int
	// Err says why the function did not respond. The whole batch comes again then.
	Err error
}

// Poll hands one batch of visible messages to the function and deletes those that
// succeed, as Lambda's event source mapping does
// (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html).
// Those that fail are not visible until Drain lets time pass.
func (s *Stack) Poll(i *Instance, limit time.Duration) Batch { return s.poll(s.Queue, i, limit) }

// PollFollowUps is Poll for the queue of the follow-ups. Their delays are over at once, so one
// whose time has not come is sent again.
func (s *Stack) PollFollowUps(i *Instance, limit time.Duration) Batch {
	return s.poll(s.FollowUps, i, limit)
}

// receipt is that of a message that failed.
type receipt struct {
	queue, handle *string
	claimedUntil  time.Time // by the run that failed, at most
}

func (s *Stack) poll(queue string, i *Instance, limit time.Duration) Batch {
	s.t.Helper()
	s.working.RLock()
	defer s.working.RUnlock()
	messages := s.receive(queue)
	if len(messages) == 0 {
		return Batch{}
	}
	deadline := time.Now().Add(limit)
	var response events.SQSEventResponse
	raw, err := i.Invoke(sqsEvent(messages), limit)
	if err == nil {
		err = json.Unmarshal(raw, &response)
	}
	b := Batch{Received: len(messages), Err: err}
	for _, m := range messages {
		if err == nil && !slices.Contains(response.BatchItemFailures, events.SQSBatchItemFailure{ItemIdentifier: *m.MessageId}) {
			s.delete(queue, m)
			continue
		}
		b.Failed++
		s.mu.Lock()
		s.failed = append(s.failed, receipt{&queue, m.ReceiptHandle, deadline})
		s.mu.Unlock()
	}
	return b
}

// Drain polls until the queue is empty, and lets the visibility timeout pass where no
// message is visible. Several instances may drain at once.
func (s *Stack) Drain(i *Instance, limit, timeout time.Duration) error {
	s.t.Helper()
	var last error
	for end := time.Now().Add(timeout); time.Now().Before(end); {
		b := s.Poll(i, limit)
		if b.Err != nil {
			last = b.Err
		}
		if b.Received == 0 && s.isEmpty() {
			return nil
		}
	}
	return fmt.Errorf("%d messages are still in the queue; the last error: %v", s.Length(s.Queue), last)
}

// isEmpty reports whether the queue is empty. Otherwise the visibility timeout passes.
func (s *Stack) isEmpty() bool {
	s.working.Lock()
	defer s.working.Unlock()
	if s.Length(s.Queue) == 0 {
		return true
	}
	if len(s.failed) > 0 {
		s.passVisibility()
	}
	return false
}

// LetPass lets time pass: for the claims that runs left behind, for the messages that failed,
// and since the alerts were posted.
func (s *Stack) LetPass(d time.Duration) {
	s.working.Lock()
	defer s.working.Unlock()
	s.passVisibility()
	if d == 0 {
		return
	}
	done, err := s.dynamodb.Scan(context.Background(), &dynamodb.ScanInput{TableName: &s.Table, FilterExpression: aws.String("attribute_exists(event_id)")})
	s.check(err)
	for _, item := range done.Items {
		s.add(item, "expires_at", -int64(d.Seconds()))
	}
}

func (s *Stack) passVisibility() {
	time.Sleep(time.Second) // The pause after a secret that was not read goes by the function's own clock.
	if !s.IsLong {
		s.endClaims()
	}
	for _, failed := range s.failed {
		if s.IsLong {
			time.Sleep(time.Until(failed.claimedUntil))
		}
		_, err := s.sqs.ChangeMessageVisibility(context.Background(), &sqs.ChangeMessageVisibilityInput{QueueUrl: failed.queue, ReceiptHandle: failed.handle})
		// In a long run the visibility timeout passes by itself, and the receipt with it.
		if _, isOld := errors.AsType[*types.ReceiptHandleIsInvalid](err); err != nil && !isOld {
			s.t.Fatal(err)
		}
	}
	s.failed = nil
}

// endClaims lets the visibility timeout pass for the claims that a run left behind.
func (s *Stack) endClaims() {
	claims, err := s.dynamodb.Scan(context.Background(), &dynamodb.ScanInput{
		TableName: &s.Table, FilterExpression: aws.String("in_progress_until >= :n"),
		ExpressionAttributeValues: number(time.Now().Add(-pipeline.VisibilityTimeout).UnixMilli()),
	})
	s.check(err)
	for _, claim := range claims.Items {
		s.add(claim, "in_progress_until", -pipeline.VisibilityTimeout.Milliseconds())
	}
}

func (s *Stack) add(item map[string]dynamodbtypes.AttributeValue, attribute string, n int64) {
	_, err := s.dynamodb.UpdateItem(context.Background(), &dynamodb.UpdateItemInput{
		TableName: &s.Table, Key: map[string]dynamodbtypes.AttributeValue{"id": item["id"]},
		UpdateExpression: aws.String("ADD " + attribute + " :n"), ExpressionAttributeValues: number(n),
	})
	s.check(err)
}

func number(n int64) map[string]dynamodbtypes.AttributeValue {
	return map[string]dynamodbtypes.AttributeValue{":n": &dynamodbtypes.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}}
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
	s.check(err)
	return out.Messages
}

func (s *Stack) delete(queue string, m types.Message) {
	s.t.Helper()
	_, err := s.sqs.DeleteMessage(context.Background(), &sqs.DeleteMessageInput{QueueUrl: &queue, ReceiptHandle: m.ReceiptHandle})
	s.check(err)
}

// Length returns how many messages a queue has, visible or not.
func (s *Stack) Length(queue string) (n int) {
	s.t.Helper()
	out, err := s.sqs.GetQueueAttributes(context.Background(), &sqs.GetQueueAttributesInput{
		QueueUrl: &queue, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	s.check(err)
	for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible", "ApproximateNumberOfMessagesDelayed"} {
		count, _ := strconv.Atoi(out.Attributes[name])
		n += count
	}
	return n
}

// Take removes the visible messages of a queue and returns them.
func (s *Stack) Take(queue string) (all []types.Message) {
	s.t.Helper()
	for messages := s.receive(queue); len(messages) > 0; messages = s.receive(queue) {
		for _, m := range messages {
			s.delete(queue, m)
		}
		all = append(all, messages...)
	}
	return all
}

// Enqueue puts a body into the redelivery queue.
func (s *Stack) Enqueue(body string) {
	s.t.Helper()
	_, err := s.sqs.SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: &s.Queue, MessageBody: &body})
	s.check(err)
}
