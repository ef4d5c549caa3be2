package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"boomerang/functions/internal/runtimeapi"
)

const (
	// initTime is what Lambda gives an instance to start
	// (https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html).
	initTime = 10 * time.Second
	// invocationTime is the timeout of functions/webhook in template.yaml.
	invocationTime = 14 * time.Second
)

// instance is one running process of a subject.
type instance struct {
	api     *runtimeapi.Server
	command *exec.Cmd
	output  bytes.Buffer // to be read once the process has ended
	ended   chan struct{}
	started time.Time
}

// start runs a subject with nothing in its environment but what is given.
func start(command, environ []string) (*instance, error) {
	api, err := runtimeapi.Start()
	if err != nil {
		return nil, err
	}
	i := &instance{api: api, command: exec.Command(command[0], command[1:]...), ended: make(chan struct{})} //nolint:gosec // The commands are ours.
	i.command.Env = append(environ, "AWS_LAMBDA_RUNTIME_API="+api.Addr)
	i.command.Stdout, i.command.Stderr = &i.output, &i.output
	i.started = time.Now()
	if err := i.command.Start(); err != nil {
		api.Close()
		return nil, err
	}
	go func() {
		_ = i.command.Wait() // How it ended is told by what it wrote.
		close(i.ended)
	}()
	return i, nil
}

// ready waits until the instance asks for work, and returns how long that took.
func (i *instance) ready() (time.Duration, error) {
	select {
	case <-i.api.Ready:
		return time.Since(i.started), nil
	case <-i.ended:
		return 0, errors.New("it ended instead of starting")
	case <-time.After(initTime):
		return 0, errors.New("it did not start in the time that Lambda gives it")
	}
}

// invoke gives the instance one payload, and returns its answer and how long that
// took.
func (i *instance) invoke(ctx context.Context, payload []byte) ([]byte, time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, invocationTime)
	defer cancel()
	start := time.Now()
	result, err := i.api.Invoke(ctx, payload, start.Add(invocationTime))
	took := time.Since(start)
	if err == nil && result.Failed {
		err = fmt.Errorf("the function failed: %s", result.Body)
	}
	return result.Body, took, err
}

// stop ends the process, if it still runs, and returns what it wrote.
func (i *instance) stop() string {
	_ = i.command.Process.Kill()
	<-i.ended
	i.api.Close()
	return i.output.String()
}
