package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"time"

	"boomerang/functions/local/backtest"
)

const (
	// folder has what a measurement builds and writes.
	folder    = ".build/bench"
	benchstat = "golang.org/x/perf/cmd/benchstat@v0.0.0-20260908200009-22c9c6c9d4da"
)

// Runner runs measurements in the root of the repository. It does nothing more after an error.
type Runner struct {
	Root     string
	Out, Err io.Writer
	Progress func(done, total int) // of the rounds

	err error // the first one
}

// Test runs a test that is a measurement and shows its progress itself, and shows what it logs.
// The error has all that a failed test prints.
func (r *Runner) Test(ctx context.Context, folder, pattern string, env ...string) error {
	r.begin(ctx, "")
	binary := r.buildTest(ctx, folder)
	printed := r.measure(ctx, folder, env, filepath.Join(r.Root, ".ci/with-moto"), binary, "-test.v", "-test.timeout=180m", "-test.run", pattern)
	for lines := bufio.NewScanner(printed); r.err == nil && lines.Scan(); {
		if !ofGo.MatchString(lines.Text()) {
			fmt.Fprintln(r.Out, place.ReplaceAllString(lines.Text(), ""))
		}
	}
	return r.err
}

var (
	// ofGo matches what the test binary itself prints.
	ofGo  = regexp.MustCompile(`^\s*(=== |--- |PASS$|ok\s)`)
	place = regexp.MustCompile(`^ +\w+_test\.go:\d+: `)
)

// Start compares the start of the deployed webhook with that of its peers.
func (r *Runner) Start(ctx context.Context, rounds int, base string) error {
	r.begin(ctx, base)
	python := r.python(ctx)
	r.build(ctx, r.Root, "bin/", "./functions/webhook", "./functions/local/bench/bare")
	peers := []string{"bare", "python"}
	if base != "" {
		peers = append(peers, "base")
		r.buildBase(ctx, base, "bin/base", "./functions/webhook")
	}
	r.rounds(ctx, rounds, "Function", "PYTHON="+python)
	for _, peer := range peers {
		r.compare(ctx, "-col", "/function@("+peer+" webhook)", "-filter", "/function:("+peer+" OR webhook)")
	}
	return r.err
}

// Memory compares the memory of ten alerts with full lists of events with another commit's.
func (r *Runner) Memory(ctx context.Context, rounds int, base string) error {
	functions := []string{"./functions/webhook", "./functions/redeliver"}
	r.begin(ctx, base)
	r.build(ctx, r.Root, "bin/this/", functions...)
	if base != "" {
		r.buildBase(ctx, base, "bin/base/", functions...)
	}
	r.rounds(ctx, rounds, "Memory")
	r.compare(ctx, "-col", "/commit")
	return r.err
}

// begin looks for another commit first, because a build takes minutes.
func (r *Runner) begin(ctx context.Context, commit string) {
	if commit != "" {
		_, r.err = backtest.Commit(ctx, r.Root, commit, "omit --base")
	}
	if r.err == nil {
		fmt.Fprintln(r.Err, "Building what is measured.")
	}
}

func (r *Runner) path(name string) string { return filepath.Join(r.Root, folder, name) }

// build builds functions as they are deployed, but without -trimpath, which changes no figure
// and would compile everything again.
func (r *Runner) build(ctx context.Context, root, into string, functions ...string) {
	if root == r.Root {
		r.remove("bin")
	}
	r.compile(ctx, root, functions, "-buildvcs=false", "-tags=lambda.norpc", "-ldflags=-s -w", "-o", r.Root+"/"+folder+"/"+into)
}

func (r *Runner) remove(name string) {
	if r.err == nil {
		r.err = os.RemoveAll(r.path(name))
	}
}

// compile runs go build and shows its progress.
func (r *Runner) compile(ctx context.Context, root string, packages []string, flags ...string) {
	r.run(ctx, root, r.Err, nil, append([]string{r.Root + "/.ci/build", "what is measured", strings.Join(packages, " ")}, flags...)...)
}

