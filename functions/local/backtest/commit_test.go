package backtest_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"boomerang/functions/local/backtest"
)

// gitIn returns a function that runs git in a new repository.
func gitIn(t *testing.T, folder string) func(args ...string) {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"}, args...)...) //nolint:gosec // A test's own words.
		cmd.Dir = folder
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	git("init", "-q")
	return git
}

// repository returns a folder whose HEAD has some playbooks, and whose first commit has a
// broken one.
func repository(t *testing.T) string {
	t.Helper()
	folder := t.TempDir()
	git := gitIn(t, folder)
	write(t, filepath.Join(folder, "ops", "a.yaml"), "playbooks: [{name: a, mach: x}]")
	write(t, filepath.Join(folder, "ops", "owners.csv"), "service,team\ncheckout,shop\n")
	git("add", ".")
	git("commit", "-qm", "broken")
	git("tag", "broken")
	write(t, filepath.Join(folder, "ops", "a.yaml"), `playbooks: [{name: before, match: alert.tags.service == "checkout", steps: [{uses: lookup, with: {file: owners.csv, key: service, value: checkout}}]}]`)
	write(t, filepath.Join(folder, "ops", "sub", "b.yaml"), `playbooks: [{name: other, match: alert.tags.service == "cart"}]`)
	git("add", ".")
	git("commit", "-qm", "good")
	write(t, filepath.Join(folder, "ops", "a.yaml"), `playbooks: [{name: after, match: alert.tags.service == "checkout"}]`)
	write(t, filepath.Join(folder, "ops", "new.yaml"), `playbooks: [{name: new, match: alert.tags.service == "search"}]`)
	write(t, filepath.Join(folder, "later", "c.yaml"), `playbooks: [{name: c}]`)
	return folder
}

func in(paths ...string) backtest.Source { return backtest.Source{Paths: paths} }

// withCommit compares playbooks with those of a commit. It returns the lines of the report, or
// the error of the commit, and the note on its playbooks.
func withCommit(t *testing.T, commit string, s backtest.Source) (got, note string) {
	t.Helper()
	base, err := backtest.LoadCommit(t.Context(), commit, s)
	if err != nil {
		return err.Error(), ""
	}
	now, err := backtest.Load(s)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines(compared(stream(), base, now))[1:], ", "), base.Note
}

func TestLoadCommit(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()) // Another process of tests has its own folders in the common one.
	folder := repository(t)
	for _, tt := range []struct {
		commit, path string
		want         string // the playbooks of the commit, or its error
	}{
		{"HEAD", "ops/a.yaml", "after 0 3, before 3 0, default 3 3"},
		{"HEAD", "ops", "after 0 3, before 3 0, other 2 2, default 1 0, new 0 1"},
		{"HEAD", "ops/sub/b.yaml", "default 4 4, other 2 2"},
		{"HEAD", "ops/new.yaml", "ops/new.yaml: give the playbooks to compare with by --base-playbooks"},
		{"HEAD", "later", "has no folder"},
		{"broken", "ops/a.yaml", "the playbooks of broken ("},
		{"broken", "ops/a.yaml", "ops/a.yaml:1:23: unknown"},
		{"broken", "ops", `a.yaml:1:23: unknown key "mach"; did you mean "match"?`},
		{"none", "ops", `this repository does not have the commit "none"`},
		{"--all", "ops", `this repository does not have the commit "--all"`},
		{"HEAD", "ops/none.yaml", "no such file"},
	} {
		got, _ := withCommit(t, tt.commit, in(filepath.Join(folder, filepath.FromSlash(tt.path))))
		if !strings.Contains(got, tt.want) || strings.Contains(got, os.TempDir()+"/backtest") {
			t.Errorf("%s of %s: got %s, want %s", tt.path, tt.commit, got, tt.want)
		}
	}
	if got, _ := withCommit(t, "HEAD", in(t.TempDir())); !strings.Contains(got, "is in no git repository") {
		t.Errorf("outside of a repository: %s", got)
	}
	left, err := filepath.Glob(filepath.Join(os.TempDir(), "backtest*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestLoadCommit_Deployed compares what a build embeds.
func TestLoadCommit_Deployed(t *testing.T) {
	root := t.TempDir()
	folder, own := filepath.Join(root, "playbook"), filepath.Join(root, "playbook", "own")
	git := gitIn(t, root)
	write(t, filepath.Join(root, ".gitignore"), "/playbook/own/*\n")
	write(t, filepath.Join(folder, "default.yaml"), "playbooks: [{name: default}]")
	write(t, filepath.Join(own, "README.md"), "Here are your own playbooks.")
	git("add", ".", "-f", "playbook/own/README.md")
	git("commit", "-qm", "a")
	check := func(want, wantNote string) {
		t.Helper()
		if got, note := withCommit(t, "HEAD", backtest.Deployed(folder)); !strings.Contains(got, want) || !strings.Contains(note, wantNote) || (note == "") != (wantNote == "") {
			t.Errorf("got %s (%s), want %s (%s)", got, note, want, wantNote)
		}
	}
	check("default 6 6", "")
	write(t, filepath.Join(own, "a.yaml"), `playbooks: [{name: cart, match: alert.tags.service == "cart"}]`)
	write(t, filepath.Join(own, "_b.yaml"), "playbooks: [{name: b}]")
	write(t, filepath.Join(own, "trial", "c.yaml"), "playbooks: [{name: c}]")
	write(t, filepath.Join(own, "a.test.yaml"), "cases: []")
	check("default 6 4, cart 0 2, 2 playbook default → cart", "git knows no playbooks in "+own)
	git = gitIn(t, own)
	git("add", ".")
	git("commit", "-qm", "own")
	write(t, filepath.Join(own, "a.yaml"), `playbooks: [{name: shop, match: alert.tags.service == "cart"}]`)
	check("default 4 4, cart 2 0, shop 0 2, 2 playbook cart → shop", "")
	write(t, filepath.Join(own, "a.yaml"), "playbooks: [{name: a, mach: x}]")
	git("commit", "-qam", "broken")
	write(t, filepath.Join(own, "a.yaml"), "playbooks: [{name: a}]")
	check(filepath.Join(own, "a.yaml")+`:1:23: unknown key "mach"`, "")
}

func TestLoad(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "default.yaml"), "playbooks: [{name: default}]")
	write(t, filepath.Join(folder, "z.yaml"), `playbooks: [{name: z, match: alert.tags.service == "cart"}]`)
	write(t, filepath.Join(folder, "z.test.yaml"), "cases: []")
	write(t, filepath.Join(folder, "owners.yaml"), "checkout: shop")
	all, err := backtest.Load(in(folder))
	if err != nil {
		t.Fatal(err)
	}
	if got := lines(compared(stream(), all, all)); got[1] != "default 4 4" || got[2] != "z 2 2" {
		t.Errorf("got %v", got)
	}
	write(t, filepath.Join(folder, "a.yaml"), "playbooks: [{name: z}]")
	if _, err := backtest.Load(in(folder)); err == nil || !strings.Contains(err.Error(), `there is another playbook "z": rename one`) {
		t.Errorf("two of a name: %v", err)
	}
	for _, path := range []string{t.TempDir(), filepath.Join(folder, "none")} {
		if _, err := backtest.Load(in(path)); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: %v", path, err)
		}
	}
}
