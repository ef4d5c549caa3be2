package queue

import (
	"testing"
	"time"
)

func TestMemory_Conformance(t *testing.T) {
	conform(t, func(*testing.T) opened {
		q := NewMemory(nil)
		return opened{q, func() []string {
			var bodies []string
			for _, d := range q.Receive(100) {
				bodies = append(bodies, d.Body)
			}
			return bodies
		}}
	})
}

func TestMemory_Receive(t *testing.T) {
	var now time.Time
	open := func(t *testing.T, delays ...time.Duration) *Memory {
		t.Helper()
		now = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)
		q := NewMemory(func() time.Time { return now })
		for _, d := range delays {
			if err := q.Send(t.Context(), whole(), d); err != nil {
				t.Fatal(err)
			}
		}
		return q
	}
	ids := func(deliveries []Delivery) []string {
		var list []string
		for _, d := range deliveries {
			list = append(list, d.ID)
		}
		return list
	}

	t.Run("the longest due comes first, of equals the first sent", func(t *testing.T) {
		q := open(t, time.Minute, 0, time.Second, 0)
		now = now.Add(time.Minute)
		same(t, "order", []string{"message-2", "message-4", "message-3", "message-1"}, ids(q.Receive(10)))
		same(t, "left", 0, q.Len())
	})
	t.Run("at most the limit comes at once", func(t *testing.T) {
		q := open(t, 0, 0, 0)
		same(t, "first", []string{"message-1", "message-2"}, ids(q.Receive(2)))
		same(t, "then", []string{"message-3"}, ids(q.Receive(2)))
	})
	t.Run("a message comes in the second in which its delay is over and not before", func(t *testing.T) {
		q := open(t, 1500*time.Millisecond)
		now = now.Add(2*time.Second - 1)
		same(t, "too early", []string(nil), ids(q.Receive(10)))
		same(t, "waiting", 1, q.Len())
		now = now.Add(1)
		same(t, "in time", []string{"message-1"}, ids(q.Receive(10)))
	})
	t.Run("a message that is returned comes again and is counted", func(t *testing.T) {
		q := open(t, 0, 0)
		first := q.Receive(1)[0]
		same(t, "count", 1, first.ReceiveCount)
		q.Return(first, time.Minute)
		same(t, "meanwhile", []string{"message-2"}, ids(q.Receive(10)))
		now = now.Add(time.Minute)
		again := q.Receive(10)
		first.ReceiveCount = 2
		same(t, "again", []Delivery{first}, again)
	})
}
