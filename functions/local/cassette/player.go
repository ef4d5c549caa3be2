package cassette

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"
)

// Player is a transport that answers from a recording and reaches no network. It
// is safe for concurrent use.
type Player struct {
	// At is when the recording was made.
	At time.Time

	folder   string
	exact    map[string]response
	timeless map[string]response
	scrubber

	mu     sync.Mutex
	missed []string
}

// NewPlayer returns a player of the recording in folder. secrets are what the
// recorder was told.
func NewPlayer(folder string, secrets ...string) (*Player, error) {
	var made about
	if err := read(filepath.Join(folder, aboutFile), &made); errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s is no recording: it has no %s; make one with make try RECORD=<folder>, or --record", folder, aboutFile)
	} else if err != nil {
		return nil, err
	}
	p := &Player{At: made.At, folder: folder, exact: map[string]response{}, timeless: map[string]response{}, scrubber: scrubber{secrets}}
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if filepath.Base(file) == aboutFile {
			continue
		}
		var one exchange
		if err := read(file, &one); err != nil {
			return nil, err
		}
		p.exact[one.Request.key()] = one.Response
		if _, taken := p.timeless[one.Request.timeless()]; !taken {
			p.timeless[one.Request.timeless()] = one.Response
		}
	}
	return p, nil
}

func read(file string, into any) error {
	raw, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%s is no file of a recording: %w", file, err)
	}
	return nil
}

// RoundTrip answers as Datadog did.
func (p *Player) RoundTrip(req *http.Request) (*http.Response, error) {
	asked, err := p.asked(req.Clone(req.Context()))
	if err != nil {
		return nil, err
	}
	answer, ok := p.exact[asked.key()]
	if !ok {
		answer, ok = p.timeless[asked.timeless()]
	}
	if !ok {
		p.miss(asked)
		return nil, fmt.Errorf("the recording in %s has no answer to %s", p.folder, asked.name())
	}
	body, err := answer.bytes()
	if err != nil {
		return nil, err
	}
	header := http.Header{}
	for name, value := range answer.Header {
		header.Set(name, value)
	}
	return &http.Response{
		Status: fmt.Sprintf("%d %s", answer.Status, http.StatusText(answer.Status)), StatusCode: answer.Status,
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, Body: io.NopCloser(bytes.NewReader(body)), ContentLength: int64(len(body)), Request: req,
	}, nil
}

func (p *Player) miss(asked request) {
	name := asked.name()
	if body, _ := asked.bytes(); len(body) > 0 {
		name += " with " + string(body)
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.missed, name) {
		p.missed = append(p.missed, name)
	}
}

// Err names every request that the recording has no answer to.
func (p *Player) Err() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.missed) == 0 {
		return nil
	}
	slices.Sort(p.missed)
	text := "the recording in " + p.folder + " has no answer to"
	for _, name := range p.missed {
		text += "\n  " + name
	}
	return errors.New(text + "\nRecord it anew with make try RECORD=<folder>, or --record, with this event and these playbooks.")
}
