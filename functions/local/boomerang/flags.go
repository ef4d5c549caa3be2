package main

import (
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
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

func (s *onOff) String() string { return map[bool]string{true: "yes", false: "no"}[bool(*s)] }

// Type implements pflag.Value.
func (*onOff) Type() string { return "switch" }

// environment is the annotation of a flag that a variable of the environment sets, too.
const environment = "environment"

// addSwitch adds a flag that is off by default. A variable of the environment sets it,
// too, because make passes its own variables on in the environment.
func addSwitch(cmd *cobra.Command, value *bool, name, variable, usage string) {
	flag := cmd.Flags().VarPF((*onOff)(value), name, "", fmt.Sprintf("%s (or %s=1)", usage, variable))
	flag.NoOptDefVal = "yes"
	flag.Annotations = map[string][]string{environment: {variable}}
}

// addLive adds the flag of commands that can use the real Datadog.
func addLive(cmd *cobra.Command, live *bool) {
	addSwitch(cmd, live, "live", "LIVE", "use the real Datadog in DD_SITE with DD_API_KEY and DD_APP_KEY")
}

// readSwitches reads the variables for switches that the command line leaves out.
func (c cli) readSwitches(cmd *cobra.Command) (err error) {
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if len(flag.Annotations[environment]) == 0 || flag.Changed {
			return
		}
		name := flag.Annotations[environment][0]
		if wrong := flag.Value.Set(c.env[name]); wrong != nil {
			err = errors.Join(err, wrongUse(cmd, "%s=%s is not understood: %w", name, c.env[name], wrong))
		}
	})
	return err
}
