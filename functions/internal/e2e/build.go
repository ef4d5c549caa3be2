package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// Function is one of the functions, by its folder.
type Function string

// The functions that a stack can run.
const (
	Webhook    Function = "webhook"
	Redelivery Function = "redeliver"
	Reconcile  Function = "reconcile"
	Setup      Function = "setup"
	Drill      Function = "drill"
)

// bin is where the functions are built; Main makes and removes it.
var bin string

// Main runs a package's tests; a package that starts instances calls it from its
// TestMain, and exits with what it returns.
func Main(m *testing.M) int {
	dir, err := os.MkdirTemp("", "boomerang")
	if err != nil {
		panic(err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	bin = dir
	return m.Run()
}

var builds = map[Function]func() (string, error){
	Webhook:    sync.OnceValues(func() (string, error) { return build(Webhook) }),
	Redelivery: sync.OnceValues(func() (string, error) { return build(Redelivery) }),
	Reconcile:  sync.OnceValues(func() (string, error) { return build(Reconcile) }),
	Setup:      sync.OnceValues(func() (string, error) { return build(Setup) }),
	Drill:      sync.OnceValues(func() (string, error) { return build(Drill) }),
}

// build builds a function as it is deployed, for this machine's processor; but not
// with -trimpath, so that what was compiled for the tests need not be compiled
// again. The linker leaves out what only a debugger reads, as for Lambda, and does
// what flags say besides.
func build(f Function, flags ...string) (string, error) {
	if bin == "" {
		return "", errors.New("the functions are built by a package whose TestMain calls stack.Main")
	}
	dir, err := os.MkdirTemp(bin, string(f))
	if err != nil {
		return "", err
	}
	bootstrap := filepath.Join(dir, "bootstrap")
	command := exec.Command("go", "build", "-tags", "lambda.norpc", "-ldflags=-s -w"+strings.Join(flags, ""), "-o", bootstrap, "boomerang/functions/"+string(f))
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build functions/%s: %w\n%s", f, err, out)
	}
	return bootstrap, nil
}
