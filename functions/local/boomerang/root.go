package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"boomerang/functions/local/output"
	"boomerang/shared/playbook"
)

// cli is what a command works with.
type cli struct {
	out    *output.Printer
	stderr io.Writer
	stdin  *os.File
	env    map[string]string
	options
}

// run runs a command line.
func (c cli) run(ctx context.Context, args ...string) error {
	root := c.root()
	root.SetArgs(append([]string{}, args...)) // Cobra takes nil for the arguments of the process.
	return root.ExecuteContext(ctx)
}

// root returns the command with its subcommands.
func (c cli) root() *cobra.Command {
	root := &cobra.Command{
		Use: "boomerang", Short: "Try Boomerang on this machine, and work with a deployed stack.", Version: version(),
		Args: cobra.ArbitraryArgs, SilenceErrors: true, SilenceUsage: true, SuggestionsMinimumDistance: 2,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cmd.Help()
			}
			return unknownCommand(cmd, args[0])
		},
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return c.readSwitches(cmd) },
	}
	root.SetOut(c.out)
	root.SetErr(c.stderr)
	root.SetIn(c.stdin)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", ".FlagUsagesWrapped 100"))
	root.SetFlagErrorFunc(usageErrorOf)
	root.SetHelpCommand(helpCommand())
	root.AddCommand(
		c.runCommand(), c.tryCommand(), c.testCommand(), c.checkCommand(), c.serveCommand(),
		c.drillCommand(), c.requestCommand(), c.setupCommand(), c.redriveCommand(), c.eventsCommand(), c.backtestCommand(), c.benchCommand(), c.schemaCommand(),
	)
	root.InitDefaultCompletionCmd()
	markUsageErrors(root)
	return root
}

func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [<command>]", Short: "Show how a command is used.", Args: cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, err := cmd.Root().Find(args)
			if err != nil || len(rest) > 0 {
				return unknownCommand(cmd.Root(), strings.Join(args, " "))
			}
			return found.Help()
		},
	}
}

// usageError is a wrong use of a command, in one sentence.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func usageErrorOf(cmd *cobra.Command, err error) error {
	if value, ok := errors.AsType[*pflag.InvalidValueError](err); ok && errors.Is(err, strconv.ErrSyntax) {
		err = fmt.Errorf("--%s is %q: write a number", value.GetFlag().Name, value.GetValue())
	}
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if meant := playbook.Closest(unknown.GetSpecifiedName(), known); meant != "" {
			err = fmt.Errorf("%w (did you mean --%s?)", err, meant)
		}
	}
	return usageError{fmt.Sprintf("%s: %s; see %s --help", cmd.CommandPath(), err, cmd.CommandPath())}
}

// wrongUse returns an error of the arguments or flags of a command.
func wrongUse(cmd *cobra.Command, format string, args ...any) error {
	return usageErrorOf(cmd, fmt.Errorf(format, args...))
}

func unknownCommand(root *cobra.Command, name string) error {
	meant := root.SuggestionsFor(name)
	if root.Flags().Lookup(name) != nil {
		meant = append(meant, "--"+name)
	}
	if len(meant) == 0 {
		return wrongUse(root, "%q is not a command", name)
	}
	return wrongUse(root, "%q is not a command (did you mean %s?)", name, strings.Join(meant, " or "))
}

// markUsageErrors makes wrong arguments of all commands below a usage error.
func markUsageErrors(parent *cobra.Command) {
	for _, cmd := range parent.Commands() {
		markUsageErrors(cmd)
		if !cmd.Runnable() { // Cobra shows the help then, also for wrong arguments.
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
		if check := cmd.Args; check != nil {
			cmd.Args = func(cmd *cobra.Command, args []string) error {
				if err := check(cmd, args); err != nil {
					return usageErrorOf(cmd, err)
				}
				return nil
			}
		}
	}
}

// arguments checks how many arguments a command gets.
func arguments(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return fmt.Errorf("give %s", strings.Replace(strings.Fields(cmd.Use)[1+len(args)], "<alert>", "<alert>, or - for the standard input", 1))
		case len(args) > most && cmd.HasSubCommands():
			return fmt.Errorf("%q is not a command", args[most])
		case len(args) > most:
			return fmt.Errorf("%q is one argument too many", args[most])
		}
		return nil
	}
}
