package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"boomerang/functions/local/report"
	"boomerang/shared/config"
	"boomerang/shared/fault"
	"boomerang/shared/queue"
)

// lettersClient is what redriving needs of *sqs.Client. Whoever runs it must be
// allowed sqs:ReceiveMessage, ChangeMessageVisibility and DeleteMessage on the
// dead-letter queue, and sqs:SendMessage on the other.
type lettersClient interface {
	queue.Client
	ReceiveMessage(context.Context, *sqs.ReceiveMessageInput, ...func(*sqs.Options)) (*sqs.ReceiveMessageOutput, error)
	DeleteMessage(context.Context, *sqs.DeleteMessageInput, ...func(*sqs.Options)) (*sqs.DeleteMessageOutput, error)
	ChangeMessageVisibilityBatch(context.Context, *sqs.ChangeMessageVisibilityBatchInput, ...func(*sqs.Options)) (*sqs.ChangeMessageVisibilityBatchOutput, error)
}

const (
	// maxLetters bounds one redrive.
	maxLetters = 1000
	// lettersHeld is how long nobody else sees the letters: enough to move them all.
	lettersHeld = 5 * time.Minute
	// givingBack is what that may take after an interrupt.
	givingBack = 10 * time.Second
	// batchSize is SQS's own limit.
	batchSize = 10
	// reasonAttribute is where the worker says why (queue.SQS.DeadLetter).
	reasonAttribute = "reason"
)

const noReason = "no reason was given: the worker's time ended, or its process did"

// redrive shows the dead letters, and with isGo puts them back into the queue.
func redrive(ctx context.Context, out *report.Printer, environ map[string]string, isGo bool) error {
	cfg, err := config.Load[config.Redrive](environ)
	if err != nil {
		return err
	}
	if cfg.DeadLetterQueueURL == cfg.RedeliveryQueueURL {
		return errors.New("REDELIVERY_QUEUE_URL and DEAD_LETTER_QUEUE_URL are the same queue")
	}
	account, err := awsconfig.LoadDefaultConfig(ctx)
	if err != nil {
		return fmt.Errorf("read the AWS configuration: %w", err)
	}
	r := redriver{client: sqs.NewFromConfig(account), Redrive: cfg, out: out, now: time.Now}
	return r.run(ctx, isGo)
}

type redriver struct {
	client lettersClient
	config.Redrive
	out *report.Printer
	now func() time.Time
}

// letter is one message among the dead letters.
type letter struct {
	id, handle string
	reason     string
	since      time.Time // when the alert first reached us, or the queue
	message    queue.Message
	unreadable error
}

func (r redriver) run(ctx context.Context, isGo bool) error {
	letters, err := r.receive(ctx)
	held := letters
	defer func() { r.giveBack(ctx, held) }()
	if err != nil {
		return err
	}
	r.show(letters)
	if len(letters) == 0 {
		return nil
	}
	if !isGo {
		r.out.Line("\nNothing was moved. Once the reasons are gone, GO=1 puts them back into %s.", r.RedeliveryQueueURL)
		return nil
	}
	unreadable := slices.DeleteFunc(slices.Clone(letters), func(l letter) bool { return l.unreadable == nil })
	readable := slices.DeleteFunc(slices.Clone(letters), func(l letter) bool { return l.unreadable != nil })
	moved, err := r.move(ctx, readable)
	held = slices.Concat(readable[moved:], unreadable)
	r.out.Line("\nMoved %s into %s.", howMany(moved), r.RedeliveryQueueURL)
	if len(unreadable) > 0 {
		r.out.Line("Left %s that would only come back: see above, and delete them in the SQS console.", howMany(len(unreadable)))
	}
	return err
}

// receive takes hold of the dead letters, so that it sees each of them once.
func (r redriver) receive(ctx context.Context) ([]letter, error) {
	byID := map[string]letter{}
	var err error
	for len(byID) < maxLetters {
		var got *sqs.ReceiveMessageOutput
		got, err = r.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
			QueueUrl:                    &r.DeadLetterQueueURL,
			MaxNumberOfMessages:         batchSize,
			VisibilityTimeout:           int32(lettersHeld / time.Second),
			WaitTimeSeconds:             1, // Without waiting, SQS does not ask all of its servers.
			MessageAttributeNames:       []string{reasonAttribute},
			MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameSentTimestamp},
		})
		if err != nil {
			err = fmt.Errorf("the dead letters could not be read; check DEAD_LETTER_QUEUE_URL, your AWS credentials and region: %w", err)
			break
		}
		if len(got.Messages) == 0 {
			break
		}
		for _, m := range got.Messages {
			byID[aws.ToString(m.MessageId)] = readLetter(m)
		}
	}
	return slices.SortedFunc(maps.Values(byID), func(a, b letter) int {
		return cmp.Or(a.since.Compare(b.since), cmp.Compare(a.id, b.id))
	}), err
}

