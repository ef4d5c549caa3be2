package playbooktest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// IsTest reports whether a file is a test of playbooks.
func IsTest(path string) bool { return strings.HasSuffix(path, Suffix) }

// playbooksKey distinguishes a playbook file from a lookup table beside it.
var playbooksKey = regexp.MustCompile(`(?m)^playbooks\s*:`)

// IsPlaybook reports whether a file has playbooks.
func IsPlaybook(path string) bool {
	source, err := os.ReadFile(path)
	return err == nil && !IsTest(path) && playbooksKey.Match(source)
}

// Files returns the files that paths name, and the YAML files in folders that keep
// accepts. Like the go command, it skips testdata and hidden folders.
func Files(paths []string, keep func(path string) bool) ([]string, error) {
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
