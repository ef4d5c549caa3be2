package backtest

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// Commit is a commit that git knows in a folder.
type Commit struct {
	Name, Hash string

	folder string
}

// FindCommit returns the commit of a name such as HEAD. A folder of its repository is where
// git runs.
func FindCommit(ctx context.Context, folder, name string) (Commit, error) {
	hash, err := git(ctx, folder, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	if errors.Is(err, exec.ErrNotFound) {
		return Commit{}, errors.New("git is not installed: install it, or give the playbooks to compare with by --base-playbooks")
	}
	if err != nil {
		if _, err := git(ctx, folder, "rev-parse", "--git-dir"); err != nil {
			return Commit{}, fmt.Errorf("%s is in no git repository: give the playbooks to compare with by --base-playbooks", folder)
		}
		return Commit{}, fmt.Errorf("this repository does not have the commit %q: fetch it, or give another one by --base", name)
	}
	return Commit{Name: name, Hash: strings.TrimSpace(string(hash)), folder: folder}, nil
}

// String is the name with the beginning of the hash.
func (c Commit) String() string {
	const short = 8
	if strings.HasPrefix(c.Hash, c.Name) {
		return c.Hash[:short]
	}
	return c.Name + " (" + c.Hash[:short] + ")"
}

// Export writes the commit's files of the folder into another one.
func (c Commit) Export(ctx context.Context, to string) error {
	archive, err := git(ctx, c.folder, "archive", "--format=zip", c.Hash)
	if err != nil {
		return fmt.Errorf("the commit %s has no folder %s: give the playbooks to compare with by --base-playbooks", c, c.folder)
	}
	files, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		return fmt.Errorf("git archive: %w", err)
	}
	files.File = slices.DeleteFunc(files.File, func(f *zip.File) bool { return f.Mode().Type() != 0 }) // Folders follow from their files.
	return os.CopyFS(to, files)
}

func git(ctx context.Context, folder string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // The user's own words, behind --end-of-options.
	cmd.Dir = folder
	return cmd.Output()
}
