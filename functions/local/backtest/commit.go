package backtest

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
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
		return Commit{}, fmt.Errorf("there is no commit %q in this repository: fetch it, or give another one by --base", name)
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
	archive, err := git(ctx, c.folder, "archive", "--format=tar", c.Hash)
	if err != nil {
		return fmt.Errorf("the commit %s has no folder %s: give the playbooks to compare with by --base-playbooks", c, c.folder)
	}
	root, err := os.OpenRoot(to)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	for files := tar.NewReader(bytes.NewReader(archive)); ; {
		header, err := files.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("git archive: %w", err)
		}
		if header.Typeflag != tar.TypeReg {
			continue
		}
		content, err := io.ReadAll(files)
		if err == nil {
			err = root.MkdirAll(filepath.FromSlash(path.Dir(header.Name)), 0o700)
		}
		if err == nil {
			err = root.WriteFile(filepath.FromSlash(header.Name), content, 0o600)
		}
		if err != nil {
			return err
		}
	}
}

func git(ctx context.Context, folder string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "git", args...) //nolint:gosec // The user's own words, behind --end-of-options.
	cmd.Dir = folder
	return cmd.Output()
}
