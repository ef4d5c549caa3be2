package handler_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-lambda-go/events"
	"github.com/google/go-cmp/cmp"

	"boomerang/functions/redeliver/handler"
	"boomerang/shared/alert"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/queue"
)

// graveyard keeps what is buried, by its reason.
type graveyard struct {
	mu   sync.Mutex
	held map[string]string
	err  error
}

func (g *graveyard) DeadLetter(_ context.Context, body, reason string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.err != nil {
		return g.err
	}
	if g.held == nil {
		g.held = map[string]string{}
	}
	g.held[body] = reason
	return nil
}

func message(t *testing.T, id, receives string) events.SQSMessage {
	t.Helper()
	body, err := queue.Encode(queue.Message{Alert: alert.Alert{ID: id, Title: "secret words"}})
	if err != nil {
		t.Fatal(err)
	}
	return events.SQSMessage{MessageId: "m-" + id, Body: body, Attributes: map[string]string{"ApproximateReceiveCount": receives}}
}

// redeliver does with each alert what its id says.
func redeliver(_ context.Context, m queue.Message) (pipeline.Outcome, error) {
	switch m.Alert.ID {
	case "refused":
		return pipeline.Outcome{}, fault.New(fault.Permanent, "Datadog refused to create the event (400 Bad Request)", nil)
	case "down":
		return pipeline.Outcome{}, fault.New(fault.Temporary, "Datadog could not create the event (503)", nil)
	case "broken":
		panic("a mistake")
	}
	return pipeline.Outcome{Status: pipeline.Posted}, nil
}

func TestHandler_repeats_what_may_pass_and_buries_what_will_not(t *testing.T) {
	poison := events.SQSMessage{MessageId: "m-poison", Body: "no message of ours"}
	for name, c := range map[string]struct {
		batch  []events.SQSMessage
		yard   *graveyard
		again  []string
		buried []string // reasons, or a part of them
	}{
		"all good":                       {[]events.SQSMessage{message(t, "1", "1"), message(t, "2", "1")}, &graveyard{}, nil, nil},
		"an empty batch":                 {nil, &graveyard{}, nil, nil},
		"a temporary failure among good": {[]events.SQSMessage{message(t, "1", "1"), message(t, "down", "1"), message(t, "2", "1")}, &graveyard{}, []string{"m-down"}, nil},
		"a poison message among good":    {[]events.SQSMessage{message(t, "1", "1"), poison}, &graveyard{}, nil, []string{"message"}},
		"a refused event":                {[]events.SQSMessage{message(t, "refused", "1")}, &graveyard{}, nil, []string{"400 Bad Request"}},
		"a panic":                        {[]events.SQSMessage{message(t, "broken", "1"), message(t, "1", "1")}, &graveyard{}, []string{"m-broken"}, nil},
		"a panic that came too often":    {[]events.SQSMessage{message(t, "broken", "10")}, &graveyard{}, nil, []string{"inside Boomerang"}},
		"a failure that came too often":  {[]events.SQSMessage{message(t, "down", "10")}, &graveyard{}, nil, []string{"503"}},
		"dead letters that are down":     {[]events.SQSMessage{message(t, "refused", "1")}, &graveyard{err: errors.New("down")}, []string{"m-refused"}, nil},
		"no dead letters":                {[]events.SQSMessage{message(t, "refused", "10"), poison}, nil, []string{"m-refused", "m-poison"}, nil},
		"everything wrong":               {[]events.SQSMessage{message(t, "down", "1"), message(t, "broken", "2")}, &graveyard{}, []string{"m-down", "m-broken"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			conf := handler.Config{Redeliver: redeliver, Logger: slog.New(slog.NewJSONHandler(&log, nil))}
			if c.yard != nil {
				conf.DeadLetters = c.yard
			}
			response, err := handler.New(conf).Handle(t.Context(), events.SQSEvent{Records: c.batch})
			if err != nil {
				t.Fatalf("an error repeats the good ones too: %v", err)
			}
			var again []string
			for _, f := range response.BatchItemFailures {
				again = append(again, f.ItemIdentifier)
			}
			if diff := cmp.Diff(c.again, again); diff != "" {
				t.Errorf("messages that come again (-want +got):\n%s", diff)
			}
			if c.yard != nil && len(c.yard.held) != len(c.buried) {
				t.Errorf("buried %v", c.yard.held)
			}
			for _, want := range c.buried {
				for _, reason := range c.yard.held {
					if !strings.Contains(reason, want) {
						t.Errorf("buried because of %q, want %q", reason, want)
					}
				}
			}
			if n := strings.Count(log.String(), "\n"); n != len(c.batch) || strings.Contains(log.String(), "secret words") {
				t.Errorf("%d records for %d messages: %s", n, len(c.batch), log.String())
			}
		})
	}
}
