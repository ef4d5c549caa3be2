package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"boomerang/functions/internal/ddlambda/agenttest"
)

// Function is one of the functions, by its folder.
type Function string

// The functions that a stack can run.
const (
	Webhook   Function = "webhook"
	Redeliver Function = "redeliver"
	Reconcile Function = "reconcile"
	Setup     Function = "setup"
	Drill     Function = "drill"
)

// The folders of the built functions: as they are, and with the address of the
// extension's double linked in. All test binaries share them: the first one builds, and
// the go command finds nothing to do for the others.
var (
	binaries              = sync.OnceValues(func() (string, error) { return buildAll("test", "") })
	binariesWithExtension = sync.OnceValues(func() (string, error) { return buildAll("test-extension", agenttest.LDFlags()) })
)

func buildAll(name, ldflags string) (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	dir := filepath.Join(filepath.Dir(strings.TrimSpace(string(out))), ".build", name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	lock, err := os.Create(filepath.Join(dir, "lock"))
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	// As Lambda runs them, but for this machine, and without -trimpath, so that packages
	// compiled for the tests are used again.
	arguments := []string{"build", "-tags", "lambda.norpc,noown", "-ldflags=-s -w" + ldflags, "-o", dir + string(filepath.Separator)}
	for _, f := range []Function{Webhook, Redeliver, Reconcile, Setup, Drill} {
		arguments = append(arguments, "boomerang/functions/"+string(f))
	}
	command := exec.Command("go", arguments...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the functions: %w\n%s", err, out)
	}
	return dir, nil
}
