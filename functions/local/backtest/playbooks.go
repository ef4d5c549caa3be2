package backtest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"boomerang/functions/internal/alerting"
	"boomerang/functions/local/playbooktest"
	"boomerang/shared/enrich"
	"boomerang/shared/playbook"
)

// Source is where playbooks are.
type Source struct {
	// Paths are playbook files and folders that have some.
	Paths []string
	// Folder has the files that a build embeds, in place of paths.
	Folder string
}

// String names the source as people do.
func (s Source) String() string {
	if s.Folder != "" {
		return "the playbooks in " + s.Folder
	}
	return strings.Join(s.Paths, ", ")
}

// files returns the playbook files in the order of their playbooks.
func (s Source) files() ([]string, error) {
	if s.Folder == "" {
		return playbooktest.Playbooks(s.Paths)
	}
	own := filepath.Join(s.Folder, playbook.OwnFolder)
	entries, err := os.ReadDir(own)
	if err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	var files []string
	for _, entry := range entries {
		name := entry.Name()
		isYAML := filepath.Ext(name) == ".yaml" || filepath.Ext(name) == ".yml"
		if isYAML && !entry.IsDir() && !playbooktest.IsTest(name) && name[0] != '.' && name[0] != '_' {
			files = append(files, filepath.Join(own, name))
		}
	}
	return append(files, filepath.Join(s.Folder, playbook.DefaultFile)), nil
}

// Playbooks are those of one version.
type Playbooks struct {
	Name  string // for people
	Note  string // what people should know of them
	Judge *playbook.Judge

	fallback string
}

// Load loads playbooks. kinds returns the kinds of steps for a file.
func Load(s Source, kinds func(file string) []enrich.Kind) (Playbooks, error) {
	files, err := s.files()
	if err != nil {
		return Playbooks{}, err
	}
	book, err := alerting.Playbooks(playbooktest.List(files), kinds)
	if err != nil {
		return Playbooks{}, err
	}
	return Playbooks{Name: s.String(), Judge: playbook.NewJudge(book), fallback: book.Fallback()}, nil
}

// LoadCommit loads the playbooks that a commit has where the working tree has these.
func LoadCommit(ctx context.Context, name string, s Source, kinds func(file string) []enrich.Kind) (Playbooks, error) {
	exported, err := os.MkdirTemp("", "backtest")
	if err != nil {
		return Playbooks{}, err
	}
	defer func() { _ = os.RemoveAll(exported) }()
	commit, old, err := s.at(ctx, name, exported)
	if err != nil {
		return Playbooks{}, err
	}
	playbooks, err := Load(old, kinds)
	if err != nil {
		words := s.replacer(exported).Replace(err.Error())
		return Playbooks{}, fmt.Errorf("the playbooks of %s do not load, so nothing can be compared with them; give another commit by --base:\n%s", commit, words)
	}
	playbooks.Name = s.String() + " at " + commit.String()
	if own, _ := s.files(); s.Folder != "" && len(own) > 1 {
		if before, _ := old.files(); len(before) == 1 {
			playbooks.Note = fmt.Sprintf("git knows no playbooks in %s, so the base has only those of %s", filepath.Join(s.Folder, playbook.OwnFolder), playbook.DefaultFile)
		}
	}
	return playbooks, nil
}

// at returns the source in a commit, whose files it writes into a folder.
func (s Source) at(ctx context.Context, name, to string) (commit Commit, old Source, err error) {
	if s.Folder != "" {
		if commit, err = export(ctx, name, s.Folder, to); err != nil {
			return commit, old, err
		}
		own := filepath.Join(s.Folder, playbook.OwnFolder)
		if _, err := os.Stat(filepath.Join(own, ".git")); err == nil { // A repository of its own.
			into := filepath.Join(to, playbook.OwnFolder)
			if err := os.RemoveAll(into); err != nil {
				return commit, old, err
			}
			if _, err := export(ctx, name, own, into); err != nil {
				return commit, old, err
			}
		}
		return commit, Source{Folder: to}, nil
	}
	for i, path := range s.Paths {
		if _, err := os.Stat(path); err != nil {
			return commit, old, err
		}
		folder, file := split(path)
		into := filepath.Join(to, fmt.Sprint(i))
		if commit, err = export(ctx, name, folder, into); err != nil {
			return commit, old, err
		}
		if _, err := os.Stat(filepath.Join(into, file)); err != nil {
			return commit, old, fmt.Errorf("the commit %s has no %s: give the playbooks to compare with by --base-playbooks", commit, path)
		}
		old.Paths = append(old.Paths, filepath.Join(into, file))
	}
	return commit, old, nil
}

// replacer puts the names in the working tree in the place of those of the written files.
func (s Source) replacer(to string) *strings.Replacer {
	slash := string(filepath.Separator)
	var pairs []string
	for i, path := range s.Paths {
		folder, _ := split(path)
		pairs = append(pairs, filepath.Join(to, fmt.Sprint(i))+slash, folder+slash)
	}
	return strings.NewReplacer(append(pairs, to+slash, s.Folder+slash)...)
}

// split returns the folder of a file and its name, or a folder alone.
func split(path string) (folder, file string) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return path, ""
	}
	return filepath.Dir(path), filepath.Base(path)
}

func export(ctx context.Context, name, folder, to string) (Commit, error) {
	commit, err := FindCommit(ctx, folder, name)
	if err == nil {
		err = os.MkdirAll(to, 0o700)
	}
	if err == nil {
		err = commit.Export(ctx, to)
	}
	return commit, err
}
