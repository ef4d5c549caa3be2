package page

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	redeliver "boomerang/functions/redeliver/handler"
	"boomerang/shared/alert"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/queue"
)

// The queue retries when the deployed one does, and gives up when the deployed one does.
func TestLocalQueue(t *testing.T) {
	for name, c := range map[string]struct {
		err   error
		tries int
		last  time.Duration // of the last try
		dead  string
	}{
		"it works":             {nil, 1, 10 * time.Second, ""},
		"it fails temporarily": {fault.New(fault.Temporary, "Datadog could not create the event (503)", nil), pipeline.MaxReceives, 10*time.Second + (pipeline.MaxReceives-1)*pipeline.VisibilityTimeout, "503"},
		"it is refused":        {fault.New(fault.Permanent, "Datadog rejected the event", nil), 1, 10 * time.Second, "Datadog rejected the event"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, stop := context.WithCancel(t.Context())
				defer stop()
				q := &localQueue{ctx: ctx, deliveries: newDeliveries()}
				started, tries, last := time.Now(), 0, time.Time{}
				q.worker = &redeliver.Handler{DeadLetters: q, Logger: slog.New(slog.DiscardHandler), Redeliver: func(ctx context.Context, m queue.Message) (pipeline.Outcome, error) {
					if tries, last = tries+1, time.Now(); deliveryOf(ctx) != "first" || m.Alert.ID != "1" {
						t.Errorf("message of %q: %+v", deliveryOf(ctx), m)
					}
					return pipeline.Outcome{}, c.err
				}}
				ctx = context.WithValue(ctx, deliveryKey{}, "first")
				if err := q.Send(ctx, queue.Message{Alert: alert.Alert{ID: "1"}, Reason: "Datadog is down"}, 10*time.Second); err != nil {
					t.Fatal(err)
				}
				state, why := q.deliveries.find("first").state()
				if want := started.Add(10 * time.Second).Format(clock); state != "queued" || why != "Queued: Datadog is down. Next try at "+want+"." {
					t.Errorf("it is %s: %s", state, why)
				}
				time.Sleep(24 * time.Hour)
				synctest.Wait()
				if tries != c.tries || last.Sub(started) != c.last || !strings.Contains(q.deliveries.find("first").dead, c.dead) {
					t.Errorf("%d tries, the last after %s; %+v", tries, last.Sub(started), q.deliveries.find("first"))
				}
			})
		})
	}
}

func TestLocalQueue_Ends(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		q := &localQueue{ctx: ctx, deliveries: newDeliveries()} // It has no worker to call.
		if err := q.Send(ctx, queue.Message{Alert: alert.Alert{ID: "1"}}, time.Second); err != nil {
			t.Fatal(err)
		}
		stop()
		time.Sleep(time.Minute)
	})
}
