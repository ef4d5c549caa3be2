package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/local/playbooktest"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/playbook"
	"boomerang/shared/playbook/check"
)

type checkOptions struct {
	payload   string
	playbooks []string
	live      bool
	strict    bool
	output    format
}

func (c cli) checkCommand() *cobra.Command {
	var o checkOptions
	cmd := &cobra.Command{
		Use: "check <playbook file or folder>...", Short: "Find all mistakes in playbooks, or what the payload template of a webhook lacks.",
		Long: "Find all mistakes in playbooks, warn of what is probably not meant, and list the permissions that\n" +
			"their steps need in Datadog. With --payload, find what the payload template of a webhook lacks, in a\n" +
			"file or, with --live, in the webhook of that name in Datadog.",
		Args: arguments(0, math.MaxInt),
		RunE: func(cmd *cobra.Command, args []string) error {
			paths := slices.Concat(o.playbooks, args)
			switch {
			case o.payload != "" && len(paths) > 0:
				return wrongUse(cmd, "check either playbooks or a --payload")
			case o.payload != "":
				return c.checkPayload(cmd.Context(), o)
			case len(paths) == 0:
				return wrongUse(cmd, "give a playbook file or a folder")
			case o.live:
				return wrongUse(cmd, "only the --payload of a webhook is read from Datadog: omit LIVE=1 (--live)")
			}
			return c.checkPlaybooks(paths, o)
		},
	}
	cmd.Flags().StringVar(&o.payload, "payload", "", "check a payload template: a `file`, - for the standard input, or the name of a webhook")
	cmd.Flags().BoolVar(&o.strict, "strict", false, "fail for warnings, too")
	addPlaybooks(cmd, &o.playbooks)
	addOutput(cmd, &o.output, "how to show the result", asText, asJSON)
	addLive(cmd, &o.live)
	return cmd
}

// kindsBeside returns kinds to check a playbook file with. They read its lookup tables
// and cannot make steps.
func kindsBeside(playbooks string) []enrich.Kind {
	return registry.Kinds(registry.Deps{Tables: alerting.Tables(playbooks)})
}

// checkPlaybooks shows all mistakes in playbook files.
func (c cli) checkPlaybooks(paths []string, o checkOptions) error {
	files, err := playbooktest.Playbooks(paths)
	if err != nil {
		return err
	}
	result := struct {
		Files       []string           `json:"files"`
		Problems    []playbook.Problem `json:"problems"`
		Permissions []check.Permission `json:"permissions"`
	}{Files: files, Problems: []playbook.Problem{}}
	var problems []error
	var kinds []enrich.Kind
	warnings := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		report := check.File(file, source, kindsBeside(file))
		problems = append(problems, report.Err)
		found, _ := errors.AsType[playbook.Problems](report.Err)
		result.Problems = append(append(result.Problems, report.Warnings...), found...)
		for _, warning := range report.Warnings {
			if o.output.name == asText {
				c.out.Line("%s", warning)
			}
		}
		kinds, warnings = append(kinds, report.Kinds...), warnings+len(report.Warnings)
	}
	result.Permissions = check.Permissions(kinds)
	err = errors.Join(problems...)
	if err == nil && o.strict && warnings > 0 {
		err = fmt.Errorf("%s, which --strict does not let pass", enrich.Count(warnings, "warning"))
	}
	switch {
	case o.output.name == asJSON:
		c.out.JSON(result)
		if err != nil {
			err = errors.New("the playbooks have mistakes")
		}
	case err == nil:
		c.out.Line("%s, no mistakes", enrich.Count(len(files), "playbook file"))
		c.permissions(result.Permissions)
	}
	return err
}

// permissions shows what the steps of the playbooks need in Datadog.
func (c cli) permissions(all []check.Permission) {
	if len(all) == 0 {
		return
	}
	c.out.Line("\nPermissions of the application key that their steps need:")
	for _, p := range all {
		c.out.Line("  %-24s  %s", p.Name, strings.Join(p.Steps, ", "))
	}
}
