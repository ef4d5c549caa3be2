package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"boomerang/functions/local/report"
	"boomerang/functions/local/stage"
)

// printed is what serve asks its reader to type.
var printed = regexp.MustCompile(`(?s)curl .*-d '([^']*)' (http://\S+)\n.*curl (http://\S+)\n`)

// session is a serve that has said all it says at its start.
type session struct {
	screen string
	alert  string // in the example
	url    string // of the function
	posted string // where the stand-in shows what it got
	end    func() (log string)
}

func serving(t *testing.T) session {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	screen, writer := io.Pipe()
	var log bytes.Buffer
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx, report.New(writer), &log, "127.0.0.1:0") }()
	end := func() string {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		ended <- nil
		return log.String()
	}
	t.Cleanup(func() { end() })

	said := ""
	for lines := bufio.NewScanner(screen); lines.Scan(); {
		said += lines.Text() + "\n"
		if found := printed.FindStringSubmatch(said); found != nil {
			go func() { _, _ = io.Copy(io.Discard, screen) }()
			return session{said, found[1], found[2], found[3], end}
		}
	}
	t.Fatalf("it prints no curl commands:\n%s", said)
	return session{}
}

// send does what the printed command does.
func (s session) send(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, strings.NewReader(s.alert))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Webhook-Token", stage.Token)
	r.Header.Set("Content-Type", "application/json")
	return answered(t, r)
}

func answered(t *testing.T, r *http.Request) string {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%d %s, %v", answer.StatusCode, text, err)
	}
	return string(text)
}

func TestServe_prints_an_example_that_comes_back_whole_and_once(t *testing.T) {
	s := serving(t)
	first, second := s.send(t), s.send(t)
	contains(t, first, `"status":"posted"`, `{"name":"monitor","status":"ok"`, `{"name":"related_events","status":"ok"`)
	contains(t, second, `"status":"duplicate"`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.posted, nil)
	if err != nil {
		t.Fatal(err)
	}
	posted := answered(t, r)
	contains(t, posted, "enrichment:complete", "Deployed checkout 4.2.1")
	if n := strings.Count(posted, `"route":"events.create"`); n != 1 {
		t.Errorf("%d events were posted, want 1: %s", n, posted)
	}
}

func TestServe_logs_what_Lambda_does(t *testing.T) {
	s := serving(t)
	s.send(t)
	log := s.end()
	var record struct {
		Level, Msg, Outcome string
		Steps               []struct{ Name, Status string }
	}
	if err := json.Unmarshal([]byte(log), &record); err != nil {
		t.Fatalf("the log is not one record of JSON: %v\n%s", err, log)
	}
	if record.Level != "INFO" || record.Msg != "webhook" || record.Outcome != "posted" || len(record.Steps) != 2 || record.Steps[0].Name != "monitor" {
		t.Errorf("the record is %+v", record)
	}
}

func TestServe_says_how_to_serve_elsewhere(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	taken := listener.Addr().String()
	for _, address := range []string{taken, "8788"} {
		err := serve(t.Context(), report.New(io.Discard), io.Discard, address)
		if err == nil || !strings.Contains(err.Error(), "cannot serve on "+address) || !strings.Contains(err.Error(), "make serve ADDRESS=127.0.0.1:8788") {
			t.Errorf("%s: %v", address, err)
		}
	}
}
