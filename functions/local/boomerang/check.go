package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"boomerang/functions/local/output"
	"boomerang/functions/local/payload"
	"boomerang/functions/local/playbooktest"
	"boomerang/functions/local/request"
	"boomerang/functions/local/sandbox"
	"boomerang/shared/datadog"
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
		result.Problems = slices.Concat(result.Problems, report.Warnings, mistakes)
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
		if err != nil {
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

// checkPayload checks the payload template of a webhook, in a file or in Datadog.
func (c cli) checkPayload(ctx context.Context, name string) error {
	template, err := c.template(ctx, name)
	if err != nil {
		return err
	}
	r := payload.Check(template)
	if c.output == asJSON {
		c.out.JSON(r)
		c.out = output.New(io.Discard)
	}
	for _, problem := range r.Problems {
		c.out.Line("✗ %s", problem)
	}
	for _, missing := range r.Missing {
		c.out.Line("· %s", missing)
	}
	if len(r.Problems) > 0 {
		return fmt.Errorf("%s has %s", name, enrich.Count(len(r.Problems), "problem"))
	}
	could := ""
	if n := len(r.Missing); n > 0 {
		could = ", and could add " + enrich.Count(n, "variable")
	}
	c.out.Line("%s is valid%s", name, could)
	return nil
}

// template reads a file, the input for "-", or the webhook with this name in Datadog.
func (c cli) template(ctx context.Context, name string) (template string, err error) {
	if !c.live {
		raw, err := input(ctx, func() ([]byte, error) { return request.Content(name, c.stdin) })
		return string(raw), err
	}
	err = c.withDatadog(func(_ *sandbox.Sandbox, client *datadog.Client) error {
		webhook, err := client.Webhook(ctx, strings.TrimPrefix(name, "@webhook-"))
		template = webhook.Payload
		return publicErrors(err)
	})
	return template, err
}
