package fakeaws

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// receiveRequest may ask for system attributes by their old and their new name.
type receiveRequest struct {
	QueueUrl                    string //nolint:revive // AWS's own name.
	MaxNumberOfMessages         int
	VisibilityTimeout           *int
	WaitTimeSeconds             int
	AttributeNames              []string
	MessageSystemAttributeNames []string
	MessageAttributeNames       []string
}

type receivedMessage struct {
	MessageId              string //nolint:revive // AWS's own name.
	ReceiptHandle          string
	MD5OfBody              string
	Body                   string
	Attributes             map[string]string           `json:",omitempty"`
	MD5OfMessageAttributes string                      `json:",omitempty"`
	MessageAttributes      map[string]messageAttribute `json:",omitempty"`
}

// receive hands out messages that are due, in the order in which they came, which
// SQS does not promise. It never waits for one, as a long poll does, because the
// stand-in's clock may stand still
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html).
func (q *queues) receive(in receiveRequest, now time.Time) (any, error) {
	from, err := q.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	limit := cmp.Or(in.MaxNumberOfMessages, 1)
	hidden := visibilityTimeout
	if in.VisibilityTimeout != nil {
		hidden = time.Duration(*in.VisibilityTimeout) * time.Second
	}
	switch {
	case limit < 0 || limit > maxMessagesAtOnce:
		return nil, fmt.Errorf("Value %d for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and %d, if provided.", limit, maxMessagesAtOnce)
	case hidden < 0 || hidden > maxVisibility:
		return nil, errVisibility
	case in.WaitTimeSeconds != 0:
		return nil, errors.New("the stand-in does not wait for messages: leave WaitTimeSeconds out, and come again")
	}
	var received []receivedMessage
	for _, m := range from.due(limit, now) {
		if from.name == RedeliveryQueue && m.receives >= maxReceiveCount {
			q.giveUp(m, now)
			continue
		}
		m.receives++
		if m.first.IsZero() {
			m.first = now
		}
		m.visible = now.Add(hidden)
		m.receipt = base64.StdEncoding.EncodeToString([]byte(m.id + " " + strconv.Itoa(m.receives)))
		received = append(received, m.shown(in))
	}
	return map[string]any{"Messages": received}, nil
}

func (q *queue) due(limit int, now time.Time) []*message {
	var due []*message
	for _, m := range q.messages {
		if len(due) == limit {
			break
		}
		if !m.visible.After(now) {
			due = append(due, m)
		}
	}
	return due
}

// giveUp moves a message to the dead letters, as the redrive policy says.
func (q *queues) giveUp(m *message, now time.Time) {
	q.redelivery.remove(m)
	m.receipt, m.visible, m.receives = "", now, 0
	q.deadLetters.messages = append(q.deadLetters.messages, m)
}

func (m *message) shown(in receiveRequest) receivedMessage {
	shown := receivedMessage{MessageId: m.id, ReceiptHandle: m.receipt, MD5OfBody: sumOfBody(m.body), Body: m.body}
	system := map[string]string{
		"ApproximateReceiveCount":          strconv.Itoa(m.receives),
		"SentTimestamp":                    strconv.FormatInt(m.sent.UnixMilli(), 10),
		"ApproximateFirstReceiveTimestamp": strconv.FormatInt(m.first.UnixMilli(), 10),
		"SenderId":                         awsAccount,
	}
	shown.Attributes = chosen(system, append(in.AttributeNames, in.MessageSystemAttributeNames...))
	shown.MessageAttributes = chosen(m.attributes, in.MessageAttributeNames)
	if len(shown.MessageAttributes) > 0 {
		shown.MD5OfMessageAttributes = sumOfAttributes(shown.MessageAttributes)
	}
	return shown
}

