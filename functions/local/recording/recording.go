// Package recording keeps Datadog's responses in a file and replays them. Keys, tokens
// and what identifies a person never reach the file.
package recording

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"boomerang/shared/jsonvalue"
)

// File is the file of a recording in its folder.
const File = "recording.json"

type recording struct {
	At        time.Time  `json:"at"` // what the responses are about
	Exchanges []exchange `json:"exchanges"`
}

type exchange struct {
	Request  request  `json:"request"`
	Response response `json:"response"`
}

type request struct {
	Method string     `json:"method"`
	Path   string     `json:"path"`
	Query  url.Values `json:"query,omitempty"`
	Body   any        `json:"body,omitempty"`
}

// response has the body as JSON, or as a string if it is not JSON.
type response struct {
	Status int               `json:"status"`
	Header map[string]string `json:"header,omitempty"`
	Body   any               `json:"body,omitempty"`
}

// String returns the request as errors show it.
func (r request) String() string {
	text := r.Method + " " + r.Path
	if len(r.Query) > 0 {
		text += "?" + r.Query.Encode()
	}
	if r.Body != nil {
		text += " with " + string(encode(r.Body))
	}
	return text
}

// timestamp is a time in a request: in seconds, in milliseconds, or in RFC 3339.
var timestamp = regexp.MustCompile(`\b1[0-9]{9}(?:[0-9]{3})?\b|\b20[0-9]{2}-[0-9]{2}-[0-9]{2}T(?:[0-9:.]|%3A)+(?:Z|(?:[+-]|%2B)(?:[0-9:]|%3A)+)?`)

// withoutTimestamps identifies a request that is repeated at another time.
func (r request) withoutTimestamps() string {
	return timestamp.ReplaceAllString(r.String(), "<time>")
}

// maxBodyBytes is more than the Datadog client reads.
const maxBodyBytes = 16 << 20

// readBody returns a body and replaces it with a copy.
func readBody(body *io.ReadCloser) ([]byte, error) {
	if *body == nil || *body == http.NoBody {
		return nil, nil
	}
	raw, err := io.ReadAll(io.LimitReader(*body, maxBodyBytes))
	_ = (*body).Close()
	*body = io.NopCloser(bytes.NewReader(raw))
	return raw, err
}

func newRequest(r *http.Request, s scrubber) (request, error) {
	raw, err := readBody(&r.Body)
	return request{Method: r.Method, Path: s.text(r.URL.Path), Query: s.query(r.URL.Query()), Body: s.body(raw)}, err
}

// headers are those that the Datadog client reads.
var headers = []string{"Content-Type", "Retry-After", "X-Ratelimit-Reset"}

func newResponse(r *http.Response, s scrubber) (response, error) {
	raw, err := readBody(&r.Body)
	recorded := response{Status: r.StatusCode, Header: map[string]string{}, Body: s.body(raw)}
	for _, name := range headers {
		if value := r.Header.Get(name); value != "" {
			recorded.Header[name] = value
		}
	}
	return recorded, err
}

func (r response) http(to *http.Request) *http.Response {
	body, isText := r.Body.(string)
	if !isText && r.Body != nil {
		body = string(encode(r.Body))
	}
	header := http.Header{}
	for name, value := range r.Header {
		header.Set(name, value)
	}
	return &http.Response{
		StatusCode: r.Status, Header: header, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: to,
	}
}

// encode is for values that come from JSON.
func encode(v any) []byte {
	raw, _ := json.Marshal(v)
	return raw
}

// load reads the recording in a folder. Ids of 64 bits stay exact.
func load(folder string) (recording, error) {
	path := filepath.Join(folder, File)
	raw, err := os.ReadFile(path)
	if wrong, ok := errors.AsType[*os.PathError](err); ok {
		err = fmt.Errorf("%s is not a recording; make try RECORD=<folder> (or --record) makes one, and so does make backtest: %s: %w", folder, File, wrong.Err)
	}
	if err != nil {
		return recording{}, err
	}
	var r recording
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(&r); err != nil || r.At.IsZero() {
		return recording{}, errors.Join(fmt.Errorf("%s is not a recording", path), err)
	}
	return r, nil
}

func (r recording) save(folder string) error {
	text, err := jsonvalue.Encode(r, "  ")
	if err == nil {
		err = os.MkdirAll(folder, 0o755)
	}
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, File), []byte(text), 0o644)
}

// Bodies returns the bodies of the successful responses to GET of a path, in order.
func Bodies(folder, path string) ([][]byte, error) {
	r, err := load(folder)
	if err != nil {
		return nil, err
	}
	var bodies [][]byte
	for _, e := range r.Exchanges {
		if e.Request.Method == http.MethodGet && e.Request.Path == path && e.Response.Status < http.StatusMultipleChoices {
			bodies = append(bodies, encode(e.Response.Body))
		}
	}
	return bodies, nil
}

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
	r := &Recorder{next: next, folder: folder, scrubber: scrubber(secrets), recording: recording{At: at.UTC()}}
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
		return nil, err
	}
	p := &Player{At: r.At, folder: folder, scrubber: scrubber(secrets), responses: map[string]response{}}
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
	return fmt.Errorf("the recording in %s has no response to\n  %s\nRecord this event with these playbooks: make try RECORD=<folder> (or --record)",
		p.folder, strings.Join(p.missed, "\n  "))
}
