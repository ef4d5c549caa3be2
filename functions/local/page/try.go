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
	"time"

	"github.com/goccy/go-yaml"

	"boomerang/functions/local/dryrun"
	"boomerang/functions/local/playbooktest"
	webhook "boomerang/functions/webhook/handler"
	"boomerang/shared/alert"
	"boomerang/shared/enrich"
	"boomerang/shared/enrich/httpapi"
	"boomerang/shared/enrich/lambda"
	"boomerang/shared/fault"
	"boomerang/shared/pipeline"
	"boomerang/shared/playbook"
	"boomerang/shared/playbook/check"
)

// draft is a body with a playbook file that is being written.
type draft struct {
	Body      string `json:"body"`
	File      string `json:"file"` // one of those in use
	Playbooks string `json:"playbooks"`
	Read      string `json:"read"` // the file as the page read it, to save it
	Name      string `json:"name"` // of the test case to keep
}

// preview is what a draft makes of its body, or what is wrong with it.
type preview struct {
	*result
	Problems []playbook.Problem `json:"problems"`        // of the playbook file
	Error    string             `json:"error,omitempty"` // of the body, or why it makes no event
}

func (p *Page) preview(ctx context.Context, d draft) (any, error) {
	run, seen := p.try(ctx, d)
	if run != nil {
		seen.result = run.result()
	}
	return seen, nil
}

// try runs a draft without posting. The execution is nil if it cannot run.
func (p *Page) try(ctx context.Context, d draft) (*execution, preview) {
	seen := preview{Problems: []playbook.Problem{}}
	if !slices.Contains(p.names(), d.File) {
		seen.Error = "The server does not use " + d.File + "."
		return nil, seen
	}
	report := check.File(d.File, []byte(d.Playbooks), p.kinds(d.File))
	mistakes, _ := errors.AsType[playbook.Problems](report.Err)
	seen.Problems = append(append(seen.Problems, mistakes...), report.Warnings...)
	edited, err := p.pipeline(d.File, []byte(d.Playbooks))
	if _, ok := errors.AsType[playbook.Problems](err); ok {
		return nil, seen
	}
	r, err := requestOf(d.Body)
	var a alert.Alert
	if err == nil {
		a, err = webhook.Read(ctx, r)
	}
	if err != nil {
		seen.Error = err.Error()
		if f, ok := errors.AsType[*fault.Error](err); ok {
			seen.Error = f.Public
		}
		return nil, seen
	}
	p.Sandbox.Seed(a, time.Now())
	run := execute(ctx, edited, a, func(s dryrun.Step) enrich.Step {
		switch s.With.(type) {
		case lambda.Config, httpapi.Config: // It runs at every change of a text.
			return dryrun.Skip("a preview calls Datadog only; send the alert to run this step")
		}
		p.Sandbox.SeedStep(a, s.With, time.Now())
		return nil
	}, (*pipeline.Pipeline).DryRun)
	run.body = bodyOf(r)
	switch {
	case run.Err != nil:
		seen.Error = "No event would be posted: " + fault.Public(run.Err) + "."
	case run.drawn == nil:
		seen.Error = "No event would be posted: " + run.Detail + "."
	}
	return &run, seen
}

// save writes a playbook file that the server was started with, and uses it.
func (p *Page) save(_ context.Context, d draft) (any, error) {
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

// kept is a case, where it is, and how the tests beside it ended.
type kept struct {
	File  string                    `json:"file"`
	Text  string                    `json:"text"`  // the case, or the whole file if the page writes none
	Cases []playbooktest.CaseResult `json:"cases"` // of the file
	OK    bool                      `json:"ok"`
}

func (p *Page) keep(ctx context.Context, d draft) (any, error) {
	run, seen := p.try(ctx, d)
	if run == nil || run.drawn == nil {
		return nil, failure{http.StatusUnprocessableEntity, "No event to keep: " + cmp.Or(seen.Error, "the playbooks have mistakes.")}
	}
	steps, err := p.steps(d, run.Plan().Names)
	if err != nil {
		return nil, err
	}
	text, err := caseOf(d.Name, run, steps)
	if err != nil {
		return nil, err
	}
	name := strings.TrimSuffix(d.File, filepath.Ext(d.File)) + playbooktest.Suffix
	if len(p.files) == 0 {
		return kept{File: name, Text: "cases:\n" + indented(text, "")}, nil
	}
	if now, err := os.ReadFile(d.File); err == nil && strings.ReplaceAll(string(now), "\r", "") != d.Playbooks { // A text area has no \r.
		return nil, failure{http.StatusConflict, "Save the playbooks first: the test reads them in " + d.File + "."}
	}
	return p.write(ctx, name, text)
}

// steps are those of the draft's file, of which alone a test knows playbooks. Another file's playbook must not take the alert.
func (p *Page) steps(d draft, used []string) (steps []string, err error) {
	books, err := p.books(d.File, []byte(d.Playbooks))
	for i, book := range books {
		for name, own := range book.Names() {
			switch {
			case p.names()[i] == d.File:
				steps = append(steps, own...)
			case slices.Contains(used, name):
				return nil, failure{http.StatusUnprocessableEntity, "The playbook " + name + " takes this alert: choose its file above, and keep the case there."}
			}
		}
	}
	return steps, err
}

// caseOf is a case in YAML. Its steps find again what they found now.
func caseOf(name string, run *execution, steps []string) (string, error) {
	c := testCase{Name: strings.TrimSpace(name), Alert: run.body, Steps: map[string]stub{}}
	if !json.Valid(c.Alert) || !bytes.HasPrefix(bytes.TrimSpace(run.body), []byte("{")) {
		return "", failure{http.StatusUnprocessableEntity, "A case keeps a body that is a JSON object. Put this one into a file, and name it under event."}
	}
	for _, s := range run.Outcome.Steps {
		switch {
		case s.Status == enrich.Skipped || !slices.Contains(steps, s.Name):
			continue
		case s.Status == enrich.OK:
			c.Steps[s.Name] = stub{Data: s.Finding.Data}
		default:
			c.Steps[s.Name] = stub{Error: fault.Public(s.Err)}
		}
		c.Expect.Steps = append(c.Expect.Steps, s.Name)
	}
	c.Expect.Playbooks, c.Expect.Title, c.Expect.AlertType = run.Plan().Names, run.drawn.Title, run.drawn.AlertType
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
	restore := func() error { return os.WriteFile(file, before, 0o644) } //nolint:gosec // It is a file of the user's project.
	if errors.Is(err, os.ErrNotExist) {
		before, err = []byte("cases:\n"), nil
		restore = func() error { return os.Remove(file) }
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
		return nil, failure{http.StatusUnprocessableEntity, fmt.Sprintf("The case does not fit into %s: %s", file, errors.Join(err, restore()))}
	}
	return kept{File: file, Text: text, Cases: r.Cases, OK: r.Passed()}, nil
}
