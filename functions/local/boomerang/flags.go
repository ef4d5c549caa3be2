package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"boomerang/functions/local/output"
	"boomerang/functions/local/playbooktest"
	"boomerang/shared/playbook/check"
)

// version is that of the module, or of the commit that it was built from.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}

// onOff is the value of a flag that switches something.
type onOff bool

var words = map[bool][]string{true: {"1", "yes", "y", "true", "t", "on"}, false: {"", "0", "no", "n", "false", "f", "off"}}

// Set implements pflag.Value.
func (s *onOff) Set(word string) error {
	for on, known := range words {
		if slices.Contains(known, strings.ToLower(strings.TrimSpace(word))) {
			*s = onOff(on)
			return nil
		}
	}
	return errors.New("write yes or no")
}

func (s *onOff) String() string { return strconv.FormatBool(bool(*s)) }

// Type implements pflag.Value. The help shows flags of this type without a value.
func (*onOff) Type() string { return "bool" }

// environment is the annotation of a flag that a variable of the environment sets, too.
const environment = "environment"

// addSwitch adds a flag that is off by default. A variable of the environment sets it,
// too, because make passes its own variables on in the environment.
func addSwitch(cmd *cobra.Command, value *bool, name, variable, usage string) {
	name, letter, _ := strings.Cut(name, ",")
	flag := cmd.Flags().VarPF((*onOff)(value), name, letter, fmt.Sprintf("%s (or %s=1)", usage, variable))
	flag.NoOptDefVal = "true"
	flag.Annotations = map[string][]string{environment: {variable}}
}

// options are the values of the flags that several commands have.
type options struct {
	live, verbose bool
	playbooks     []string
	output        format
	stack         string
}

// commonFlag adds one of these flags to a command.
type commonFlag func(*cobra.Command, *options)

// command returns the command with these flags. It runs with their values.
func (c cli) command(cmd *cobra.Command, run func(c cli, cmd *cobra.Command, args []string) error, flags ...commonFlag) *cobra.Command {
	for _, add := range flags {
		add(cmd, &c.options)
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return run(c, cmd, args) }
	return cmd
}

// liveFlag is for commands that can use the real Datadog.
func liveFlag(cmd *cobra.Command, o *options) {
	addSwitch(cmd, &o.live, "live", "LIVE", "use the real Datadog in DD_SITE with DD_API_KEY and DD_APP_KEY")
}

// verboseFlag is for commands that show a screen.
func verboseFlag(cmd *cobra.Command, o *options) {
	addSwitch(cmd, &o.verbose, "verbose,v", "V", "show everything, not only a screen")
}

// playbooksFlag is for commands that work with playbooks.
func playbooksFlag(cmd *cobra.Command, o *options) {
	cmd.Flags().StringArrayVarP(&o.playbooks, "playbooks", "p", nil, "a playbook `file or folder`, several times for more; by default the embedded playbooks")
}

// pathsFlag is for commands whose arguments are playbooks.
func pathsFlag(cmd *cobra.Command, o *options) {
	playbooksFlag(cmd, o)
	cmd.Flag("playbooks").Usage = "a `file or folder`, as the arguments are"
}

// stackFlag is for commands that work with a deployed stack.
func stackFlag(usage string) commonFlag {
	return func(cmd *cobra.Command, o *options) {
		cmd.Flags().StringVar(&o.stack, "stack", "", usage+" this deployed `stack`, with the AWS credentials of this machine")
	}
}

// outputFlag is for commands whose result programs can read. The first format is the default.
func outputFlag(usage string, allowed ...string) commonFlag {
	return func(cmd *cobra.Command, o *options) {
		o.output = format{allowed[0], allowed}
		cmd.Flags().VarP(&o.output, "output", "o", usage)
		_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp)) // The flag exists.
	}
}

// readSwitches reads the variables for switches that the command line leaves out. It refuses
// those that another command has, because they would change nothing here.
func (c cli) readSwitches(cmd *cobra.Command) (err error) {
	used := map[string]bool{}
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if len(flag.Annotations[environment]) == 0 {
			return
		}
		name := flag.Annotations[environment][0]
		used[name] = true
		if flag.Changed {
			return
		}
		if wrong := flag.Value.Set(c.env[name]); wrong != nil {
			err = errors.Join(err, wrongUse(cmd, "%s=%s is not understood: %w", name, c.env[name], wrong))
		}
	})
	isOurs := cmd.HasParent() && !cmd.Hidden && cmd.Name() != "help" && cmd.Parent().Name() != "completion"
	for _, name := range []string{"LIVE", "UPDATE", "DELETE"} {
		if off := slices.Contains(words[false], strings.ToLower(c.env[name])); isOurs && !used[name] && !off {
			err = errors.Join(err, wrongUse(cmd, "%s=%s changes nothing here: omit it", name, c.env[name]))
		}
	}
	return err
}

// format is how a command shows its result.
type format struct {
	name    string
	allowed []string
}

const (
	asText  = "text"
	asJSON  = "json"
	asEvent = "event"
)

// Set implements pflag.Value.
func (f *format) Set(name string) error {
	if !slices.Contains(f.allowed, name) {
		return fmt.Errorf("write one of %s", strings.Join(f.allowed, ", "))
	}
	f.name = name
	return nil
}

func (f *format) String() string { return f.name }

// Type implements pflag.Value.
func (f *format) Type() string { return strings.Join(f.allowed, "|") }

// notes is where remarks beside the result go.
func (c cli) notes() *output.Printer {
	if c.output.name == asText {
		return c.out
	}
	return output.New(c.stderr)
}

// withPlaybooks returns c with the playbooks in files and folders in the place of the
// embedded ones.
func (c cli) withPlaybooks(paths []string) (cli, error) {
	if len(paths) == 0 {
		return c, nil
	}
	files, err := playbooktest.Playbooks(paths)
	if err != nil {
		return c, err
	}
	for _, file := range files { // A function that starts has the words of parsers.
		source, err := os.ReadFile(file)
		if err == nil {
			_, err = check.Load(file, source, playbooktest.Kinds(file))
		}
		if err != nil {
			return c, err
		}
	}
	c.env = maps.Clone(c.env)
	if c.env == nil {
		c.env = map[string]string{}
	}
	c.env["PLAYBOOKS_FILE"] = playbooktest.List(files)
	return c, nil
}
