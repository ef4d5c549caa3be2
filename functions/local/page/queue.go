package page

import (
	"context"
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	redeliver "boomerang/functions/redeliver/handler"
	"boomerang/shared/pipeline"
	"boomerang/shared/queue"
)

// localQueue is SQS and what calls the function redeliver, in memory. It retries as the
// deployed queue does, and the deliveries show what waits.
type localQueue struct {
	ctx        context.Context //nolint:containedctx // Messages wait until the page ends.
	worker     *redeliver.Handler
	deliveries *deliveries
}

// deliveryKey is the key of the delivery's id in a context.
type deliveryKey struct{}

func deliveryOf(ctx context.Context) string {
	id, _ := ctx.Value(deliveryKey{}).(string)
	return id
}

func (q *localQueue) Send(ctx context.Context, m queue.Message, delay time.Duration) error {
	id, later, due := deliveryOf(ctx), "", time.Now().Add(delay)
	switch {
	case m.Storm != nil:
		id = "summary of " + m.Storm.Source + " at " + m.Storm.Start.UTC().Format("15:04")
	case strings.Contains(id, " of "): // It waits once more.
	case m.FollowUp != nil:
		later, due = fmt.Sprintf("follow-up %d", m.FollowUp.Number), time.Now().Add(m.FollowUp.After)
	case m.Action != nil:
		later = "step " + m.Action.Step
	}
	if later != "" {
		q.deliveries.update(id, func(one *delivery) { one.later = append(one.later, later+" at "+due.Format(clock)) })
		id = later + " of " + id
	}
	body, err := queue.Encode(m)
	if err == nil {
		q.wait(id, m, body, 1, delay)
	}
	return err
}

func (q *localQueue) wait(id string, m queue.Message, body string, receives int, delay time.Duration) {
	delay = min(delay, queue.MaxDelay)
	q.deliveries.update(id, func(one *delivery) { one.message, one.next = m, time.Now().Add(delay) })
	time.AfterFunc(delay, func() {
		if q.ctx.Err() == nil && !q.receive(id, body, receives) {
			q.wait(id, m, body, receives+1, pipeline.VisibilityTimeout)
		}
	})
}

// receive reports whether the worker is done with a message.
func (q *localQueue) receive(id, body string, receives int) bool {
	ctx, cancel := context.WithTimeout(context.WithValue(q.ctx, deliveryKey{}, id), pipeline.WorkerTimeout)
	defer cancel()
	response, _ := q.worker.Handle(ctx, events.SQSEvent{Records: []events.SQSMessage{{
		MessageId: rand.Text(), Body: body, Attributes: map[string]string{"ApproximateReceiveCount": strconv.Itoa(receives)},
	}}}) // It never returns an error.
	return len(response.BatchItemFailures) == 0
}

func (q *localQueue) DeadLetter(ctx context.Context, _, reason string) error {
	q.deliveries.update(deliveryOf(ctx), func(one *delivery) { one.dead = reason })
	return nil
}
