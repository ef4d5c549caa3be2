package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"boomerang/functions/local/report"
	"boomerang/functions/setup/provision"
	"boomerang/shared/datadog"
	"boomerang/shared/fault"
	"boomerang/shared/site"
)

// setupLive sets up the organisation that the environment's keys belong to.
func setupLive(ctx context.Context, out *report.Printer, getenv func(string) string, tokens tokenSource) error {
	spec := specOf(getenv)
	spec.FunctionURL = strings.TrimSpace(getenv("URL"))
	if err := wrongLive(spec, getenv); err != nil {
		return err
	}
	s, err := site.Parse(cmp.Or(getenv("DD_SITE"), site.Default.String()))
	if err != nil {
		return fmt.Errorf("DD_SITE: %w", err)
	}
	keys := ownKeys{API: strings.TrimSpace(getenv("DD_API_KEY")), App: strings.TrimSpace(getenv("DD_APP_KEY"))}
	client, err := datadog.New(datadog.Config{Site: s, BaseURL: getenv("DATADOG_API_URL")}, keys)
	if err != nil {
		return err
	}
	provisioner := provision.New(client)
	out.Heading(fmt.Sprintf("In Datadog (%s), for the Function URL %s", cmp.Or(getenv("DATADOG_API_URL"), s.String()), spec.FunctionURL))
	if getenv("DELETE") == "1" {
		return remove(ctx, out, provisioner, spec)
	}
	token, err := tokens(getenv)
	if err != nil {
		return err
	}
	return install(ctx, out, provisioner, spec, token)
}

// wrongLive says all at once what is missing.
func wrongLive(spec provision.Spec, getenv func(string) string) error {
	var problems []string
	if spec.FunctionURL == "" {
		problems = append(problems, "set URL to the Function URL, which the stack's output FunctionUrl shows")
	} else if err := spec.Check(); err != nil {
		problems = append(problems, fault.Public(err))
	}
	for _, key := range []string{"DD_API_KEY", "DD_APP_KEY"} {
		if strings.TrimSpace(getenv(key)) == "" {
			problems = append(problems, "set "+key)
		}
	}
	if len(problems) > 0 {
		return errors.New(strings.Join(problems, "; "))
	}
	return nil
}

// tokenSource gets the webhook's token from the environment or from a person. It is
// never an argument, which everybody on the machine could read.
type tokenSource func(getenv func(string) string) (string, error)

// askForToken takes WEBHOOK_TOKEN, or a line that somebody types or pipes in.
func askForToken(in *os.File, prompt io.Writer) tokenSource {
	return func(getenv func(string) string) (string, error) {
		if token := strings.TrimSpace(getenv("WEBHOOK_TOKEN")); token != "" {
			return token, nil
		}
		_, _ = fmt.Fprint(prompt, "The webhook's token, which the stack's output TokenCommand prints: ")
		defer silence(in, prompt)()
		line, err := bufio.NewReader(in).ReadString('\n')
		token := strings.TrimSpace(line)
		if token == "" {
			return "", errors.Join(errors.New("there is no token: set WEBHOOK_TOKEN, or give it when asked"), ignoreEnd(err))
		}
		return token, nil
	}
}

// silence keeps a terminal from showing what is typed, until the function that it
// returns is called. What is no terminal shows nothing anyhow.
func silence(in *os.File, prompt io.Writer) (restore func()) {
	if info, err := in.Stat(); err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return func() {}
	}
	echo := func(how string) {
		stty := exec.Command("stty", how)
		stty.Stdin = in
		_ = stty.Run() // Without stty the token shows, as anything that is typed does.
	}
	echo("-echo")
	return func() {
		echo("echo")
		_, _ = fmt.Fprintln(prompt)
	}
}

func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// fields splits a list of names at commas and spaces.
func fields(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' })
}
