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
	"syscall"
	"testing"
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

var (
	errEnded   = errors.New("the process ended")
	errTooLong = errors.New("the function timed out")
)

// Instance is one running function, which takes one invocation at a time.
type Instance struct {
	api     *runtimeapi.Server
	command *exec.Cmd
	output  output
	running context.Context // ends with the process, whose error is its cause
}

// Command returns a built function as a program. The changes are to the environment of a
// deployed one; an empty value removes a variable.
func (s *Stack) Command(f Function, changes map[string]string) *exec.Cmd {
	s.t.Helper()
	built, newCommand := binaries, exec.Command
	if s.extension != nil {
		built, newCommand = binariesWithExtension, agenttest.Command
	}
	dir, err := built()
	s.check(err)
	command := newCommand(filepath.Join(dir, string(f)))
	command.Env = s.environment(changes)
	return command
}

// Start runs a new instance of a function and does not wait for it.
func (s *Stack) Start(f Function, changes map[string]string) *Instance {
	s.t.Helper()
	command := s.Command(f, changes)
	api, err := runtimeapi.Start()
	s.check(err)
	s.t.Cleanup(api.Close)
	command.Env = append(command.Env, "AWS_LAMBDA_RUNTIME_API="+api.Addr)
	running, end := context.WithCancelCause(context.Background())
	i := &Instance{api: api, command: command, running: running}
	command.Stdout, command.Stderr = &i.output, &i.output
	s.check(command.Start())
	s.t.Cleanup(i.Kill)
	go func() { end(errors.Join(errEnded, command.Wait())) }()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instances = append(s.instances, i)
	return i
}

// Ready waits until the instance asks for work.
func (i *Instance) Ready() error {
	ctx, cancel := context.WithTimeoutCause(i.running, initTime, errors.New("it did not start in the time that Lambda gives it"))
	defer cancel()
	select {
	case <-i.api.Ready:
		return nil
	case <-ctx.Done():
	}
	select {
	case <-i.api.Ready: // It ended later.
		return nil
	default:
		return context.Cause(ctx)
	}
}

// MustExit fails the test unless the instance ends before it asks for work, and says why.
func (i *Instance) MustExit(t testing.TB, reasons ...string) {
	t.Helper()
	if err := i.Ready(); !errors.Is(err, errEnded) {
		t.Fatalf("it did not end: %v; it wrote %s", err, i.Output())
	}
	for _, reason := range reasons {
		if !strings.Contains(i.Output(), reason) {
			t.Errorf("it does not name %q: %s", reason, i.Output())
		}
	}
}

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
	ctx, cancel := context.WithTimeoutCause(i.running, limit+slack, errTooLong)
	defer cancel()
	result, err := i.api.Invoke(ctx, raw, time.Now().Add(limit))
	if errors.Is(err, errTooLong) {
		i.Kill()
	}
	if err == nil && result.Failed {
		err = fmt.Errorf("the function failed: %s", result.Body)
	}
	return result.Body, err
}

// Scheduled is what EventBridge sends
// (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html).
var Scheduled = json.RawMessage(`{"version":"0","id":"53dc4d37-cffa-4f76-80c9-8b7d4a4d2eaa","detail-type":"Scheduled Event",` +
	`"source":"aws.events","account":"123456789012","time":"2026-11-21T10:00:00Z","region":"eu-west-1","resources":[],"detail":{}}`)

// Kill ends the process with SIGKILL.
func (i *Instance) Kill() {
	_ = i.command.Process.Kill() // It may have ended by itself.
	<-i.running.Done()
}

// Output is the end of what the instance wrote.
func (i *Instance) Output() string {
	i.output.mu.Lock()
	defer i.output.mu.Unlock()
	return i.output.buffer.String()
}

// output keeps the end of what a process writes, while it writes.
type output struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// maxOutput is as much as an instance logs about the alerts of a long run.
const maxOutput = 4 << 20

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if over := o.buffer.Len() + len(p) - maxOutput; over > 0 {
		o.buffer.Next(over)
	}
	return o.buffer.Write(p)
}

// PeakMemory returns the most bytes of memory that the process had, or zero where the
// system has no /proc.
func (i *Instance) PeakMemory() int64 {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", i.command.Process.Pid))
	for line := range strings.Lines(string(status)) {
		var kilobytes int64
		if _, err := fmt.Sscanf(line, "VmHWM: %d kB", &kilobytes); err == nil {
			return kilobytes << 10
		}
	}
	return 0
}

// Function is one of the functions, by its folder.
type Function string

// The functions that a stack can run.
const (
	Webhook   Function = "webhook"
	Redeliver Function = "redeliver"
	Reconcile Function = "reconcile"
	Setup     Function = "setup"
	Drill     Function = "drill"
)

// The folders of the built functions: as they are, and with the address of the
// extension's double linked in. All test binaries share them: the first one builds, and
// the go command finds nothing to do for the others.
var (
	binaries              = sync.OnceValues(func() (string, error) { return buildAll("test", "") })
	binariesWithExtension = sync.OnceValues(func() (string, error) { return buildAll("test-extension", agenttest.LDFlags()) })
)

func buildAll(name, ldflags string) (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	dir := filepath.Join(filepath.Dir(strings.TrimSpace(string(out))), ".build", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	lock, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	// As Lambda runs them, but for this machine, and without -trimpath, so that packages
	// compiled for the tests are used again.
	arguments := []string{"build", "-tags", "lambda.norpc,noown", "-ldflags=-s -w" + ldflags, "-o", dir + string(filepath.Separator)}
	for _, f := range []Function{Webhook, Redeliver, Reconcile, Setup, Drill} {
		arguments = append(arguments, "boomerang/functions/"+string(f))
	}
	command := exec.Command("go", arguments...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the functions: %w\n%s", err, out)
	}
	return dir, nil
}
