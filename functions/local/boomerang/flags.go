package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"boomerang/shared/playbook"
)

// options are the values of the flags that several commands have.
type options struct {
	live, verbose bool
	playbooks     []string
	output        string
	stack         string
}

type commonFlag func(*cobra.Command, *options)

// command returns the command with these flags, and the arguments that its use names.
func (c cli) command(cmd *cobra.Command, run func(c cli, ctx context.Context, args []string) error, flags ...commonFlag) *cobra.Command {
	for _, add := range flags {
		add(cmd, &c.options)
	}
	cmd.Args = arguments
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := cmp.Or(emptyFlag(cmd), c.readSwitches(cmd)); err != nil {
			return err
		}
		return run(c, cmd.Context(), args)
	}
	return cmd
}

// argument matches <one> and [<one> in the use of a command.
var argument = regexp.MustCompile(`\[?<[^>]+>(\.\.\.)?\]?`)

// arguments refuses those that the use of a command does not name.
func arguments(cmd *cobra.Command, args []string) error {
	named := argument.FindAllString(cmd.Use, -1)
	switch {
	case slices.Contains(args, ""):
		return errors.New("an argument is empty: omit it, or give " + strings.Join(named, " "))
	case len(args) < len(named) && named[len(args)][0] == '<':
		return fmt.Errorf("give %s", strings.Replace(named[len(args)], "<alert>", "<alert>, or - for the standard input", 1))
	case len(args) > len(named) && !strings.Contains(cmd.Use, "..."):
		return fmt.Errorf("%q is one argument too many", args[len(named)])
	}
	return nil
}

// emptyFlag refuses a text that is given and empty, such as that of a variable that is not set.
func emptyFlag(cmd *cobra.Command) (err error) {
	cmd.Flags().Visit(func(flag *pflag.Flag) {
		texts, isList := []string{flag.Value.String()}, false
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			texts, isList = list.GetSlice(), true
		}
		if (isList || flag.Value.Type() == "string") && slices.Contains(texts, "") {
			err = wrongUse("--%s is empty: omit it, or give it a value", flag.Name)
		}
	})
	return err
}

// environment is the annotation of a flag that a variable of the environment sets, too.
const environment = "environment"

// addSwitch adds a flag that is off by default. A variable of the environment sets it,
// too, because make passes its own variables on in the environment.
func addSwitch(cmd *cobra.Command, value *bool, name, variable, usage string) {
	name, letter, _ := strings.Cut(name, ",")
	cmd.Flags().BoolFuncP(name, letter, fmt.Sprintf("%s (or %s=1)", usage, variable), func(word string) (err error) {
		*value, err = isOn(word)
		return err
	})
	cmd.Flag(name).Annotations = map[string][]string{environment: {variable}}
}

func isOn(word string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(word)) {
	case "1", "yes", "y", "true", "t", "on":
		return true, nil
	case "", "0", "no", "n", "false", "f", "off":
		return false, nil
	}
	return false, errors.New("write yes or no")
}

// readSwitches reads the variables for switches that the command line leaves out. It refuses
// those that another command has, because they would change nothing here.
func (c cli) readSwitches(cmd *cobra.Command) (err error) {
	used := map[string]bool{}
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		for _, name := range flag.Annotations[environment] {
			used[name] = true
			if flag.Changed {
				continue
			}
			if wrong := flag.Value.Set(c.env[name]); wrong != nil {
				err = wrongUse("%s=%s is not understood: %s", name, c.env[name], wrong)
			}
		}
	})
	for _, name := range []string{"LIVE", "UPDATE", "DELETE"} {
		if on, wrong := isOn(c.env[name]); !used[name] && (on || wrong != nil) {
			err = wrongUse("%s=%s changes nothing here: omit it", name, c.env[name])
		}
	}
	return err
}

// numberFlag adds a flag whose value is a number between two bounds. The default may be outside.
func numberFlag(cmd *cobra.Command, value *int, name string, least, most int, usage string) {
	if *value >= least {
		usage += fmt.Sprintf(" (default %d)", *value)
	}
	cmd.Flags().Func(name, usage, func(text string) error {
		n, err := strconv.Atoi(text)
		if err != nil || n < least || n > most {
			return fmt.Errorf("write a number from %d to %d", least, most)
		}
		*value = n
		return nil
	})
}

type choice struct {
	value *string
	words []string
}

func (c choice) Set(word string) error {
	if !slices.Contains(c.words, word) {
		return errors.New("write " + playbook.OneOf(c.words))
	}
	*c.value = word
	return nil
}

func (c choice) String() string { return *c.value }

func (c choice) Type() string { return strings.Join(c.words, "|") }

func choiceFlag(cmd *cobra.Command, value *string, name, usage string, words ...string) {
	name, letter, _ := strings.Cut(name, ",")
	cmd.Flags().VarP(choice{value, words}, name, letter, usage)
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp)) // The flag exists.
}

func liveFlag(cmd *cobra.Command, o *options) {
	addSwitch(cmd, &o.live, "live", "LIVE", "use the real Datadog in DD_SITE with DD_API_KEY and DD_APP_KEY")
}

func verboseFlag(cmd *cobra.Command, o *options) {
	addSwitch(cmd, &o.verbose, "verbose,v", "V", "show everything, not only a screen; JSON and the event alone are always whole")
}

func playbooksFlag(cmd *cobra.Command, o *options) {
	cmd.Flags().StringArrayVarP(&o.playbooks, "playbooks", "p", nil, "a playbook `file or folder`, several times for more; by default the embedded playbooks")
}

// pathsFlag is for commands whose arguments are playbooks.
func pathsFlag(cmd *cobra.Command, o *options) {
	playbooksFlag(cmd, o)
	cmd.Flag("playbooks").Usage = "a `file or folder`, as the arguments are"
}

func stackFlag(usage string) commonFlag {
	return func(cmd *cobra.Command, o *options) {
		cmd.Flags().StringVar(&o.stack, "stack", "", usage+" this deployed `stack`, with the AWS credentials of this machine")
	}
}

const (
	asText  = "text"
	asJSON  = "json"
	asEvent = "event"
)

// outputFlag is for commands whose result programs can read. The first format is the default.
func outputFlag(usage string, formats ...string) commonFlag {
	return func(cmd *cobra.Command, o *options) {
		o.output = formats[0]
		choiceFlag(cmd, &o.output, "output,o", usage, formats...)
	}
}
