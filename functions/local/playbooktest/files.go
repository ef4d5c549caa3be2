package playbooktest

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"boomerang/functions/internal/alerting"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/registry"
)

func isTest(path string) bool { return strings.HasSuffix(path, Suffix) }

// playbooksKey distinguishes a playbook file, also one with a mistake in the key, from a
// lookup table beside it.
var playbooksKey = regexp.MustCompile(`(?im)^(playbooks?\s*:|\s*- uses\s*:)`)

// IsPlaybook reports whether a file has playbooks.
func IsPlaybook(path string) bool {
	source, err := os.ReadFile(path)
	return err == nil && !isTest(path) && playbooksKey.Match(source)
}

// Files returns the files that paths name, and the YAML files in folders that keep
// accepts. Like the go command, it skips testdata and hidden folders.
func Files(paths []string, keep func(path string) bool) ([]string, error) {
	var files []string
	for _, root := range paths {
		if root == "-" {
			return nil, errors.New("only an alert can come from the standard input (-): give a file or a folder")
		}
		err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
			base, extension := filepath.Base(path), filepath.Ext(path)
			switch {
			case err != nil:
				return fmt.Errorf("%s: %w", path, cmp.Or(errors.Unwrap(err), err))
			case entry.IsDir() && path != root && (base == "testdata" || base[0] == '.' || base[0] == '_'):
				return fs.SkipDir
			case entry.IsDir() || slices.ContainsFunc(files, func(file string) bool { return filepath.Clean(file) == filepath.Clean(path) }):
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

// Playbooks returns the playbook files that paths name or that are in their folders, in the
// order of their names, but default.yaml last, which takes all alerts.
func Playbooks(paths []string) ([]string, error) {
	files, err := Files(paths, IsPlaybook)
	if err != nil {
		return nil, err
	}
	if at := slices.IndexFunc(files, isTest); at >= 0 {
		return nil, fmt.Errorf("%s is a test of playbooks: run boomerang test %s", files[at], files[at])
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no playbooks in %s: give a .yaml file, or a folder that has some", strings.Join(paths, ", "))
	}
	slices.SortStableFunc(files, func(a, b string) int { return isDefault(a) - isDefault(b) })
	return files, nil
}

// List returns files as PLAYBOOKS_FILE names them.
func List(files []string) string {
	named := make([]string, len(files))
	for i, file := range files {
		named[i] = local(file)
	}
	return strings.Join(named, string(filepath.ListSeparator))
}

// local names a file of this machine: default.yaml and own/… alone would be those that are embedded.
func local(file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return "." + string(filepath.Separator) + file
}

// FileKinds returns the Kinds of a playbook file of this machine.
func FileKinds(file string) []enrich.Kind { return Kinds(local(file)) }

// Kinds returns the kinds for a playbook file. They read its lookup tables, and make no steps.
func Kinds(playbooks string) []enrich.Kind {
	return registry.Kinds(registry.Deps{Tables: alerting.Tables(playbooks)})
}

func isDefault(file string) int {
	if filepath.Base(file) == "default.yaml" {
		return 1
	}
	return 0
}

// Tests returns the test files that paths name, also by their playbook file or folder.
func Tests(paths []string) ([]string, error) {
	files, err := Files(paths, isTest)
	if err != nil {
		return nil, err
	}
	for i, file := range files {
		if isTest(file) {
			continue
		}
		files[i] = strings.TrimSuffix(file, filepath.Ext(file)) + Suffix
		if _, err := os.Stat(files[i]); err != nil {
			return nil, fmt.Errorf("%s has no tests: write %s", file, files[i])
		}
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no tests of playbooks in %s: a test file has the name of its playbook file and ends in %s", strings.Join(paths, ", "), Suffix)
	}
	return files, nil
}
