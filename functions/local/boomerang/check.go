package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"boomerang/functions/local/playbooktest"
	"boomerang/shared/enrich"
	"boomerang/shared/playbook"
	"boomerang/shared/playbook/check"
)

func (c cli) checkCommand() *cobra.Command {
	var payload string
	var strict bool
	cmd := &cobra.Command{
		Use: "check [<playbook file or folder>...]", Short: "Find all mistakes in playbooks, or what the payload template of a webhook lacks.",
		Long: "Find all mistakes in playbooks, warn of what is probably not meant, and list the permissions that\n" +
			"their steps need in Datadog. With --payload, find what the payload template of a webhook lacks, in a\n" +
			"file or, with --live, in the webhook of that name in Datadog.",
	}
	cmd.Flags().StringVar(&payload, "payload", "", "check a payload template: a `file`, - for the standard input, or the name of a webhook")
	cmd.Flags().BoolVar(&strict, "strict", false, "fail for warnings, too")
	return c.command(cmd, func(c cli, ctx context.Context, args []string) error {
		paths := slices.Concat(c.playbooks, args)
		switch {
		case payload != "" && len(paths) > 0:
			return wrongUse("check either playbooks or a --payload")
		case payload != "" && (strict || c.stack != ""):
			return wrongUse("--strict and --stack are for playbooks: omit them with --payload")
		case payload != "":
			return c.checkPayload(ctx, payload)
		case len(paths) == 0:
			return wrongUse("give a playbook file or a folder")
		case c.live:
			return wrongUse("only the --payload of a webhook is read from Datadog: omit LIVE=1 (--live)")
		}
		return c.checkPlaybooks(ctx, paths, strict)
	}, stackFlag("compare with the parameters of"), pathsFlag, liveFlag, outputFlag("how to show the result", asText, asJSON))
}

func (c cli) checkPlaybooks(ctx context.Context, paths []string, strict bool) error {
	files, err := playbooktest.Playbooks(paths)
	if err != nil {
		return err
	}
	result := struct {
		Files       []string           `json:"files"`
		Problems    []playbook.Problem `json:"problems"`
		Permissions []check.Permission `json:"permissions"`
		// Parameters of the stack, and the ARNs that they must list.
		Parameters map[string][]string `json:"parameters,omitempty"`
	}{Files: files, Problems: []playbook.Problem{}}
	var problems []error
	var kinds []enrich.Kind
	var needs []check.Need
	warnings := 0
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		report := check.File(file, source, playbooktest.FileKinds(file))
		mistakes, _ := errors.AsType[playbook.Problems](report.Err)
		result.Problems = append(append(result.Problems, report.Warnings...), mistakes...)
		if c.output == asText {
			for _, warning := range report.Warnings {
				c.out.Line("%s", warning)
			}
		}
		problems, kinds, needs, warnings = append(problems, report.Err), append(kinds, report.Kinds...), append(needs, report.Needs...), warnings+len(report.Warnings)
	}
	result.Permissions, result.Parameters = check.Permissions(kinds), check.Parameters(needs, anAccount)
	err = errors.Join(problems...)
	if err == nil && strict && warnings > 0 {
		err = fmt.Errorf("%s, which --strict does not let pass", enrich.Count(warnings, "warning"))
	}
	var lacks error
	if err == nil && c.stack != "" {
		result.Parameters, lacks, err = compareWithStack(ctx, c.stack, needs)
	}
	switch {
	case c.output == asJSON:
		c.out.JSON(result)
		if errors.Join(problems...) != nil {
			err = errors.New("the playbooks have mistakes")
		}
	case err == nil:
		c.out.Line("%s, no mistakes", enrich.Count(len(files), "playbook file"))
		c.out.Show("needs", result)
	}
	return errors.Join(err, lacks)
}

// anAccount is where names belong while the account is not known.
var anAccount = enrich.Account{Partition: "aws", Region: "<region>", ID: "<account>"}

// compareWithStack returns what the parameters of a stack must list, and what they lack.
func compareWithStack(ctx context.Context, name string, needs []check.Need) (wanted map[string][]string, lacks, err error) {
	stack, err := readStack(ctx, name)
	if err != nil {
		return nil, nil, err
	}
	wanted = check.Parameters(needs, stack.Session.Account)
	var all []error
	for _, parameter := range slices.Sorted(maps.Keys(wanted)) {
		if missing := stack.Missing(parameter, wanted[parameter]); missing != nil {
			all = append(all, fmt.Errorf("the stack %s lacks %s in %s", name, strings.Join(missing, " and "), parameter))
		}
	}
	return wanted, errors.Join(all...), nil
}
