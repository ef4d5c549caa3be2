package backtest

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
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

// withoutCommit is what a backtest can do.
const withoutCommit = "give the playbooks to compare with by --base-playbooks"

// Commit returns the hash of a commit, such as that of HEAD. Its error says what to do
// without one.
func Commit(ctx context.Context, folder, name, without string) (string, error) {
	hash, err := git(ctx, folder, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("git is not installed: install it, or " + without)
	}
	if err != nil {
		if _, err := git(ctx, folder, "rev-parse", "--git-dir"); err != nil {
			return "", fmt.Errorf("%s is in no git repository: %s", folder, without)
		}
		return "", fmt.Errorf("this repository does not have the commit %q: fetch it, or give another one by --base", name)
	}
	return strings.TrimSpace(string(hash)), nil
}

// export copies what a commit has in a folder, and returns its name with the beginning of its hash.
func export(ctx context.Context, name, folder, to string) (commit string, err error) {
	hash, err := Commit(ctx, folder, name, withoutCommit)
	if err != nil {
		return "", err
	}
	commit = fmt.Sprintf("%s (%.8s)", name, hash)
	archive, err := git(ctx, folder, "archive", "--format=zip", hash)
	if err != nil {
		return commit, fmt.Errorf("the commit %s has no folder %s: %s", commit, folder, withoutCommit)
	}
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return commit, fmt.Errorf("git archive: %w", err)
	}
	files.File = slices.DeleteFunc(files.File, func(f *zip.File) bool { return f.Mode().Type() != 0 }) // Folders follow from their files.
	return commit, os.CopyFS(to, files)
}

func git(ctx context.Context, folder string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // The user's own words, behind --end-of-options.
	cmd.Dir = folder
	return cmd.Output()
}
