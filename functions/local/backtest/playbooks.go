package backtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"boomerang/functions/local/playbooktest"
	"boomerang/shared/enrich"
	"boomerang/shared/playbook"
)

// Playbooks are those of a file, or of all playbook files in a folder.
type Playbooks struct {
	Name  string // for people
	Judge *playbook.Judge

	fallback string
}

// Load loads playbooks. In a folder, those of each file come in the order of the files'
// names, and those of default.yaml come last. kinds returns the kinds of steps for a file.
func Load(name, path string, kinds func(file string) []enrich.Kind) (Playbooks, error) {
	files, err := playbooktest.Files([]string{path}, playbooktest.IsPlaybook)
	if err != nil {
		return Playbooks{}, err
	}
	if len(files) == 0 {
		return Playbooks{}, fmt.Errorf("no playbooks in %s: give a .yaml file, or a folder that has some", path)
	}
	slices.SortStableFunc(files, func(a, b string) int { return isDefault(a) - isDefault(b) })
	var books []*playbook.Book
	owner := map[string]string{}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return Playbooks{}, err
		}
		book, err := playbook.Load(file, source, kinds(file))
		if err != nil {
			return Playbooks{}, err
		}
		for name := range book.Names() {
			if other := owner[name]; other != "" {
				return Playbooks{}, fmt.Errorf("%s and %s both have a playbook %q: rename one", other, file, name)
			}
			owner[name] = file
		}
		books = append(books, book)
	}
	book := playbook.Join(books[0], books[1:]...)
	return Playbooks{Name: name, Judge: playbook.NewJudge(book), fallback: book.Fallback()}, nil
}

func isDefault(file string) int {
	if filepath.Base(file) == "default.yaml" {
		return 1
	}
	return 0
}

// LoadCommit loads the playbooks that a commit has at a path of the working tree.
func LoadCommit(ctx context.Context, name, path string, kinds func(file string) []enrich.Kind) (Playbooks, error) {
	folder, file := path, ""
	if info, err := os.Stat(path); err != nil {
		return Playbooks{}, err
	} else if !info.IsDir() {
		folder, file = filepath.Dir(path), filepath.Base(path)
	}
	commit, err := FindCommit(ctx, folder, name)
	if err != nil {
		return Playbooks{}, err
	}
	exported, err := os.MkdirTemp("", "backtest")
	if err != nil {
		return Playbooks{}, err
	}
	defer func() { _ = os.RemoveAll(exported) }()
	if err := commit.Export(ctx, exported); err != nil {
		return Playbooks{}, err
	}
	if _, err := os.Stat(filepath.Join(exported, file)); err != nil {
		return Playbooks{}, fmt.Errorf("the commit %s has no %s: give the playbooks to compare with by --base-playbooks", commit, path)
	}
	playbooks, err := Load(path+" at "+commit.String(), filepath.Join(exported, file), kinds)
	if err != nil {
		return Playbooks{}, fmt.Errorf("the playbooks of %s do not load, so nothing can be compared with them; give another commit by --base:\n%s", commit, strings.ReplaceAll(err.Error(), exported+string(filepath.Separator), ""))
	}
	return playbooks, nil
}
