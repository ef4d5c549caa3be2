package main

import (
	"context"
	"flag"
	"io"
	"os"
	"path/filepath"
	"time"

	"boomerang/functions/local/bench"
)

// runBench measures the built functions.
func runBench(ctx context.Context, args []string) error {
	conf := bench.Config{Progress: os.Stderr}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.IntVar(&conf.Rounds, "rounds", 8, "")
	flags.IntVar(&conf.Warm, "warm", 25, "")
	flags.DurationVar(&conf.Latency, "latency", 5*time.Millisecond, "")
	flags.StringVar(&conf.Dir, "dir", filepath.Join(".build", "bench"), "")
	flags.StringVar(&conf.Python, "python", "", "")
	if rest, err := parse(flags, args); err != nil || len(rest) > 0 || conf.Rounds < 1 || conf.Warm < 1 {
		return errUsage
	}
	result, err := bench.Run(ctx, conf)
	if err != nil {
		return err
	}
	result.Write(os.Stdout)
	return nil
}
