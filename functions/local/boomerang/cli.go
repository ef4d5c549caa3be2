package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"time"

	"boomerang/functions/local/output"
	"boomerang/functions/local/playbooktest"
	"boomerang/functions/local/request"
	"boomerang/functions/local/sandbox"
	"boomerang/shared/datadog"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook/check"
)

type cli struct {
	out    *output.Printer
	stderr io.Writer
	stdin  *os.File
	env    map[string]string
	options
}

// with returns c with more variables.
func (c cli) with(variables map[string]string) cli {
	env := map[string]string{}
	maps.Copy(env, c.env)
	maps.Copy(env, variables)
	c.env = env
	return c
}

// withPlaybooks returns c with these playbooks in the place of the embedded ones.
func (c cli) withPlaybooks(paths []string) (cli, error) {
	if len(paths) == 0 {
		return c, nil
	}
	files, err := playbooktest.Playbooks(paths)
	if err != nil {
		return c, err
	}
	for _, file := range files { // A function that starts has the words of parsers.
		if strings.ContainsRune(file, filepath.ListSeparator) {
			return c, fmt.Errorf("%s: rename it: a %c separates the files of PLAYBOOKS_FILE", file, filepath.ListSeparator)
		}
		source, err := os.ReadFile(file)
		if err == nil {
			_, err = check.Load(file, source, playbooktest.FileKinds(file))
		}
		if err != nil {
			return c, err
		}
	}
	return c.with(map[string]string{"PLAYBOOKS_FILE": playbooktest.List(files)}), nil
}

// readAlert reads an alert as if it were sent at a time. The words of a playbook file would be
// taken for those of an alert.
func (c cli) readAlert(ctx context.Context, name string, at time.Time) (request.Request, error) {
	if strings.HasPrefix(filepath.Ext(name), ".y") && playbooktest.IsPlaybook(name) {
		return request.Request{}, wrongUse("%s has playbooks: give an alert before them", name)
	}
	return input(ctx, func() (request.Request, error) { return request.Read(name, c.stdin, at) })
}

// input waits for what reads the input, which no context stops, or for the end of ctx.
func input[T any](ctx context.Context, read func() (T, error)) (T, error) {
	got, err := pipeline.Compute(ctx, "read the input", read)
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return got, err
}

// withDatadog calls use with a client of the real Datadog or of the fake.
func (c cli) withDatadog(use func(*sandbox.Sandbox, *datadog.Client) error) error {
	s, err := sandbox.Start(c.env, c.live, time.Now)
	if err != nil {
		return err
	}
	defer s.Close()
	client, err := s.Client()
	if err != nil {
		return err
	}
	return use(s, client)
}

// deployedPlaybooks has the playbooks that the functions embed, in the repository.
const deployedPlaybooks = "shared/playbook"

// repository returns the path of this repository, which this folder is or is in.
func repository() (string, error) {
	for folder := "."; ; folder = filepath.Join("..", folder) {
		if _, err := os.Stat(filepath.Join(folder, deployedPlaybooks)); err == nil {
			return folder, nil
		}
		if at, err := filepath.Abs(folder); err != nil || at == filepath.Dir(at) {
			return "", fmt.Errorf("%s is not here: run this in Boomerang's repository", deployedPlaybooks)
		}
	}
}

// notes is where remarks beside the result go.
func (c cli) notes() *output.Printer {
	if c.output == asText {
		return c.out
	}
	return output.New(c.stderr)
}

// show shows what became of an alert: a screen, or what programs read.
func (c cli) show(s output.Screen, data any) {
	switch {
	case c.output == asJSON && data != nil:
		c.out.JSON(data)
	case c.output == asJSON:
		c.out.Line("null")
		c.notes().Line("%s", s.Heading)
	case c.output == asEvent && s.Event != nil:
		c.out.Line("%s", event.Text(s.Event))
	case c.output == asText || c.output == "":
		c.out.Screen(s, c.verbose)
	default:
		c.notes().Line("%s", s.Heading)
	}
}

// publicErrors keeps the texts for users, each on its line.
func publicErrors(all ...error) error {
	var public []error
	for _, err := range all {
		if err != nil {
			public = append(public, errors.New(fault.Public(err)))
		}
	}
	return errors.Join(public...)
}
