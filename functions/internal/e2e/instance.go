package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"boomerang/functions/internal/ddlambda/agenttest"
	"boomerang/functions/internal/runtimeapi"
)

const (
	// initTime is three times what Lambda gives a function to start, and slack is added to
	// an invocation's timeout, because the machine may be busy
	// (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html).
	initTime = 30 * time.Second
	slack    = 5 * time.Second
)

// Instance is one running function, which takes one invocation at a time.
type Instance struct {
	stack   *Stack
	api     *runtimeapi.Server
	command *exec.Cmd
	output  output

	ended chan struct{} // closed once the process has ended
	err   error         // valid then
}

// Start runs a new instance of a function and does not wait for it. The changes are to the
// environment of a deployed one; an empty value removes a variable.
func (s *Stack) Start(f Function, changes map[string]string) *Instance {
	s.t.Helper()
	built := binaries
	if s.extension != nil {
		built = binariesWithExtension
	}
	dir, err := built()
	if err != nil {
		s.t.Fatal(err)
	}
	api, err := runtimeapi.Start()
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(api.Close)
	i := &Instance{stack: s, api: api, command: s.command(filepath.Join(dir, string(f))), ended: make(chan struct{})}
	i.command.Env = append(s.environment(changes), "AWS_LAMBDA_RUNTIME_API="+api.Addr)
	i.command.Stdout, i.command.Stderr = &i.output, &i.output
	if err := i.command.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(i.Kill)
	go func() {
		i.err = i.command.Wait()
		close(i.ended)
	}()
	return i
}

// command runs beside this stack's extension, if there is one.
func (s *Stack) command(bootstrap string) *exec.Cmd {
	if s.extension == nil {
		return exec.Command(bootstrap)
	}
	return agenttest.Command(bootstrap)
}

// Ready waits until the instance asks for work.
func (i *Instance) Ready() error {
	select {
	case <-i.api.Ready:
		return nil
	case <-i.ended:
	case <-time.After(initTime):
		return errors.New("it did not start in the time that Lambda gives it")
	}
	select {
	case <-i.api.Ready: // It ended later.
		return nil
	default:
		return fmt.Errorf("it ended instead of starting: %w", errors.Join(i.err, errEnded))
	}
}

// Ended waits until the instance has ended by itself.
func (i *Instance) Ended() error {
	select {
	case <-i.ended:
		return nil
	case <-time.After(initTime):
		return errors.New("it does not end")
	}
}

var errEnded = errors.New("the process ended")

// Invoke gives the instance one payload once it is ready. An error says that it failed,
// ended or timed out, which callers see as a 502. Like Lambda, it kills an instance that
// takes longer than limit.
func (i *Instance) Invoke(payload any, limit time.Duration) (json.RawMessage, error) {
	raw, err := json.Marshal(payload)
	if err != nil {
		return nil, err
	}
	if err := i.Ready(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(context.Background(), limit+slack, errTooLong)
	defer cancel()
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	go func() {
		select {
		case <-i.ended:
			end(errEnded)
		case <-ctx.Done():
		}
	}()
	result, err := i.api.Invoke(ctx, raw, time.Now().Add(limit))
	switch {
	case errors.Is(err, errTooLong):
		i.Kill()
		return nil, err
	case err == nil && result.Failed:
		return nil, fmt.Errorf("the function failed: %s", result.Body)
	}
	return result.Body, err
}

var errTooLong = errors.New("the function timed out")

// Kill ends the process with SIGKILL.
func (i *Instance) Kill() {
	_ = i.command.Process.Kill() // It may have ended by itself.
	<-i.ended
}

// Output is the end of what the instance wrote.
func (i *Instance) Output() string { return i.output.String() }

// output keeps the end of what a process writes, while it writes.
type output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

const maxOutput = 64 << 10

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if over := o.buffer.Len() + len(p) - maxOutput; over > 0 {
		o.buffer.Next(over)
	}
	return o.buffer.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buffer.String()
}

// Memory returns the bytes of memory that the process has, or zero where the system
// has no /proc.
func (i *Instance) Memory() (now, peak int64) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", i.command.Process.Pid))
	for line := range strings.Lines(string(status)) {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, "VmRSS: %d kB", &kilobytes); err == nil {
			now = kilobytes << 10
		}
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); err == nil {
			peak = kilobytes << 10
		}
	}
	return now, peak
}
