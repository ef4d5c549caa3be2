package handler_test

import (
	"context"
	"sync"
	"time"

	"boomerang/shared/event"
	"boomerang/shared/ledger"
	"boomerang/shared/queue"
)

// store is a ledger in memory: until when each key is known.
type store struct {
	clock      *clock
	mu         sync.Mutex
	known      map[string]time.Time
	watermarks map[string]time.Time
}

func (s *store) know(key string, until time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known[key] = until
	return nil
}

func (s *store) Claim(_ context.Context, key string, until time.Time) (ledger.Claim, error) {
	return ledger.Claim{}, s.know(key, until)
}

func (s *store) Complete(_ context.Context, key string, _ event.Posted) error {
	return s.know(key, s.clock.Now().Add(ledger.DefaultTTL))
}

func (s *store) MarkQueued(_ context.Context, key string) error {
	return s.know(key, s.clock.Now().Add(ledger.DefaultTTL))
}

func (s *store) FilterKnown(_ context.Context, keys ...string) (map[string]bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	known := map[string]bool{}
	for _, key := range keys {
		if until, ok := s.known[key]; ok && !until.Before(s.clock.Now()) {
			known[key] = true
		}
	}
	return known, nil
}

func (s *store) Watermark(_ context.Context, name string) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watermarks[name], nil
}

func (s *store) SetWatermark(_ context.Context, name string, until time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watermarks[name] = until
	return nil
}

// sent is a queue in memory. The messages are what a worker decodes.
type sent struct {
	mu       sync.Mutex
	messages []queue.Message
}

func (s *sent) Send(_ context.Context, m queue.Message, _ time.Duration) error {
	body, err := queue.Encode(m)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	m, err = queue.Decode(body)
	s.messages = append(s.messages, m)
	return err
}
