package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/local/playbooktest"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/playbook/check"
)

func (c cli) checkCommand() *cobra.Command {
	var payload string
	var live bool
	cmd := &cobra.Command{
		Use: "check <playbook file or folder>...", Short: "Find all mistakes in playbooks, or what the payload template of a webhook lacks.",
		Long: "Find all mistakes in playbooks. With --payload, find what the payload template of a webhook lacks,\n" +
			"in a file or, with --live, in the webhook of that name in Datadog.",
		Args: arguments(0, math.MaxInt),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case payload != "" && len(args) > 0:
				return wrongUse(cmd, "check either playbooks or a --payload")
			case payload != "":
				return c.checkPayload(cmd.Context(), payload, live)
			case len(args) == 0:
				return wrongUse(cmd, "give a playbook file or a folder")
			case live:
				return wrongUse(cmd, "only the --payload of a webhook is read from Datadog: omit LIVE=1 (--live)")
			}
			return c.checkPlaybooks(args)
		},
	}
	cmd.Flags().StringVar(&payload, "payload", "", "check a payload template: a `file`, - for the input, or the name of a webhook")
	addLive(cmd, &live)
	return cmd
}

// kindsBeside returns kinds to check a playbook file with. They read its lookup tables
// and cannot make steps.
func kindsBeside(playbooks string) []enrich.Kind {
	return registry.Kinds(registry.Deps{Tables: alerting.Tables(playbooks)})
}

// checkPlaybooks shows all mistakes in playbook files.
func (c cli) checkPlaybooks(paths []string) error {
	files, err := playbooktest.Files(paths, playbooktest.IsPlaybook)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no playbooks in %s: give a .yaml file, or a folder that has some", strings.Join(paths, ", "))
	}
	var problems []error
	for _, file := range files {
		if playbooktest.IsTest(file) {
			problems = append(problems, fmt.Errorf("%s is a test of playbooks: run boomerang test %s", file, file))
			continue
		}
		source, err := os.ReadFile(file)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		report := check.File(file, source, kindsBeside(file))
		for _, warning := range report.Warnings {
			c.out.Line("%s", warning)
		}
		problems = append(problems, report.Err)
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	c.out.Line("%d valid playbook files", len(files))
	return nil
}