// chosen returns those of the attributes that were asked for by name.
func chosen[V any](all map[string]V, names []string) map[string]V {
	picked := map[string]V{}
	for name, v := range all {
		if slices.Contains(names, name) || slices.Contains(names, "All") || slices.Contains(names, ".*") {
			picked[name] = v
		}
	}
	return picked
}

var (
	errVisibility = fmt.Errorf("Value for parameter VisibilityTimeout is invalid. Reason: Must be between 0 and %d seconds.", int(maxVisibility.Seconds()))
	errReceipt    = refusal{kind: amazonSQS.shapes + "ReceiptHandleIsInvalid", message: "The input receipt handle is invalid."}
)

// received returns the message of a receipt handle; nil when it is gone, or was
// received again since, which makes the handle stale.
func (q *queue) received(receipt string) (*message, error) {
	raw, err := base64.StdEncoding.DecodeString(receipt)
	if err != nil || !strings.Contains(string(raw), " ") {
		return nil, errReceipt
	}
	at := slices.IndexFunc(q.messages, func(m *message) bool { return m.receipt == receipt })
	if at < 0 {
		return nil, nil
	}
	return q.messages[at], nil
}

type deleteMessageRequest struct {
	QueueUrl      string //nolint:revive // AWS's own name.
	ReceiptHandle string
}

// delete forgets a message. With a stale handle it says so too, and forgets nothing.
func (q *queues) delete(in deleteMessageRequest, _ time.Time) (any, error) {
	from, err := q.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	return struct{}{}, from.forget(in.ReceiptHandle)
}

func (q *queue) forget(receipt string) error {
	m, err := q.received(receipt)
	if m != nil {
		q.remove(m)
	}
	return err
}

type deleteBatchRequest struct {
	QueueUrl string //nolint:revive // AWS's own name.
	Entries  []struct{ Id, ReceiptHandle string }
}

func (q *queues) deleteBatch(in deleteBatchRequest, _ time.Time) (any, error) {
	from, err := q.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	done, failed := []map[string]any{}, []map[string]any{}
	for _, e := range in.Entries {
		if err := from.forget(e.ReceiptHandle); err != nil {
			failed = append(failed, map[string]any{"Id": e.Id, "SenderFault": true, "Code": "ReceiptHandleIsInvalid", "Message": err.Error()})
			continue
		}
		done = append(done, map[string]any{"Id": e.Id})
	}
	return map[string]any{"Successful": done, "Failed": failed}, nil
}

func (in deleteBatchRequest) check() error {
	ids := map[string]bool{}
	for _, e := range in.Entries {
		ids[e.Id] = true
	}
	kind, text := "", ""
	switch {
	case len(in.Entries) == 0:
		kind, text = "EmptyBatchRequest", "There should be at least one DeleteMessageBatchRequestEntry in the request."
	case len(in.Entries) > maxMessagesAtOnce:
		kind, text = "TooManyEntriesInBatchRequest", "Maximum number of entries per request are 10."
	case len(ids) < len(in.Entries):
		kind, text = "BatchEntryIdsNotDistinct", "Two or more batch entries in the request have the same Id."
	default:
		return nil
	}
	return refusal{kind: amazonSQS.shapes + kind, message: text}
}

type visibilityRequest struct {
	QueueUrl          string //nolint:revive // AWS's own name.
	ReceiptHandle     string
	VisibilityTimeout int
}

func (q *queues) changeVisibility(in visibilityRequest, now time.Time) (any, error) {
	of, err := q.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	hidden := time.Duration(in.VisibilityTimeout) * time.Second
	if hidden < 0 || hidden > maxVisibility {
		return nil, errVisibility
	}
	m, err := of.received(in.ReceiptHandle)
	switch {
	case err != nil:
		return nil, err
	case m == nil || !m.visible.After(now):
		return nil, refusal{kind: amazonSQS.shapes + "MessageNotInflight", message: "The message referred to isn't in flight."}
	}
	m.visible = now.Add(hidden)
	return struct{}{}, nil
}
