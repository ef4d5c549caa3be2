package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"boomerang/functions/local/output"
	"boomerang/functions/local/sandbox"
	"boomerang/shared/awstest"
)

// examples are the commands that serve prints.
var examples = regexp.MustCompile(`(?s)curl .*-d '([^']*)' (http://\S+)\n.*curl (http://\S+)\n`)

// session is a serve that has printed its commands.
type session struct {
	screen string
	alert  string // the example
	url    string // of the function
	posted string // where the fake shows what it received
	end    func() (log string)
}

func startServe(t *testing.T, flags ...string) session {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	screen, writer := io.Pipe()
	var log bytes.Buffer
	c := cli{out: output.New(writer), stderr: &log}
	ended := make(chan error, 1)
	go func() {
		ended <- c.run(ctx, append([]string{"serve", "127.0.0.1:0"}, flags...)...)
		_ = writer.Close() // Otherwise the scanner waits for a serve that failed.
	}()
	end := func() string {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		ended <- nil
		return log.String()
	}
	t.Cleanup(func() { end() })

	printed := ""
	for lines := bufio.NewScanner(screen); lines.Scan(); {
		printed += lines.Text() + "\n"
		if found := examples.FindStringSubmatch(printed); found != nil {
			go func() { _, _ = io.Copy(io.Discard, screen) }()
			return session{printed, found[1], found[2], found[3], end}
		}
	}
	t.Fatalf("no curl commands:\n%s", printed)
	return session{}
}

// send does what the printed command does.
func (s session) send(t *testing.T) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, strings.NewReader(s.alert))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Webhook-Token", sandbox.Token)
	r.Header.Set("Content-Type", "application/json")
	return do(t, r)
}

func do(t *testing.T, r *http.Request) string {
	t.Helper()
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("%d %s, %v", response.StatusCode, text, err)
	}
	return string(text)
}

func TestServe_Duplicate(t *testing.T) {
	awstest.New(t) // Skips where the emulator is missing.
	s := startServe(t)
	contains(t, s.screen, "each alert is posted once")
	contains(t, s.send(t), `"status":"posted"`, `{"name":"monitor","status":"ok"`, `{"name":"related_events","status":"ok"`)
	contains(t, s.send(t), `"status":"duplicate"`)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.posted, nil)
	if err != nil {
		t.Fatal(err)
	}
	posted := do(t, r)
	contains(t, posted, "enrichment:complete", "Deployed checkout 4.2.1")
	if n := strings.Count(posted, `"route":"events.create"`); n != 1 {
		t.Errorf("%d events were posted, want 1: %s", n, posted)
	}
}

func TestServe_PageAndLog(t *testing.T) {
	s := startServe(t)
	contains(t, s.screen, "Page           "+s.url+"\n")
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept", "text/html")
	contains(t, do(t, r), "<title>Boomerang</title>")
	s.send(t)
	var record struct {
		Level, Msg, Outcome string
		Steps               []struct{ Name, Status string }
	}
	lines := strings.Split(strings.TrimSpace(s.end()), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &record); err != nil {
		t.Fatalf("the log is not JSON: %v\n%s", err, lines)
	}
	if record.Level != "INFO" || record.Msg != "webhook" || record.Outcome != "posted" || len(record.Steps) != 4 || record.Steps[0].Name != "metric" {
		t.Errorf("the record is %+v", record)
	}
}

func TestServe_AddressInUse(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	address := listener.Addr().String()
	for _, given := range []string{address, strings.TrimPrefix(address, "127.0.0.1:")} { // A port alone is one of this machine.
		_, err := invoke(t, nil, "serve", given)
		errorContains(t, err, "cannot serve on "+address+": address already in use; use another one, such as boomerang serve 8788")
	}
}

func TestServe_Remote(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0"} {
		_, err := invoke(t, nil, "serve", address)
		errorContains(t, err, "other machines can reach "+address, "--remote")
	}
	var screen bytes.Buffer
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := (cli{out: output.New(&screen), stderr: io.Discard}).run(ctx, "serve", "0.0.0.0:0", "--remote"); err != nil {
		t.Fatal(err)
	}
	if host, err := os.Hostname(); err == nil {
		contains(t, screen.String(), "Page           http://"+host+":", "#token=", "Other machines can send alerts")
	}
	if strings.Contains(screen.String(), sandbox.Token) {
		t.Errorf("other machines know the token of the function:\n%s", &screen)
	}
}

// TestServe_Playbooks takes playbooks as the other commands do.
func TestServe_Playbooks(t *testing.T) {
	path := folder(t, map[string]string{
		"default.yaml": "playbooks: [{name: all}]", "mine.yaml": `playbooks: [{name: mine, match: alert.tags.service == "checkout", steps: [{uses: owner}]}]`,
	})
	contains(t, startServe(t, "--playbooks", path).send(t), `"playbook":"mine"`)
}
