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
