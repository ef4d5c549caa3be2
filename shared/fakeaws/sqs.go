package fakeaws

import (
	"fmt"
	"path"
	"slices"
	"strconv"
	"time"
)

// SQS's calls, as far as the webhook, the redelivery's event source mapping and
// whoever looks after the queues make them.
const (
	SQSSend             = "sqs.send"
	SQSReceive          = "sqs.receive"
	SQSDelete           = "sqs.delete"
	SQSDeleteBatch      = "sqs.delete_batch"
	SQSChangeVisibility = "sqs.change_visibility"
	SQSAttributes       = "sqs.attributes"
)

// The two queues that there are, both standard ones.
const (
	RedeliveryQueue = "boomerang-redelivery"
	DeadLetterQueue = "boomerang-dead-letters"
)

const (
	// visibilityTimeout and maxReceiveCount are those of the queue in template.yaml:
	// how soon a message comes again, and after how many deliveries the redrive policy
	// moves it to the dead letters.
	visibilityTimeout = 6 * time.Minute
	maxReceiveCount   = 11
)

// The limits of a message
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html).
const (
	maxMessageBytes   = 256 << 10 // What every queue takes; one may be set to take more.
	maxDelay          = 15 * time.Minute
	maxVisibility     = 12 * time.Hour
	maxMessagesAtOnce = 10
	maxAttributes     = 10
)

// amazonSQS is its protocol
// (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-making-api-requests-json.html).
var amazonSQS = protocol{
	target:  "AmazonSQS",
	service: "sqs",
	shapes:  "com.amazonaws.sqs#",
	invalid: "com.amazonaws.sqs#InvalidParameterValue",
}

// queues are both queues, and the count by which their messages are told apart.
type queues struct {
	redelivery, deadLetters queue
	issued                  int
}

// queue is one queue, in the order in which its messages came.
type queue struct {
	name     string
	messages []*message
}

// message is a message in a queue.
type message struct {
	id, body   string
	attributes map[string]messageAttribute
	sent       time.Time
	visible    time.Time // from when on it can be received
	receives   int
	first      time.Time // when it was first received
	receipt    string    // the latest receipt handle; empty when it is not in flight
}

// QueuedMessage is a message of a queue, whether or not it can be received now.
type QueuedMessage struct {
	ID   string `json:"id"`
	Body string `json:"body"`
	// Attributes are the texts of the message's attributes.
	Attributes map[string]string `json:"attributes"`
	Sent       time.Time         `json:"sent"`
	// Visible is from when on it can be received.
	Visible time.Time `json:"visible"`
	// Receives is how often it was.
	Receives int `json:"receives"`
}

func newQueues() queues {
	return queues{redelivery: queue{name: RedeliveryQueue}, deadLetters: queue{name: DeadLetterQueue}}
}

// QueueURL returns the URL of a queue.
func QueueURL(name string) string {
	return "https://sqs." + awsRegion + ".amazonaws.com/" + awsAccount + "/" + name
}

func queueARN(name string) string {
	return "arn:aws:sqs:" + awsRegion + ":" + awsAccount + ":" + name
}

// Messages returns what is in a queue, the longest there first; nothing where
// there is no such queue.
func (s *Services) Messages(queueName string) []QueuedMessage {
	shown := []QueuedMessage{}
	q, err := s.queues.find(QueueURL(queueName))
	if err != nil {
		return shown
	}
	for _, m := range q.messages {
		texts := map[string]string{}
		for name, a := range m.attributes {
			texts[name] = a.StringValue
		}
		shown = append(shown, QueuedMessage{ID: m.id, Body: m.body, Attributes: texts, Sent: m.sent, Visible: m.visible, Receives: m.receives})
	}
	return shown
}

func (q *queues) operations() []Operation {
	calls := []struct {
		name      string
		operation string
		handle    func(call) Answer
	}{
		{SQSSend, "SendMessage", operation(amazonSQS, q.send)},
		{SQSReceive, "ReceiveMessage", operation(amazonSQS, q.receive)},
		{SQSDelete, "DeleteMessage", operation(amazonSQS, q.delete)},
		{SQSDeleteBatch, "DeleteMessageBatch", operation(amazonSQS, q.deleteBatch)},
		{SQSChangeVisibility, "ChangeMessageVisibility", operation(amazonSQS, q.changeVisibility)},
		{SQSAttributes, "GetQueueAttributes", operation(amazonSQS, q.attributes)},
	}
	operations := make([]Operation, len(calls))
	for i, c := range calls {
		operations[i] = Operation{
			Name: c.name, Target: amazonSQS.target + "." + c.operation,
			handle: c.handle,
		}
	}
	return operations
}

// find goes by the name at the end of the URL: whoever reaches the stand-in
// reaches it under any host.
func (q *queues) find(url string) (*queue, error) {
	for _, candidate := range []*queue{&q.redelivery, &q.deadLetters} {
		if path.Base(url) == candidate.name {
			return candidate, nil
		}
	}
	return nil, refusal{kind: amazonSQS.shapes + "QueueDoesNotExist", message: "The specified queue does not exist."}
}

// nextID is as long as SQS's ids and different each time.
func (q *queues) nextID() string {
	q.issued++
	return fmt.Sprintf("00000000-0000-4000-8000-%012d", q.issued)
}

type attributesRequest struct {
	QueueUrl       string //nolint:revive // AWS's own name.
	AttributeNames []string
}

// attributes answers what is asked for, or all there is.
func (q *queues) attributes(in attributesRequest, now time.Time) (any, error) {
	of, err := q.find(in.QueueUrl)
	if err != nil {
		return nil, err
	}
	all := of.attributes(now)
	wanted := map[string]string{}
	for _, name := range in.AttributeNames {
		value, known := all[name]
		switch {
		case name == "All":
			return map[string]any{"Attributes": all}, nil
		case !known:
			return nil, refusal{kind: amazonSQS.shapes + "InvalidAttributeName", message: "Unknown Attribute " + name + "."}
		}
		wanted[name] = value
	}
	return map[string]any{"Attributes": wanted}, nil
}

func (q *queue) attributes(now time.Time) map[string]string {
	var waiting, inFlight, delayed int
	for _, m := range q.messages {
		switch {
		case !m.visible.After(now):
			waiting++
		case m.receipt != "":
			inFlight++
		default:
			delayed++
		}
	}
	all := map[string]string{
		"QueueArn":                              queueARN(q.name),
		"ApproximateNumberOfMessages":           strconv.Itoa(waiting),
		"ApproximateNumberOfMessagesNotVisible": strconv.Itoa(inFlight),
		"ApproximateNumberOfMessagesDelayed":    strconv.Itoa(delayed),
		"VisibilityTimeout":                     strconv.Itoa(int(visibilityTimeout / time.Second)),
		"MaximumMessageSize":                    strconv.Itoa(maxMessageBytes),
		"DelaySeconds":                          "0",
	}
	if q.name == RedeliveryQueue {
		all["RedrivePolicy"] = fmt.Sprintf(`{"deadLetterTargetArn":%q,"maxReceiveCount":%d}`, queueARN(DeadLetterQueue), maxReceiveCount)
	}
	return all
}

// remove takes a message out of the queue.
func (q *queue) remove(m *message) {
	q.messages = slices.DeleteFunc(q.messages, func(other *message) bool { return other == m })
}
