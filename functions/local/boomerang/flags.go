package main

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
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

// addLive adds the flag of commands that can use the real Datadog.
func addLive(cmd *cobra.Command, live *bool) {
	addSwitch(cmd, live, "live", "LIVE", "use the real Datadog in DD_SITE with DD_API_KEY and DD_APP_KEY")
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
func (c cli) notes(f format) *output.Printer {
	if f.name == asText {
		return c.out
	}
	return output.New(c.stderr)
}

// addOutput adds the flag of commands whose result programs can read. The first format is
// the default.
func addOutput(cmd *cobra.Command, f *format, usage string, allowed ...string) {
	*f = format{allowed[0], allowed}
	cmd.Flags().VarP(f, "output", "o", usage)
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(allowed, cobra.ShellCompDirectiveNoFileComp)) // The flag exists.
}

// addVerbose adds the flag of commands that show a screen.
func addVerbose(cmd *cobra.Command, verbose *bool) {
	addSwitch(cmd, verbose, "verbose,v", "V", "show everything, not only a screen")
}

// addPlaybooks adds the flag of commands that work with playbooks.
func addPlaybooks(cmd *cobra.Command, paths *[]string) {
	cmd.Flags().StringArrayVarP(paths, "playbooks", "p", nil, "a playbook `file or folder`, several times for more; by default the embedded playbooks")
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
			_, err = check.Load(file, source, kindsBeside(file))
		}
		if err != nil {
			return c, err
		}
	}
	c.env = maps.Clone(c.env)
	if c.env == nil {
		c.env = map[string]string{}
	}
	for i, file := range files { // default.yaml and own/… would be embedded files.
		if !filepath.IsAbs(file) {
			files[i] = "." + string(filepath.Separator) + file
		}
	}
	c.env["PLAYBOOKS_FILE"] = strings.Join(files, string(filepath.ListSeparator))
	return c, nil
}