func readLetter(m types.Message) letter {
	l := letter{id: aws.ToString(m.MessageId), handle: aws.ToString(m.ReceiptHandle), reason: noReason}
	if given := aws.ToString(m.MessageAttributes[reasonAttribute].StringValue); given != "" {
		l.reason = given
	}
	if ms, err := strconv.ParseInt(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64); err == nil {
		l.since = time.UnixMilli(ms)
	}
	if l.message, l.unreadable = queue.Decode(aws.ToString(m.Body)); l.unreadable != nil {
		l.reason = fault.Public(l.unreadable)
	} else if !l.message.ReceivedAt.IsZero() {
		l.since = l.message.ReceivedAt
	}
	return l
}

// show prints how many letters there are, and for each reason how many, how old
// and which ones.
func (r redriver) show(letters []letter) {
	r.out.Line("%s in %s", howMany(len(letters)), r.DeadLetterQueueURL)
	if len(letters) >= maxLetters {
		r.out.Line("There may be more: this is as many as are moved at a time.")
	}
	byReason := map[string][]letter{}
	for _, l := range letters {
		byReason[l.reason] = append(byReason[l.reason], l)
	}
	for _, reason := range slices.Sorted(maps.Keys(byReason)) {
		same := byReason[reason]
		r.out.Heading(fmt.Sprintf("%s: %s", howMany(len(same)), reason))
		const shown = 5
		for _, l := range same[:min(shown, len(same))] {
			r.out.Line("  %-8s %s", r.age(l), l.name())
		}
		if hidden := len(same) - shown; hidden > 0 {
			r.out.Line("  and %d more, the newest %s old", hidden, r.age(same[len(same)-1]))
		}
	}
}

func (l letter) name() string {
	switch {
	case l.unreadable != nil:
		return "message " + l.id
	case l.message.Storm != nil:
		return "the summary of a storm of " + l.message.Storm.Source
	}
	return l.message.Alert.Key() + "  " + cmp.Or(l.message.Alert.Title, l.message.Alert.AlertTitle)
}

// age says how old a letter is, in its two largest units.
func (r redriver) age(l letter) string {
	d := max(0, r.now().Sub(l.since))
	days, hours, minutes := int(d.Hours())/24, int(d.Hours())%24, int(d.Minutes())%60
	switch {
	case l.since.IsZero():
		return "?"
	case days > 0:
		return fmt.Sprintf("%dd %dh", days, hours)
	case hours > 0:
		return fmt.Sprintf("%dh %dm", hours, minutes)
	}
	return fmt.Sprintf("%dm", minutes)
}

// move sends each letter to the queue and then deletes it, and returns how many
// it moved. One that is sent and not deleted is there twice, which the ledger
// makes one of; the other way round it would be lost.
func (r redriver) move(ctx context.Context, letters []letter) (int, error) {
	to := queue.New(r.client, r.RedeliveryQueueURL)
	for i, l := range letters {
		l.message.Attempt++
		l.message.Reason = "redriven from the dead letters"
		if err := to.Send(ctx, l.message, 0); err != nil {
			return i, err
		}
		_, err := r.client.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &r.DeadLetterQueueURL, ReceiptHandle: &l.handle})
		if err != nil {
			return i, fmt.Errorf("a letter was moved and could not be deleted, so it comes up again: %w", err)
		}
	}
	return len(letters), nil
}

// giveBack lets everybody see the letters again that are still here. What it
// cannot give back comes back by itself.
func (r redriver) giveBack(ctx context.Context, letters []letter) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), givingBack)
	defer cancel()
	for batch := range slices.Chunk(letters, batchSize) {
		entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(batch))
		for i, l := range batch {
			entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: aws.String(l.handle)}
		}
		_, err := r.client.ChangeMessageVisibilityBatch(ctx, &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &r.DeadLetterQueueURL, Entries: entries})
		if err != nil {
			r.out.Line("Some letters stay hidden for %s: %v", lettersHeld, err)
			return
		}
	}
}

func howMany(n int) string {
	if n == 1 {
		return "1 dead letter"
	}
	return fmt.Sprintf("%d dead letters", n)
}
