// Command local is Boomerang on one machine: it runs the webhook function behind a local
// Function URL with a fake of Datadog. It is not deployed.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/caarlos0/env/v11"

	"boomerang/functions/local/output"
)

// cli is what a command works with.
type cli struct {
	out    *output.Printer
	stderr io.Writer
	stdin  *os.File
	env    map[string]string
}

// command is a subcommand. It defines its flags and parses the arguments with them.
type command struct {
	name, arguments, about string
	run                    func(ctx context.Context, c cli, flags *flag.FlagSet, args []string) error
}

var commands = []command{
	{"run", "<event file>", "Send an alert through the function and show the event.", run},
	{"try", "<event file> [<playbook file>]", "Show what playbooks do with an alert, step by step. Nothing is posted.", try},
	{"test-playbooks", "<file or folder>...", "Run the tests of playbooks (*.test.yaml).", testPlaybooks},
	{"check-playbooks", "<file or folder>...", "Find all mistakes in playbooks.", checkPlaybooks},
	{"check-payload", "<file or webhook>", "Find what the payload template of a webhook lacks. With --live, of a webhook in Datadog.", checkPayload},
	{"serve", "[<address>]", "Serve the Function URL. The default address is " + defaultAddress + ".", serve},
	{"drill", "[<Function URL>]", "Send a synthetic alert and wait for its event, without a URL on this machine.\nA URL needs WEBHOOK_TOKEN, DD_API_KEY and DD_APP_KEY in the environment.", runDrill},
	{"setup", "", "Create the webhook, the dashboard and the monitors in Datadog, and try them in the fake.\nThe environment can set STACK_NAME, WEBHOOK_NAME, NOTIFY, ROUTE, QUEUE_NAME, DEAD_LETTER_QUEUE_NAME and FUNCTION_NAMES.", setup},
	{"redrive", "", "Show the messages of the dead-letter queue, and move them back.\nThe environment must set DEAD_LETTER_QUEUE_URL and REDELIVERY_QUEUE_URL.", redrive},
	{"schema", "<folder>", "Write the JSON Schemas of playbooks and of their tests, and the reference of the steps.", writeSchemas},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	c := cli{out: output.New(os.Stdout), stderr: os.Stderr, stdin: os.Stdin, env: env.ToMap(os.Environ())}
	err := c.run(ctx, os.Args[1:]...)
	stop()
	usage, isUsage := errors.AsType[usageError](err)
	switch {
	case isUsage && usage.isHelp:
		fmt.Print(usage.text)
	case isUsage:
		fmt.Fprint(os.Stderr, usage.text)
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func (c cli) run(ctx context.Context, args ...string) error {
	if len(args) == 0 {
		return usageError{text: usage()}
	}
	for _, one := range commands {
		if one.name == args[0] {
			return one.run(ctx, c, one.flags(), args[1:])
		}
	}
	isHelp := args[0] == "help" || args[0] == "-h" || args[0] == "--help"
	return usageError{text: usage(), isHelp: isHelp}
}

func usage() string {
	var text strings.Builder
	text.WriteString("Usage: local <command> [<flags>] [<arguments>]\n\n")
	for _, one := range commands {
		about, _, _ := strings.Cut(one.about, "\n")
		fmt.Fprintf(&text, "  %-16s %s\n", one.name, about)
	}
	text.WriteString("\nlocal <command> --help shows the flags of a command.\n")
	return text.String()
}

// usageError is a wrong use of a command, or a call for help.
type usageError struct {
	text   string
	isHelp bool
}

func (e usageError) Error() string { return e.text }

func (c command) flags() *flag.FlagSet {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	flags.Usage = func() {
		fmt.Fprintf(flags.Output(), "Usage: local %s [<flags>] %s\n\n%s\n\n", c.name, c.arguments, c.about)
		flags.PrintDefaults()
	}
	return flags
}

// liveFlag adds the flag of commands that can use the real Datadog.
func liveFlag(flags *flag.FlagSet) *bool {
	return flags.Bool("live", false, "use the real Datadog in DD_SITE with DD_API_KEY and DD_APP_KEY of the environment")
}

// parse returns the arguments that are not flags. Flags may come after them.
func parse(flags *flag.FlagSet, args []string, least, most int) ([]string, error) {
	var text strings.Builder
	flags.SetOutput(&text)
	var rest []string
	for len(args) > 0 {
		if err := flags.Parse(args); err != nil {
			return nil, usageError{text: text.String(), isHelp: errors.Is(err, flag.ErrHelp)}
		}
		if args = flags.Args(); len(args) > 0 {
			rest, args = append(rest, args[0]), args[1:]
		}
	}
	if len(rest) < least || len(rest) > most {
		return nil, wrongUse(flags, "wrong number of arguments")
	}
	return rest, nil
}

func wrongUse(flags *flag.FlagSet, problem string) error {
	var text strings.Builder
	text.WriteString(problem + "\n")
	flags.SetOutput(&text)
	flags.Usage()
	return usageError{text: text.String()}
}
