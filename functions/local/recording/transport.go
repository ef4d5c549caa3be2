package recording

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Recorder is an http.RoundTripper that keeps what passes through it.
type Recorder struct {
	next     http.RoundTripper
	folder   string
	scrubber scrubber

	mu        sync.Mutex
	recording recording
}

// NewRecorder replaces the recording in a folder, which it creates. at is the time that
// the responses are about. The secrets never reach the file.
func NewRecorder(folder string, at time.Time, next http.RoundTripper, secrets ...string) (*Recorder, error) {
	if _, err := load(folder); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("cannot record into %s; use another folder: %w", folder, err)
	}
	r := &Recorder{next: next, folder: folder, scrubber: scrubber{secrets}, recording: recording{At: at.UTC()}}
	if err := r.recording.save(folder); err != nil {
		return nil, fmt.Errorf("cannot record: %w", err)
	}
	return r, nil
}

// RoundTrip makes the call and keeps it.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	asked, err := newRequest(req, r.scrubber)
	if err != nil {
		return nil, err
	}
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	answered, err := newResponse(resp, r.scrubber)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.recording.Exchanges = append(r.recording.Exchanges, exchange{asked, answered})
	return resp, nil
}

// Close writes the file and returns the number of exchanges.
func (r *Recorder) Close() (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := r.recording.save(r.folder); err != nil {
		return 0, fmt.Errorf("cannot record: %w", err)
	}
	return len(r.recording.Exchanges), nil
}

// Player is an http.RoundTripper that responds from a recording.
type Player struct {
	At time.Time // what the responses are about

	folder   string
	scrubber scrubber
	// responses are by request, and by request without its times.
	responses map[string]response

	mu     sync.Mutex
	missed []string
}

// NewPlayer returns a player of the recording in a folder. The secrets are those of the
// recorder.
func NewPlayer(folder string, secrets ...string) (*Player, error) {
	r, err := load(folder)
	if err != nil {
		return nil, notRecorded(folder, err)
	}
	p := &Player{At: r.At, folder: folder, scrubber: scrubber{secrets}, responses: map[string]response{}}
	for _, e := range slices.Backward(r.Exchanges) {
		p.responses[e.Request.withoutTimestamps()] = e.Response
	}
	for _, e := range r.Exchanges {
		p.responses[e.Request.String()] = e.Response
	}
	return p, nil
}

// RoundTrip responds as Datadog did.
func (p *Player) RoundTrip(req *http.Request) (*http.Response, error) {
	asked, err := newRequest(req.Clone(req.Context()), p.scrubber)
	if err != nil {
		return nil, err
	}
	for _, key := range []string{asked.String(), asked.withoutTimestamps()} {
		if recorded, ok := p.responses[key]; ok {
			return recorded.http(req), nil
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.missed, asked.String()) {
		p.missed = append(p.missed, asked.String())
	}
	return nil, fmt.Errorf("the recording in %s has no response to %s", p.folder, asked)
}

// Err names all requests without a response.
func (p *Player) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.missed) == 0 {
		return nil
	}
	slices.Sort(p.missed)
	return fmt.Errorf("the recording in %s has no response to\n  %s\nRecord this event with these playbooks: make try RECORD=<folder> (or --record).",
		p.folder, strings.Join(p.missed, "\n  "))
}
