package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"boomerang/functions/local/bench"
	"boomerang/functions/local/output"
)

func (c cli) benchCommand() *cobra.Command {
	rounds, base, alerts, intake, seconds := 10, "", 20_000, "direct", 60
	start := c.measurement("start", "Compare the start of the deployed webhook with its peers.", func(ctx context.Context, r *bench.Runner) error {
		return r.Start(ctx, rounds, base)
	})
	memory := c.measurement("memory", "Compare the memory of ten alerts with full lists of events.", func(ctx context.Context, r *bench.Runner) error {
		return r.Memory(ctx, rounds, base)
	})
	for _, cmd := range []*cobra.Command{start, memory} {
		numberFlag(cmd, &rounds, "rounds", 1, 1000, "measure each function this `number` of times")
		cmd.Flags().StringVar(&base, "base", "", "another `commit` to compare with")
	}
	matrix := c.measurement("matrix", "Break each dependency in every way, and show what the webhook answers.", func(ctx context.Context, r *bench.Runner) error {
		return r.Test(ctx, "functions", "^TestMatrix")
	})
	soak := c.measurement("soak", "Send many alerts while one call in twenty fails, and count the events.", func(ctx context.Context, r *bench.Runner) error {
		return r.Test(ctx, "functions", "^TestSoak$/^"+intake+"$", "SOAK="+strconv.Itoa(alerts))
	})
	numberFlag(soak, &alerts, "alerts", 1, 1_000_000, "send this `number` of alerts; 1,000 take some 4 minutes on two cores")
	choiceFlag(soak, &intake, "intake", "how the alerts come in", "direct", "queue")
	scale := c.measurement("scale", "Simulate a storm of 1,000 alerts a second on a virtual clock, and its cost.", func(ctx context.Context, r *bench.Runner) error {
		return r.Test(ctx, "functions/local/scale", "^TestStorm$", "STORM="+strconv.Itoa(seconds))
	})
	numberFlag(scale, &seconds, "seconds", 5, 3600, "this `number` of seconds of a storm")
	cmd := &cobra.Command{
		Use: "bench", Short: "Measure the functions: start, memory, faults, many alerts.",
		Long: "Measure the functions of this repository, which it builds with go, git and the emulator of AWS.",
	}
	cmd.AddCommand(start, memory, matrix, soak, scale)
	return cmd
}

// measurement returns a command that runs a measurement, and says how it ended.
func (c cli) measurement(name, short string, run func(context.Context, *bench.Runner) error) *cobra.Command {
	return c.command(&cobra.Command{Use: name, Short: short}, func(c cli, ctx context.Context, _ []string) error {
		root, err := repository()
		if err == nil {
			root, err = filepath.Abs(root)
		}
		if err != nil {
			return err
		}
		began := time.Now()
		err = run(ctx, &bench.Runner{Root: root, Out: c.out, Err: c.stderr, Progress: output.Progress(c.stderr, "measured", "rounds")})
		took := time.Since(began).Round(time.Second)
		if err != nil {
			return fmt.Errorf("%s failed after %s: %w", name, took, err)
		}
		c.out.Line("%s passed in %s", name, took)
		return nil
	})
}
