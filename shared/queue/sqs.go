package queue

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"boomerang/shared/telemetry"
)

// Client is what the queue needs of *sqs.Client. The role that it runs under
// must allow sqs:SendMessage on the queue.
type Client interface {
	SendMessage(context.Context, *sqs.SendMessageInput, ...func(*sqs.Options)) (*sqs.SendMessageOutput, error)
}

// SQS sends messages to a standard queue. It is safe for concurrent use.
type SQS struct {
	client Client
	url    string
}

// New returns the queue at an SQS queue URL.
func New(client Client, url string) *SQS { return &SQS{client: client, url: url} }

// The attributes of a message, for whoever looks at the queue or filters it.
const (
	attrVersion = "schema_version"
	attrKey     = "alert_key"
	attrReason  = "reason"
	// attrTrace is where Datadog's own tracers and its Lambda extension put, and look
	// for, the trace that a message belongs to.
	attrTrace = "_datadog"
)

// MaxDelay is SQS's limit for the delay of one message.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
const MaxDelay = 15 * time.Minute

// Send queues the message, to be delivered when the delay is over: at most
// MaxDelay, in whole seconds and never earlier than asked for. With no delay the
// queue's own applies. The message takes the trace of ctx along, unless it has one. Every failure of
// the queue is temporary (see package fault); how long the call may take is the
// context's business.
func (q *SQS) Send(ctx context.Context, m Message, delay time.Duration) error {
	if m.Trace == nil {
		m.Trace = telemetry.Headers(ctx)
	}
	body, err := Encode(m)
	if err != nil {
		return err
	}
	_, err = q.client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl:          &q.url,
		MessageBody:       &body,
		DelaySeconds:      int32(wholeSeconds(delay) / time.Second),
		MessageAttributes: attributes(m),
	})
	if err != nil {
		return notAccepted(check(err), fmt.Errorf("sqs:SendMessage: %w", err))
	}
	return nil
}

// DeadLetter puts a body that no further try will finish into the queue, which is then
// one of dead letters, as it came and with the reason beside it.
func (q *SQS) DeadLetter(ctx context.Context, body, reason string) error {
	_, err := q.client.SendMessage(ctx, &sqs.SendMessageInput{
		QueueUrl:          &q.url,
		MessageBody:       &body,
		MessageAttributes: map[string]types.MessageAttributeValue{attrReason: {DataType: aws.String("String"), StringValue: aws.String(attributeText(reason))}},
	})
	if err != nil {
		return notAccepted(check(err), fmt.Errorf("sqs:SendMessage: %w", err))
	}
	return nil
}

// wholeSeconds rounds up: a message that comes back too early finds the alert
// still busy and goes round once more.
func wholeSeconds(delay time.Duration) time.Duration {
	delay = min(max(delay, 0), MaxDelay)
	return (delay + time.Second - 1).Truncate(time.Second)
}

// maxAttributeBytes keeps the attributes within attributeReserve.
const maxAttributeBytes = 256

func attributes(m Message) map[string]types.MessageAttributeValue {
	all := map[string]types.MessageAttributeValue{
		attrVersion: {DataType: aws.String("Number"), StringValue: aws.String(strconv.Itoa(Version))},
		attrKey:     {DataType: aws.String("String"), StringValue: aws.String(attributeText(m.Alert.Key()))},
	}
	if len(m.Trace) > 0 {
		headers, _ := json.Marshal(m.Trace) // Texts always marshal.
		all[attrTrace] = types.MessageAttributeValue{DataType: aws.String("String"), StringValue: aws.String(string(headers))}
	}
	return all
}

// attributeText replaces what SQS does not allow in an attribute, which is what
// XML 1.0 does not allow. (https://www.w3.org/TR/xml/#charsets)
func attributeText(s string) string {
	printable := strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == '\uFFFE' || r == '\uFFFF' {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	return shorten(printable, maxAttributeBytes)
}
