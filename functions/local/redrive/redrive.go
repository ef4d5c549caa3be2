// Package redrive shows the messages of the dead-letter queue, and moves them back into the
// queue.
package redrive

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"boomerang/functions/local/deployed"
	"boomerang/functions/local/output"
	"boomerang/shared/config"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
	"boomerang/shared/queue"
)

const (
	maxMessages = 1000 // of one redrive
	batchSize   = 10   // SQS's limit
	// holdTime hides the messages from other consumers for as long as a redrive takes.
	holdTime = 5 * time.Minute
	// releaseTimeout bounds the cleanup after an interrupt.
	releaseTimeout = 10 * time.Second
	// reasonAttribute is the one of queue.Queue.DeadLetter.
	reasonAttribute = "reason"
	noReason        = "no reason given: the worker timed out or crashed"
)

// Redriver works on the queues of one stack.
type Redriver struct {
	// Client needs the permissions sqs:ReceiveMessage, ChangeMessageVisibility and
	// DeleteMessage on the dead-letter queue, and sqs:SendMessage on the other queue.
	Client *sqs.Client
	config.Redrive
	Out *output.Printer

	limit int // maxMessages if 0
}

// Result is what was in the dead-letter queue, and how much of it was moved.
type Result struct {
	Messages []message `json:"messages"` // the oldest first
	Moved    int       `json:"moved"`
}

type message struct {
	ID     string    `json:"id"`
	Name   string    `json:"name"`
	Reason string    `json:"reason"`
	Since  time.Time `json:"since"` // when the alert arrived, or else the message

	receipt string
	content queue.Message
	invalid error
}

// Run shows the messages of the dead-letter queue, and moves them back if apply is set.
func (r Redriver) Run(ctx context.Context, apply bool) (Result, error) {
	r.limit = cmp.Or(r.limit, maxMessages)
	messages, err := r.receive(ctx)
	defer func() { r.release(ctx, messages) }() // Those that stay.
	if err != nil {
		return Result{}, err
	}
	result := Result{Messages: append([]message{}, messages...)}
	r.show(messages)
	switch {
	case len(messages) == 0:
		return result, nil
	case !apply:
		r.Out.Line("\nNothing was moved. When the causes are fixed, GO=1 (--apply) moves the messages into %s.", r.RedeliveryQueueURL)
		return result, nil
	}
	messages, err = r.move(ctx, messages)
	result.Moved = len(result.Messages) - len(messages)
	r.Out.Line("\nMoved %s into %s.", enrich.Count(result.Moved, "message"), r.RedeliveryQueueURL)
	if err == nil && len(messages) > 0 {
		r.Out.Line("%s cannot be read and stays. Delete it in the SQS console.", enrich.Count(len(messages), "message"))
	}
	return result, err
}

// receive hides the messages, so that it receives each once.
func (r Redriver) receive(ctx context.Context) ([]message, error) {
	byID := map[string]message{}
	var err error
	for len(byID) < r.limit {
		var out *sqs.ReceiveMessageOutput
		out, err = r.Client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl:                    &r.DeadLetterQueueURL,
			MaxNumberOfMessages:         int32(min(batchSize, r.limit-len(byID))),
			VisibilityTimeout:           int32(holdTime / time.Second),
			WaitTimeSeconds:             1, // Without a wait, SQS does not query all its servers.
			MessageAttributeNames:       []string{reasonAttribute},
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameSentTimestamp},
		})
		if err != nil {
			err = fmt.Errorf("cannot read the dead-letter queue; check DEAD_LETTER_QUEUE_URL, your AWS credentials and region: %w", deployed.Reason(err))
			break
		}
		if len(out.Messages) == 0 {
			break
		}
		for _, m := range out.Messages {
			byID[aws.ToString(m.MessageId)] = newMessage(m)
		}
	}
	return slices.SortedFunc(maps.Values(byID), func(a, b message) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.ID, b.ID))
	}), err
}

func newMessage(in types.Message) message {
	m := message{ID: aws.ToString(in.MessageId), receipt: aws.ToString(in.ReceiptHandle)}
	m.Reason = cmp.Or(aws.ToString(in.MessageAttributes[reasonAttribute].StringValue), noReason)
	if ms, err := strconv.ParseInt(in.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64); err == nil {
		m.Since = time.UnixMilli(ms)
	}
	if m.content, m.invalid = queue.Decode(aws.ToString(in.Body)); m.invalid != nil {
		m.Reason = fault.Public(m.invalid)
	} else if !m.content.ReceivedAt.IsZero() {
		m.Since = m.content.ReceivedAt
	}
	m.Name = m.name()
	return m
}

// show groups the messages by reason, the oldest first.
func (r Redriver) show(messages []message) {
	const shown = 5
	r.Out.Line("%s in %s", enrich.Count(len(messages), "message"), r.DeadLetterQueueURL)
	if len(messages) >= r.limit {
		r.Out.Line("There may be more: a redrive handles %d at most.", r.limit)
	}
	byReason := map[string][]message{}
	for _, m := range messages {
		byReason[m.Reason] = append(byReason[m.Reason], m)
	}
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		same := byReason[reason]
		r.Out.Heading("%s: %s", enrich.Count(len(same), "message"), reason)
		for _, m := range same[:min(shown, len(same))] {
			r.Out.Line("  %-8s %s", m.age(), m.Name)
		}
		if hidden := len(same) - shown; hidden > 0 {
			r.Out.Line("  and %d more, the newest %s old", hidden, same[len(same)-1].age())
		}
	}
}

func (m message) name() string {
	switch {
	case m.invalid != nil:
		return "message " + m.ID
	case m.content.Storm != nil:
		return "the summary of a storm of " + m.content.Storm.Source
	case m.content.Action != nil:
		return "the step " + m.content.Action.Step + " of the playbook " + m.content.Action.Playbook + " for " + m.alertName()
	}
	return m.alertName()
}

func (m message) alertName() string {
	return m.content.Alert.Key() + "  " + cmp.Or(m.content.Alert.Title, m.content.Alert.AlertTitle)
}

func (m message) age() string {
	if m.Since.IsZero() {
		return "?"
	}
	return enrich.FormatDuration(max(0, time.Since(m.Since)))
}

// move sends each message to the queue before it deletes it: a duplicate is better than a
// lost alert. It returns those that stay.
func (r Redriver) move(ctx context.Context, messages []message) (stay []message, err error) {
	to := queue.New(r.Client, r.RedeliveryQueueURL)
	for i, m := range messages {
		if m.invalid != nil {
			stay = append(stay, m)
			continue
		}
		m.content.Attempt++
		m.content.Reason = "redriven from the dead-letter queue"
		if err := to.Send(ctx, m.content, 0); err != nil {
			return append(stay, messages[i:]...), err
		}
		if _, err := r.Client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &r.DeadLetterQueueURL, ReceiptHandle: &m.receipt}); err != nil {
			return append(stay, messages[i:]...), fmt.Errorf("a message was moved but not deleted, so it will be moved again: %w", err)
		}
	}
	return stay, nil
}

// release makes the messages visible again before holdTime ends, also after an interrupt.
func (r Redriver) release(ctx context.Context, messages []message) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	for batch := range slices.Chunk(messages, batchSize) {
		entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(batch))
		for i, m := range batch {
			entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: &m.receipt}
		}
		_, err := r.Client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &r.DeadLetterQueueURL, Entries: entries})
		if err != nil {
			r.Out.Line("Some messages stay hidden for %s: %v", holdTime, err)
			return
		}
	}
}
