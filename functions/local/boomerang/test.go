package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"boomerang/functions/local/playbooktest"
	"boomerang/shared/enrich"
)

func (c cli) testCommand() *cobra.Command {
	var update bool
	cmd := &cobra.Command{Use: "test [<playbook file or folder>...]", Short: "Run the tests of playbooks (*" + playbooktest.Suffix + ")."}
	addSwitch(cmd, &update, "update", "UPDATE", "write the golden files")
	return c.command(cmd, func(c cli, ctx context.Context, args []string) error {
		paths := slices.Concat(c.playbooks, args)
		if len(paths) == 0 {
			return wrongUse("give a playbook file or a folder")
		}
		return c.testPlaybooks(ctx, paths, update)
	}, pathsFlag, outputFlag("how to show the results", asText, asJSON))
}

// testPlaybooks returns the number of failed cases and the mistakes in the test files as its error.
func (c cli) testPlaybooks(ctx context.Context, paths []string, update bool) error {
	files, err := playbooktest.Tests(paths)
	if err != nil {
		return err
	}
	total, failed, unreached := 0, 0, 0
	results := map[string]playbooktest.Result{}
	var problems []error
	for _, file := range files {
		r, err := playbooktest.RunFile(ctx, file, update)
		if err != nil {
			problems = append(problems, err)
			results[file] = playbooktest.Result{Cases: []playbooktest.CaseResult{}, Error: err.Error()}
			continue
		}
		results[file] = r
		if c.output == asText {
			c.out.Show("suite", r)
		}
		total, unreached = total+len(r.Cases), unreached+len(r.Unreached)
		for _, one := range r.Cases {
			failed += min(1, len(one.Failures))
		}
	}
	if c.output == asJSON {
		c.out.JSON(results)
	} else if total > 0 {
		rest := ""
		if unreached > 0 {
			rest = fmt.Sprintf(", not reached by any: %d", unreached)
		}
		c.out.Line("\n%s, %d failed%s", enrich.Count(total, "case"), failed, rest)
	}
	if failed > 0 {
		problems = append(problems, fmt.Errorf("%d of %d cases failed", failed, total))
	}
	return errors.Join(problems...)
}
