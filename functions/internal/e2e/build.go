package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
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

// binaries returns the folder of the built functions. All test binaries share it: the
// first one builds, and the go command finds nothing to do for the others.
var binaries = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOMOD: %w", err)
	}
	dir := filepath.Join(filepath.Dir(strings.TrimSpace(string(out))), ".build", "test")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	lock, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return "", err
	}
	defer func() { _ = lock.Close() }()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		return "", err
	}
	return dir, build(dir, "", Webhook, Redeliver, Reconcile, Setup, Drill)
})

// build builds functions as Lambda runs them, but for this machine, and without
// -trimpath, so that packages compiled for the tests are used again.
func build(dir, ldflags string, functions ...Function) error {
	arguments := []string{"build", "-tags", "lambda.norpc", "-ldflags=-s -w" + ldflags, "-o", dir + string(filepath.Separator)}
	for _, f := range functions {
		arguments = append(arguments, "boomerang/functions/"+string(f))
	}
	command := exec.Command("go", arguments...)
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build the functions: %w\n%s", err, out)
	}
	return nil
}
