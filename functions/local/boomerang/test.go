package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"boomerang/functions/local/playbooktest"
)

func (c cli) testCommand() *cobra.Command {
	var update bool
	cmd := &cobra.Command{
		Use: "test <playbook file or folder>...", Short: "Run the tests of playbooks (*" + playbooktest.Suffix + ").", Args: arguments(1, math.MaxInt),
		RunE: func(cmd *cobra.Command, args []string) error { return c.testPlaybooks(cmd.Context(), args, update) },
	}
	addSwitch(cmd, &update, "update", "UPDATE", "write the golden files")
	return cmd
}

// testPlaybooks runs the tests of playbooks. The error has the number of failed cases and
// the mistakes in the test files.
func (c cli) testPlaybooks(ctx context.Context, paths []string, update bool) error {
	files, err := testFiles(paths)
	if err != nil {
		return err
	}
	total, failed, unreached := 0, 0, 0
	var problems []error
	for _, file := range files {
		r, err := runTests(ctx, file, update)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		c.out.Suite(file, r)
		total, unreached = total+len(r.Cases), unreached+len(r.Unreached)
		for _, one := range r.Cases {
			failed += min(1, len(one.Failures))
		}
	}
	c.out.Line("\n%d cases, %d failed; %d playbooks or steps that no case reaches", total, failed, unreached)
	if failed > 0 {
		problems = append(problems, fmt.Errorf("%d of %d cases failed", failed, total))
	}
	return errors.Join(problems...)
}

func runTests(ctx context.Context, file string, update bool) (playbooktest.Result, error) {
	suite, err := playbooktest.Load(file, kindsBeside)
	if err != nil {
		return playbooktest.Result{}, err
	}
	return suite.Run(ctx, update)
}

// testFiles returns the test files that paths name: by their own name, by that of the
// playbook file, or by their folder.
func testFiles(paths []string) ([]string, error) {
	files, err := playbooktest.Files(paths, playbooktest.IsTest)
	if err != nil {
		return nil, err
	}
	for i, file := range files {
		if !playbooktest.IsTest(file) {
			files[i] = strings.TrimSuffix(file, filepath.Ext(file)) + playbooktest.Suffix
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no tests of playbooks in %s: a test file has the name of its playbook file and ends in %s", strings.Join(paths, ", "), playbooktest.Suffix)
	}
	return files, nil
}
