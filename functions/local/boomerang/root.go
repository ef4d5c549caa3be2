package main

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"boomerang/shared/playbook"
)

// version is that of the module, or of the commit that it was built from.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "unknown"
}

// usageError is a wrong use of a command, in one sentence.
type usageError string

func (e usageError) Error() string { return string(e) }

func wrongUse(format string, args ...any) error { return usageError(fmt.Sprintf(format, args...)) }

// run runs a command line. What fails before the command itself runs is a wrong use of it.
func (c cli) run(ctx context.Context, args ...string) error {
	root, isRunning := c.root(), false
	root.PersistentPreRun = func(*cobra.Command, []string) { isRunning = true }
	root.SetArgs(append([]string{}, args...)) // Cobra takes nil for the arguments of the process.
	cmd, err := root.ExecuteContextC(ctx)
	if _, isUsage := errors.AsType[usageError](err); err == nil || isRunning && !isUsage {
		return err
	}
	return wrongUse("%s: %s%s; see %[1]s --help", cmd.CommandPath(), err, hint(cmd, err))
}

// hint says what was meant by a flag that a command does not have.
func hint(cmd *cobra.Command, err error) string {
	unknown, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return ""
	}
	var known, commands []string
	for _, below := range cmd.Commands() {
		if below.Flags().Lookup(unknown.GetSpecifiedName()) != nil {
			commands = append(commands, below.Name())
		}
	}
	if len(commands) > 0 {
		return " (write it behind " + playbook.OneOf(commands) + ")"
	}
	cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	if meant := playbook.Closest(unknown.GetSpecifiedName(), known); meant != "" {
		return " (did you mean --" + meant + "?)"
	}
	if hasArguments := strings.Contains(cmd.Use, " "); hasArguments {
		return " (use: " + cmd.UseLine() + ")"
	}
	return " (its flags: --" + strings.Join(known, ", --") + ")"
}

func (c cli) root() *cobra.Command {
	root := &cobra.Command{
		Use: "boomerang", Short: "Try Boomerang on this machine, and work with a deployed stack.",
		Version: version(), SilenceErrors: true, SilenceUsage: true,
	}
	root.Flags().Bool("version", false, "show the version") // Cobra would give it -v, which shows everything elsewhere.
	root.SetOut(c.out)
	root.SetErr(c.stderr)
	root.SetUsageTemplate(strings.ReplaceAll(root.UsageTemplate(), ".FlagUsages", ".FlagUsagesWrapped 100"))
	root.SetHelpCommand(helpCommand())
	root.AddCommand(
		c.runCommand(), c.tryCommand(), c.testCommand(), c.checkCommand(), c.serveCommand(), c.drillCommand(), c.requestCommand(),
		c.setupCommand(), c.redriveCommand(), c.eventsCommand(), c.backtestCommand(), c.benchCommand(), c.schemaCommand(),
	)
	root.InitDefaultCompletionCmd()
	for _, cmd := range append(root.Commands(), root) {
		if cmd.HasSubCommands() {
			cmd.SuggestionsMinimumDistance = 2
			cmd.Args = noOtherCommand
			cmd.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() }
		}
	}
	return root
}

// noOtherCommand refuses words that name no command.
func noOtherCommand(cmd *cobra.Command, words []string) error {
	if len(words) == 0 {
		return nil
	}
	meant := cmd.SuggestionsFor(words[0])
	if cmd.Flags().Lookup(words[0]) != nil {
		meant = append(meant, "--"+words[0])
	}
	if len(meant) == 0 {
		return fmt.Errorf("%q is not a command", words[0])
	}
	return fmt.Errorf("%q is not a command (did you mean %s?)", words[0], strings.Join(meant, " or "))
}

func helpCommand() *cobra.Command {
	return &cobra.Command{
		Use: "help [<command>]", Short: "Show how a command is used.",
		RunE: func(cmd *cobra.Command, args []string) error {
			found, rest, _ := cmd.Root().Find(args) // Words that name no command are the rest.
			if err := noOtherCommand(found, rest); err != nil {
				return usageError(err.Error())
			}
			return found.Help()
		},
	}
}
