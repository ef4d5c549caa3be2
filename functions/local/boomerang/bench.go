package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"boomerang/functions/local/bench"
	"boomerang/functions/local/output"
)

func (c cli) benchCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use: "bench", Short: "Measure the functions: start, memory, faults, many alerts.", Args: arguments(0, 0),
		Long: "Measure the functions of this repository, which it builds with go, git and the emulator of AWS.",
	}
	cmd.AddCommand(
		c.rounds("start", "Compare the start of the deployed webhook with its peers.", bench.Runner.Start),
		c.rounds("memory", "Compare the memory of ten alerts with full lists of events.", bench.Runner.Memory),
		c.measurement("matrix", "Break each dependency in every way, and show what the webhook answers.", func() string { return "" }, func(ctx context.Context, r bench.Runner) error {
			return r.Test(ctx, bench.Test{Package: "functions", Pattern: "^TestMatrix"})
		}),
		c.soakCommand(), c.scaleCommand(),
	)
	return cmd
}

// measurement returns a command that runs a measurement, and says how it ended. unfit says
// what is wrong with its flags.
func (c cli) measurement(name, short string, unfit func() string, run func(context.Context, bench.Runner) error) *cobra.Command {
	return &cobra.Command{
		Use: name, Short: short, Args: arguments(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if wrong := unfit(); wrong != "" {
				return wrongUse(cmd, "%s", wrong)
			}
			root, err := bench.Root(cmd.Context())
			if err != nil {
				return err
			}
			_, _ = fmt.Fprintln(c.stderr, "Building what is measured.")
			began := time.Now()
			err = run(cmd.Context(), bench.Runner{Root: root, Out: c.out, Err: c.stderr, Progress: output.Progress(c.stderr, "measured", "rounds")})
			took := time.Since(began).Round(time.Second)
			if err != nil {
				return fmt.Errorf("%s failed after %s: %w", name, took, err)
			}
			c.out.Line("%s passed in %s", name, took)
			return nil
		},
	}
}

// rounds returns a command that measures rounds, also of another commit.
func (c cli) rounds(name, short string, run func(r bench.Runner, ctx context.Context, rounds int, base string) error) *cobra.Command {
	var rounds int
	var base string
	cmd := c.measurement(name, short, func() string { return outside("--rounds", rounds, 1, 1000) },
		func(ctx context.Context, r bench.Runner) error { return run(r, ctx, rounds, base) })
	cmd.Flags().IntVar(&rounds, "rounds", 10, "how often each function is measured")
	cmd.Flags().StringVar(&base, "base", "", "another `commit` to compare with")
	return cmd
}

// outside says that the value of a flag is not between its bounds.
func outside(flag string, value, least, most int) string {
	if value < least || value > most {
		return fmt.Sprintf("%s must be from %d to %d", flag, least, most)
	}
	return ""
}

func (c cli) soakCommand() *cobra.Command {
	var alerts int
	var intake string
	unfit := func() string {
		if intake != "direct" && intake != "queue" {
			return "--intake must be direct or queue"
		}
		return outside("--alerts", alerts, 1, 1_000_000)
	}
	cmd := c.measurement("soak", "Send many alerts while one call in twenty fails, and count the events.", unfit, func(ctx context.Context, r bench.Runner) error {
		return r.Test(ctx, bench.Test{Package: "functions", Pattern: "^TestSoak$/^" + intake + "$", Env: []string{"SOAK=" + strconv.Itoa(alerts)}})
	})
	cmd.Flags().IntVar(&alerts, "alerts", 20_000, "how many alerts; 20,000 take some 12 minutes")
	cmd.Flags().StringVar(&intake, "intake", "direct", "direct or queue; the emulated queue takes 2,000 alerts in 3 minutes")
	return cmd
}

func (c cli) scaleCommand() *cobra.Command {
	var seconds int
	cmd := c.measurement("scale", "Simulate a storm of 1,000 alerts a second on a virtual clock, and its cost.", func() string { return outside("--seconds", seconds, 5, 3600) },
		func(ctx context.Context, r bench.Runner) error {
			return r.Test(ctx, bench.Test{Package: "functions/local/scale", Pattern: "^TestStorm$", Env: []string{"STORM=" + strconv.Itoa(seconds)}})
		})
	cmd.Flags().IntVar(&seconds, "seconds", 60, "how long the storm lasts")
	return cmd
}