// buildTest builds the test binary of a folder, for which go test has no progress, and what the functions
// need that the test builds itself.
func (r *Runner) buildTest(ctx context.Context, folder string) (binary string) {
	binary = r.path("measure.test")
	functions, _ := filepath.Glob(filepath.Join(r.Root, folder, "*/main.go")) // The pattern is right.
	packages := []string{"./" + folder}
	for _, file := range functions {
		packages = append(packages, filepath.Dir(file))
	}
	var imports bytes.Buffer
	const all = `{{join .Imports " "}} {{join .TestImports " "}} {{join .XTestImports " "}}`
	r.run(ctx, r.Root, &imports, nil, append([]string{"go", "list", "-f", all}, packages...)...)
	r.compile(ctx, r.Root, strings.Fields(imports.String()))
	r.run(ctx, r.Root, r.Err, nil, "go", "test", "-c", "-o", binary, "./"+folder)
	return binary
}

func (r *Runner) buildBase(ctx context.Context, commit, into string, functions ...string) {
	tree := r.path("base")
	git := func(args ...string) { r.run(ctx, r.Root, r.Err, nil, append([]string{"git", "worktree"}, args...)...) }
	r.remove("base")
	git("prune")
	git("add", "-q", "--detach", tree, commit)
	if r.err != nil {
		return
	}
	r.build(ctx, tree, into, functions...)
	failed := r.err
	r.err = nil
	git("remove", "--force", tree)
	r.err = errors.Join(failed, r.err)
}

// python returns the interpreter of an environment that has what the Python function needs.
func (r *Runner) python(ctx context.Context) string {
	interpreter := r.path("python/bin/python")
	if r.err != nil {
		return interpreter
	}
	if _, err := exec.LookPath("python3"); err != nil {
		r.err = errors.New("the benchmark compares with a function in Python: install Python 3.10 or later with venv")
		return interpreter
	}
	fmt.Fprintln(r.Err, "Installing what the function in Python needs.")
	r.run(ctx, r.Root, r.Err, nil, "python3", "-m", "venv", r.path("python"))
	r.run(ctx, r.Root, r.Err, nil, interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", "functions/local/bench/python/requirements.txt")
	return interpreter
}

// rounds runs a benchmark so often, and keeps the results.
func (r *Runner) rounds(ctx context.Context, n int, benchmark string, env ...string) {
	const folder = "functions/local/bench"
	binary := r.buildTest(ctx, folder)
	var results bytes.Buffer
	for i := 0; i < n && r.err == nil; i++ {
		r.Progress(i, n)
		printed := r.measure(ctx, folder, append(env, "BIN="+r.path("bin")), binary, "-test.run", "^$", "-test.bench", benchmark, "-test.benchtime", "1x")
		results.Write(printed.Bytes())
	}
	if r.err == nil {
		r.Progress(n, n)
		r.err = os.WriteFile(r.path("result.txt"), results.Bytes(), 0o600)
	}
}

func (r *Runner) compare(ctx context.Context, args ...string) {
	r.run(ctx, r.Root, r.Out, nil, append(append([]string{"go", "run", benchstat}, args...), r.path("result.txt"))...)
}

// measure runs a command in a folder and returns what it prints, which it shows if the command fails without
// an interrupt.
func (r *Runner) measure(ctx context.Context, folder string, env []string, command ...string) *bytes.Buffer {
	var printed bytes.Buffer
	if r.err != nil {
		return &printed
	}
	if r.run(ctx, filepath.Join(r.Root, folder), &printed, env, command...); r.err != nil {
		if ctx.Err() == nil {
			_, _ = r.Out.Write(printed.Bytes())
		}
		r.err = errors.New("see above")
	}
	return &printed
}

// run runs a command, whose errors the user sees. It ends with ctx, and with it all that it started: the
// emulator of AWS, too.
func (r *Runner) run(ctx context.Context, dir string, out io.Writer, env []string, command ...string) {
	if r.err != nil {
		return
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, r.Err
	cmd.Env = append(os.Environ(), append(env, "CGO_ENABLED=0")...) // The functions and their tests share what is compiled.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
	r.err = cmd.Run()
	if _, ended := errors.AsType[*exec.ExitError](r.err); ended {
		r.err = fmt.Errorf("%s failed, see above", strings.TrimPrefix(strings.Join(command[:min(3, len(command))], " "), r.Root+"/"))
	}
}
