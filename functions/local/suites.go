package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/local/playbooktest"
	"boomerang/functions/local/report"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/playbook"
)

// testPlaybooks runs the test files beside playbooks. Its error says how many
// cases fail, and what is wrong with the files themselves.
func testPlaybooks(ctx context.Context, out *report.Printer, args []string) error {
	flags := flag.NewFlagSet("test-playbooks", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	update := flags.Bool("update", false, "")
	paths, err := parse(flags, args)
	if err != nil || len(paths) == 0 {
		return errUsage
	}
	files, err := testFiles(paths)
	if err != nil {
		return err
	}
	total, failed, unreached := 0, 0, 0
	var broken []error
	for _, file := range files {
		r, err := test(ctx, file, *update)
		if err != nil {
			broken = append(broken, err)
			continue
		}
		out.Suite(file, r)
		total, unreached = total+len(r.Cases), unreached+len(r.Unreached)
		for _, c := range r.Cases {
			if len(c.Failures) > 0 {
				failed++
			}
		}
	}
	out.Line("\n%d cases, %d failed; %d playbooks or steps that no case reaches", total, failed, unreached)
	if failed > 0 {
		broken = append(broken, fmt.Errorf("%d of %d cases failed", failed, total))
	}
	return errors.Join(broken...)
}

func test(ctx context.Context, file string, update bool) (playbooktest.Result, error) {
	suite, err := playbooktest.Load(file, checkKinds)
	if err != nil {
		return playbooktest.Result{}, err
	}
	return suite.Run(ctx, update)
}

// checkKinds are kinds that playbooks can be checked against, and that make no
// steps.
func checkKinds(playbooks string) []enrich.Kind {
	return registry.Kinds(registry.Deps{Tables: alerting.Tables(playbooks)})
}

// testFiles returns the test files that paths name: a test file itself, a playbook
// file's, or all in a folder.
func testFiles(paths []string) ([]string, error) {
	files, err := yamlFiles(paths, func(path string) bool { return strings.HasSuffix(path, playbooktest.Suffix) })
	if err != nil {
		return nil, err
	}
	for i, file := range files {
		if !strings.HasSuffix(file, playbooktest.Suffix) {
			files[i] = strings.TrimSuffix(file, filepath.Ext(file)) + playbooktest.Suffix
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("there is no test of playbooks in %s: a test file is called like its playbook file, ending in %s", strings.Join(paths, ", "), playbooktest.Suffix)
	}
	return files, nil
}

// checkPlaybooks loads playbook files and shows everything that is wrong with them.
func checkPlaybooks(out *report.Printer, paths []string) error {
	if len(paths) == 0 {
		return errUsage
	}
	files, err := yamlFiles(paths, isPlaybooks)
	if err != nil {
		return err
	}
	var wrong []error
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err == nil {
			_, err = playbook.Load(file, source, checkKinds(file))
		}
		wrong = append(wrong, err)
	}
	if err := errors.Join(wrong...); err != nil {
		return err
	}
	out.Line("%d playbook files can be used.", len(files))
	return nil
}

// heading is what a playbook file begins with, and a table beside it does not.
var heading = regexp.MustCompile(`(?m)^playbooks\s*:`)

func isPlaybooks(path string) bool {
	source, err := os.ReadFile(path)
	return err == nil && !strings.HasSuffix(path, playbooktest.Suffix) && heading.Match(source)
}

// skipped leaves out the folders that the go command leaves out too.
func skipped(name, root string) error {
	if base := filepath.Base(name); name != root && (base == "testdata" || base[0] == '.' || base[0] == '_') {
		return fs.SkipDir
	}
	return nil
}

// yamlFiles returns the files that paths name, and those in folders that keep holds of.
func yamlFiles(paths []string, keep func(path string) bool) ([]string, error) {
	var files []string
	for _, path := range paths {
		err := filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
			extension := filepath.Ext(name)
			switch {
			case err != nil:
				return err
			case entry.IsDir():
				return skipped(name, path)
			case name == path || (extension == ".yaml" || extension == ".yml") && keep(name):
				files = append(files, name)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}
