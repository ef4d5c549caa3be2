package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/local/playbooktest"
	"boomerang/functions/local/schema"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/registry"
	"boomerang/shared/playbook"
)

// testPlaybooks runs the tests of playbooks. The error has the number of failed cases and
// the mistakes in the test files.
func testPlaybooks(ctx context.Context, c cli, flags *flag.FlagSet, args []string) error {
	update := flags.Bool("update", false, "write the golden files")
	paths, err := parse(flags, args, 1, math.MaxInt)
	if err != nil {
		return err
	}
	files, err := testFiles(paths)
	if err != nil {
		return err
	}
	total, failed, unreached := 0, 0, 0
	var problems []error
	for _, file := range files {
		r, err := runTests(ctx, file, *update)
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

// kindsBeside returns kinds to check a playbook file with. They read its lookup tables
// and cannot make steps.
func kindsBeside(playbooks string) []enrich.Kind {
	return registry.Kinds(registry.Deps{Tables: alerting.Tables(playbooks)})
}

// checkPlaybooks shows all mistakes in playbook files.
func checkPlaybooks(_ context.Context, c cli, flags *flag.FlagSet, args []string) error {
	paths, err := parse(flags, args, 1, math.MaxInt)
	if err != nil {
		return err
	}
	files, err := yamlFiles(paths, isPlaybook)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no playbooks in %s: give a .yaml file, or a folder that has some", strings.Join(paths, ", "))
	}
	var problems []error
	for _, file := range files {
		if isTest(file) {
			problems = append(problems, fmt.Errorf("%s is a test of playbooks: run make test-playbooks PLAYBOOKS=%s", file, file))
			continue
		}
		source, err := os.ReadFile(file)
		if err == nil {
			err = playbook.Check(file, source, kindsBeside(file))
		}
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return err
	}
	c.out.Line("%d valid playbook files", len(files))
	return nil
}

// testFiles returns the test files that paths name: by their own name, by that of the
// playbook file, or by their folder.
func testFiles(paths []string) ([]string, error) {
	files, err := yamlFiles(paths, isTest)
	if err != nil {
		return nil, err
	}
	for i, file := range files {
		if !isTest(file) {
			files[i] = strings.TrimSuffix(file, filepath.Ext(file)) + playbooktest.Suffix
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no tests of playbooks in %s: a test file has the name of its playbook file and ends in %s", strings.Join(paths, ", "), playbooktest.Suffix)
	}
	return files, nil
}

func isTest(path string) bool { return strings.HasSuffix(path, playbooktest.Suffix) }

// playbooksKey distinguishes a playbook file from a lookup table beside it.
var playbooksKey = regexp.MustCompile(`(?m)^playbooks\s*:`)

func isPlaybook(path string) bool {
	source, err := os.ReadFile(path)
	return err == nil && !isTest(path) && playbooksKey.Match(source)
}

// yamlFiles returns the files that paths name, and the YAML files in folders that keep
// accepts. Like the go command, it skips testdata and hidden folders.
func yamlFiles(paths []string, keep func(path string) bool) ([]string, error) {
	var files []string
	for _, root := range paths {
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			base, extension := filepath.Base(path), filepath.Ext(path)
			switch {
			case err != nil:
				return err
			case entry.IsDir() && path != root && (base == "testdata" || base[0] == '.' || base[0] == '_'):
				return fs.SkipDir
			case entry.IsDir():
			case path == root || (extension == ".yaml" || extension == ".yml") && keep(path):
				files = append(files, path)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

//go:generate go run . schema ../../shared/playbook

// writeSchemas writes the files that are generated from the code of playbooks.
func writeSchemas(_ context.Context, c cli, flags *flag.FlagSet, args []string) error {
	folders, err := parse(flags, args, 1, 1)
	if err != nil {
		return err
	}
	files, err := schemas()
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		path := filepath.Join(folders[0], name)
		if err := os.WriteFile(path, files[name], 0o644); err != nil {
			return err
		}
		c.out.Line("%s", path)
	}
	return nil
}

// schemas returns the content of these files by name.
func schemas() (map[string][]byte, error) {
	kinds := kindsBeside("")
	playbooks, err := schema.Of(playbook.Shape(), "Boomerang's playbooks", kinds)
	if err != nil {
		return nil, err
	}
	tests, err := schema.Of(playbooktest.Shape(), "Tests of Boomerang's playbooks", nil)
	if err != nil {
		return nil, err
	}
	return map[string][]byte{"schema.json": playbooks, "test.schema.json": tests, "steps.md": schema.Steps(kinds)}, nil
}
