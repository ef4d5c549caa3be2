package page

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"boomerang/shared/playbook"
)

// A case is indented as the cases before it.
func TestKeep_Indented(t *testing.T) {
	s, file := serveFile(t, checkoutPlaybooks)
	test := strings.TrimSuffix(file, ".yaml") + ".test.yaml"
	for _, before := range []string{
		"cases:\n- name: first\n  alert: {title: x}\n  expect: {playbooks: [default]}\n",
		"# Ours.\ncases:\n    - name: first\n      alert: {title: x}\n      expect: {playbooks: [default]}\n\n\n",
		"cases:\n",
	} {
		if err := os.WriteFile(test, []byte(before), 0o600); err != nil {
			t.Fatal(err)
		}
		if status, got := call[answered](s, http.MethodPost, "keep", keep(draft{Body: checkoutBody, File: file, Playbooks: checkoutPlaybooks}, "second")); status != http.StatusOK || !got.OK {
			t.Errorf("%q: %d %+v", before, status, got)
		}
	}
}

// A test uses the playbooks of its file alone, and the steps of no others.
func TestKeep_OtherPlaybook(t *testing.T) {
	const taken = "playbooks:\n  - name: checkout\n    match: alert.tags.service == \"other\"\n"
	s, file := serveFile(t, taken)
	second := filepath.Join(filepath.Dir(file), "second.yaml")
	if err := os.WriteFile(second, []byte("playbooks:\n  - name: second\n    match: alert.tags.env == \"test\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.page.files = append(s.page.files, second)
	d := draft{Body: strings.Replace(checkoutBody, "env:prod", "env:test", 1), File: file, Playbooks: "playbooks:\n  - name: x\n    match: alert.test\n"}
	if status, got := call[answered](s, http.MethodPost, "keep", keep(d, "elsewhere")); status != http.StatusUnprocessableEntity || got.Error != "The playbook second takes this alert: choose its file above, and keep the case there." {
		t.Errorf("%d %s", status, got.Error)
	}
	d.Body = checkoutBody
	if status, got := call[answered](s, http.MethodPost, "keep", keep(d, "not saved")); status != http.StatusConflict || got.Error != "Save the playbooks first: the test reads them in "+file+"." {
		t.Errorf("%d %s", status, got.Error)
	}
	d.Playbooks = taken
	if status, got := call[answered](s, http.MethodPost, "keep", keep(d, " ")); status != http.StatusUnprocessableEntity {
		t.Errorf("%d %s", status, got.Error)
	}
	if files, err := os.ReadDir(filepath.Dir(file)); err != nil || len(files) != 2 {
		t.Errorf("a case that does not fit leaves %v, %v", files, err)
	}
	if status, got := call[answered](s, http.MethodPost, "keep", keep(d, "the default")); status != http.StatusOK || !got.OK || !strings.Contains(got.Text, "- default") {
		t.Errorf("%d %s\n%s", status, got.Error, got.Text)
	}
}

// Without a file of its own the page writes nothing.
func TestKeep_Embedded(t *testing.T) {
	t.Chdir(t.TempDir())
	s := serve(t)
	d := draft{Body: checkoutBody, File: playbook.DefaultFile, Playbooks: checkoutPlaybooks}
	if status, got := call[answered](s, http.MethodPost, "keep", keep(d, "names the owner")); status != http.StatusOK || !strings.HasPrefix(got.Text, "cases:\n  - name: names the owner\n") || got.File != "default.test.yaml" {
		t.Errorf("%d %+v", status, got)
	}
	if status, got := call[answered](s, http.MethodPost, "save", saved(d, "")); status != http.StatusConflict || !strings.Contains(got.Error, "--playbooks") {
		t.Errorf("%d %s", status, got.Error)
	}
	if files, err := os.ReadDir("."); err != nil || len(files) > 0 {
		t.Errorf("the page wrote %v, %v", files, err)
	}
}
