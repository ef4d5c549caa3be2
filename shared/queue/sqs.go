package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"

	"boomerang/shared/fault"
	"boomerang/shared/telemetry"
)

// Queue sends messages to a standard queue. It is safe for concurrent use. Every failure
// of SQS is temporary (see package fault). Calls take as long as their context allows.
type Queue struct {
	sendMessage func(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
	url         string
	// refusal begins the text of an error, and variable is what to check, for people.
	refusal, variable string
}

// New returns the queue with the URL. The client's role needs sqs:SendMessage on it.
func New(client *sqs.Client, url string) *Queue {
	return &Queue{client.SendMessage, url, "the redelivery queue did not accept the alert: ", "REDELIVERY_QUEUE_URL"}
}

// NewFollowUps returns the queue of the follow-ups.
func NewFollowUps(client *sqs.Client, url string) *Queue {
	return &Queue{client.SendMessage, url, "the queue of the follow-ups did not accept one: ", "FOLLOW_UP_QUEUE_URL"}
}

// The attributes of a message, for filters and for people who look at the queue.
const (
	attrVersion = "schema_version"
	attrKey     = "alert_key"
	attrReason  = "reason"
	// attrTrace is where Datadog's tracers and its Lambda extension look for the trace.
	attrTrace = "_datadog"
)

// maxAttributeBytes keeps the attributes within attributeReserve.
const maxAttributeBytes = 256

// MaxDelay is SQS's limit for the delay of one message.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const MaxDelay = 15 * time.Minute

// Send queues the message, to be delivered after the delay: at most MaxDelay, rounded up
// to seconds. Without a delay the queue's own applies. The message gets the trace of ctx,
// unless it has one.
func (q *Queue) Send(ctx context.Context, m Message, delay time.Duration) error {
	if m.Trace == nil {
		m.Trace = telemetry.Headers(ctx)
	}
	body, err := Encode(m)
	if err != nil {
		return err
	}
	attributes := map[string]types.MessageAttributeValue{
		attrVersion: {DataType: aws.String("Number"), StringValue: aws.String(strconv.Itoa(m.version()))},
		attrKey:     stringAttribute(m.Alert.Key()),
	}
	if len(m.Trace) > 0 {
		headers, _ := json.Marshal(m.Trace) // Strings always marshal.
		attributes[attrTrace] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(string(headers))}
	}
	return q.send(ctx, &sqs.SendMessageInput{MessageBody: &body, DelaySeconds: delaySeconds(delay), MessageAttributes: attributes})
}

// DeadLetter sends a body unchanged, with the reason beside it, to a queue that is a
// dead-letter queue.
func (q *Queue) DeadLetter(ctx context.Context, body, reason string) error {
	return q.send(ctx, &sqs.SendMessageInput{MessageBody: &body, MessageAttributes: map[string]types.MessageAttributeValue{attrReason: stringAttribute(reason)}})
}

func (q *Queue) send(ctx context.Context, in *sqs.SendMessageInput) error {
	in.QueueUrl = &q.url
	if _, err := q.sendMessage(ctx, in); err != nil {
		return fault.New(fault.Temporary, q.refusal+q.explain(err), fmt.Errorf("sqs:SendMessage: %w", err))
	}
	return nil
}

// delaySeconds rounds up, because a message that arrives early finds the alert still busy.
func delaySeconds(delay time.Duration) int32 {
	delay = min(max(delay, 0), MaxDelay)
	return int32((delay + time.Second - 1) / time.Second)
}

// stringAttribute replaces what SQS does not allow in an attribute, which is what XML 1.0
// does not allow (https://www.w3.org/TR/xml/#charsets), and truncates it.
func stringAttribute(s string) types.MessageAttributeValue {
	printable := strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == '\uFFFE' || r == '\uFFFF' {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	return types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(truncate(printable, maxAttributeBytes))}
}

// explain says what to repair. The codes are those of
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html,
// and the older ones that SQS sends beside them.
func (q *Queue) explain(err error) string {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return "it did not answer in time"
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return "it could not be reached; check the function's network and credentials"
	}
	code := api.ErrorCode()
	if strings.HasPrefix(strings.ToLower(code), "kms") {
		return "its KMS key could not be used; allow kms:GenerateDataKey and kms:Decrypt on the key in the function's role"
	}
	switch code {
	case "QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue", "InvalidAddress", "QueueDeletedRecently", "AWS.SimpleQueueService.QueueDeletedRecently":
		return "it does not exist in this account and region; check " + q.variable
	case "AccessDenied", "AccessDeniedException":
		return "access was refused; allow sqs:SendMessage on it in the function's role"
	case "UnrecognizedClientException", "InvalidClientTokenId", "InvalidSignatureException", "SignatureDoesNotMatch", "ExpiredToken", "ExpiredTokenException", "InvalidSecurity":
		return "AWS does not accept the credentials; check the function's role"
	case "RequestThrottled", "ThrottlingException", "Throttling", "OverLimit":
		return "it is throttled"
	case "MissingParameter":
		return "it must be a standard queue, not a FIFO queue; check " + q.variable
	}
	return "AWS answered " + code
}
