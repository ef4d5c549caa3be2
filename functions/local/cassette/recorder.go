package cassette

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// about says what a recording is of. Its file is not one of an exchange.
type about struct {
	// At is when it was made: answers are about that time.
	At time.Time `json:"at"`
}

const aboutFile = "recording.json"

// Recorder is a transport that keeps what passes through it. It is safe for
// concurrent use.
type Recorder struct {
	next   http.RoundTripper
	folder string
	scrubber

	mu     sync.Mutex
	failed []error
	files  int
}

// NewRecorder returns a recorder that asks next, and writes into folder, which it
// creates. What an earlier recording left there is removed. at is the time that
// the recording is about; secrets never reach a file.
func NewRecorder(folder string, at time.Time, next http.RoundTripper, secrets ...string) (*Recorder, error) {
	if err := clear(folder); err != nil {
		return nil, err
	}
	r := &Recorder{next: next, folder: folder, scrubber: scrubber{secrets}}
	return r, write(filepath.Join(folder, aboutFile), about{At: at.UTC()})
}

// clear makes an empty folder, and refuses to empty one that is no recording.
func clear(folder string) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("cannot record: %w", err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) == 0 {
		return err
	}
	if _, err := os.Stat(filepath.Join(folder, aboutFile)); err != nil {
		return fmt.Errorf("cannot record into %s: it holds files, and they are no recording; name another folder", folder)
	}
	for _, file := range files {
		if filepath.Ext(file) != ".json" {
			continue
		}
		if err := os.Remove(file); err != nil {
			return fmt.Errorf("cannot record: %w", err)
		}
	}
	return nil
}

// RoundTrip asks, keeps the exchange, and hands the answer on as it came.
func (r *Recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	asked, err := r.asked(req)
	if err != nil {
		return nil, err
	}
	resp, err := r.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	answer, err := r.answered(resp)
	if err != nil {
		// A body that breaks off is the caller's to meet, and none to keep.
		return resp, nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := write(filepath.Join(r.folder, asked.file()), exchange{asked, answer}); err != nil {
		r.failed = append(r.failed, err)
		return resp, nil
	}
	r.files++
	return resp, nil
}

// Close returns how many exchanges were kept, and why others were not.
func (r *Recorder) Close() (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.files, errors.Join(r.failed...)
}

func write(path string, v any) error {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(v); err != nil {
		return err
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		return fmt.Errorf("cannot record: %w", err)
	}
	return nil
}
