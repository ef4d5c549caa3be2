package backtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/local/playbooktest"
	"boomerang/shared/playbook"
)

// Source are playbook files and folders that have some.
type Source struct {
	Paths []string

	embeds bool // only files at the top of the folders count, as a build embeds them
}

// Deployed is what a build embeds of the folder of package playbook.
func Deployed(folder string) Source {
	return Source{Paths: []string{filepath.Join(folder, playbook.OwnFolder), filepath.Join(folder, playbook.DefaultFile)}, embeds: true}
}

// String names the source as people do.
func (s Source) String() string { return strings.Join(s.Paths, ", ") }

// files returns the playbook files in the order of their playbooks.
func (s Source) files() ([]string, error) {
	files, err := playbooktest.Playbooks(s.Paths)
	isEmbedded := func(file string) bool {
		return slices.Contains(s.Paths, file) || slices.Contains(s.Paths, filepath.Dir(file)) && !strings.ContainsAny(filepath.Base(file)[:1], "._")
	}
	return slices.DeleteFunc(files, func(file string) bool { return s.embeds && !isEmbedded(file) }), err
}

// Playbooks are those of one version.
type Playbooks struct {
	Name  string // for people
	Note  string // what people should know of them
	Judge *playbook.Judge

	fallback string
	files    int
}

// Load reads the playbooks of a source.
func Load(s Source) (Playbooks, error) {
	files, err := s.files()
	if err != nil {
		return Playbooks{}, err
	}
	book, err := alerting.Playbooks(playbooktest.List(files), playbooktest.Kinds)
	if err != nil {
		return Playbooks{}, err
	}
	return Playbooks{Name: s.String(), Judge: playbook.NewJudge(book), fallback: book.Fallback(), files: len(files)}, nil
}

// LoadCommit loads the playbooks that a commit has where the working tree has these.
func LoadCommit(ctx context.Context, name string, s Source) (Playbooks, error) {
	exported, err := os.MkdirTemp("", "backtest")
	if err != nil {
		return Playbooks{}, err
	}
	defer func() { _ = os.RemoveAll(exported) }()
	old, commit, names := Source{embeds: s.embeds}, "", []string(nil)
	for i, path := range s.Paths {
		info, err := os.Stat(path)
		if err != nil {
			return Playbooks{}, err
		}
		folder, file := filepath.Clean(path), ""
		if !info.IsDir() {
			folder, file = filepath.Dir(path), filepath.Base(path)
		}
		into := filepath.Join(exported, fmt.Sprintf("%03d", i)) // No name begins with another.
		if commit, err = export(ctx, name, folder, into); err != nil {
			return Playbooks{}, err
		}
		if _, err := os.Stat(filepath.Join(into, file)); err != nil {
			return Playbooks{}, fmt.Errorf("the commit %s has no %s: %s", commit, path, withoutCommit)
		}
		old.Paths = append(old.Paths, filepath.Join(into, file))
		names = append(names, into, folder)
	}
	playbooks, err := Load(old)
	if err != nil {
		words := strings.NewReplacer(names...).Replace(err.Error())
		return Playbooks{}, fmt.Errorf("the playbooks of %s do not load, so nothing can be compared with them; give another commit by --base:\n%s", commit, words)
	}
	playbooks.Name = s.String() + " at " + commit
	if now, _ := s.files(); s.embeds && playbooks.files == 1 && len(now) > 1 {
		playbooks.Note = fmt.Sprintf("git knows no playbooks in %s, so the base has only those of %s", s.Paths[0], playbook.DefaultFile)
	}
	return playbooks, nil
}
