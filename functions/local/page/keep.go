package page

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"boomerang/functions/local/playbooktest"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// saving asks to write a playbook file that still is as it was read.
type saving struct {
	draft
	Read string `json:"read"`
}

// save writes a playbook file that the server was started with, and uses it.
func (p *Page) save(_ context.Context, d saving) (any, error) {
	if !slices.Contains(p.files, d.File) {
		return nil, failure{http.StatusConflict, "Start the server with --playbooks <file>: the page writes that file only, and the test file beside it."}
	}
	if now, err := os.ReadFile(d.File); err == nil && string(now) != d.Read {
		return nil, failure{http.StatusConflict, d.File + " has changed since the page read it. Keep your text, and load the page again."}
	}
	if err := p.use(d.File, []byte(d.Playbooks)); err != nil {
		return nil, failure{http.StatusUnprocessableEntity, err.Error()}
	}
	return struct{}{}, os.WriteFile(d.File, []byte(d.Playbooks), 0o644) //nolint:gosec // It is a file of the user's project.
}

// testCase is a case of a test file (see package playbooktest).
type testCase struct {
	Name   string          `json:"name"`
	Alert  json.RawMessage `json:"alert"`
	Steps  map[string]stub `json:"steps,omitempty"`
	Expect struct {
		Playbooks []string `json:"playbooks"`
		Steps     []string `json:"steps,omitempty"`
		Title     string   `json:"title"`
		AlertType string   `json:"alert_type"`
	} `json:"expect"`
}

type stub struct {
	Data  any    `json:"data,omitempty"`
	Error string `json:"error,omitempty"`
}

// keeping asks to keep a draft as a test case.
type keeping struct {
	draft
	Name string `json:"name"`
}

// kept is a case, where it is, and how the tests beside it ended.
type kept struct {
	File  string                    `json:"file"`
	Text  string                    `json:"text"`  // the case, or the whole file if the page writes none
	Cases []playbooktest.CaseResult `json:"cases"` // of the file
	OK    bool                      `json:"ok"`
}

func (p *Page) keep(ctx context.Context, k keeping) (any, error) {
	run, seen := p.try(ctx, k.draft)
	if run == nil || run.drawn == nil {
		return nil, failure{http.StatusUnprocessableEntity, "No event to keep: " + cmp.Or(seen.Error, "the playbooks have mistakes.")}
	}
	text, err := caseOf(k, run)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(k.File, filepath.Ext(k.File)) + playbooktest.Suffix
	if len(p.files) == 0 {
		return kept{File: name, Text: "cases:\n" + indented(text, "")}, nil
	}
	return p.write(ctx, name, text)
}

// caseOf is a case in YAML. Its steps find again what they found now.
func caseOf(k keeping, run *execution) (string, error) {
	c := testCase{Name: strings.TrimSpace(k.Name), Alert: run.body, Steps: map[string]stub{}}
	if !json.Valid(c.Alert) || !bytes.HasPrefix(bytes.TrimSpace(run.body), []byte("{")) {
		return "", failure{http.StatusUnprocessableEntity, "A case keeps a body that is a JSON object. Put this one into a file, and name it under event."}
	}
	for _, s := range run.Outcome.Steps {
		switch s.Status {
		case enrich.Skipped:
			continue
		case enrich.OK:
			c.Steps[s.Name] = stub{Data: s.Finding.Data}
		default:
			c.Steps[s.Name] = stub{Error: fault.Public(s.Err)}
		}
		c.Expect.Steps = append(c.Expect.Steps, s.Name)
	}
	c.Expect.Playbooks, c.Expect.Title, c.Expect.AlertType = run.Plan().Names, run.drawn.Title, run.drawn.Status
	raw, err := json.Marshal(c)
	if err != nil {
		return "", err
	}
	out, err := yaml.JSONToYAML(raw)
	return "- " + strings.ReplaceAll(strings.TrimSpace(string(out)), "\n", "\n  ") + "\n", err
}

// lastCase finds how far the cases of a file are indented.
var lastCase = regexp.MustCompile(`(?m)^( *)- name:`)

// indented is a case as it fits into a file.
func indented(text, file string) string {
	indent := "  "
	if found := lastCase.FindAllStringSubmatch(file, -1); found != nil {
		indent = found[len(found)-1][1]
	}
	return indent + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+indent) + "\n"
}

// write adds a case to the end of the test file and runs the file's tests. A file that does not
// load with it stays as it was.
func (p *Page) write(ctx context.Context, file, text string) (any, error) {
	before, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		before, err = []byte("cases:\n"), nil
	}
	if err == nil {
		text = indented(text, string(before))
		err = os.WriteFile(file, append(bytes.TrimRight(before, "\n"), "\n"+text...), 0o644) //nolint:gosec // It is a file of the user's project.
	}
	if err != nil {
		return nil, err
	}
	r, err := playbooktest.RunFile(ctx, file, false)
	if err != nil {
		return nil, failure{http.StatusUnprocessableEntity, fmt.Sprintf("The case does not fit into %s: %s", file, errors.Join(err, os.WriteFile(file, before, 0o644)))} //nolint:gosec // As above.
	}
	return kept{File: file, Text: text, Cases: r.Cases, OK: r.Passed()}, nil
}
