package cases

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"boomerang/functions/local/trial"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
)

// compare returns what came out otherwise than expected.
func (s *Suite) compare(want expectation, got trial.Report, update bool) ([]string, error) {
	d := &differences{}
	for _, warning := range got.Warnings {
		d.add("%s", warning)
	}
	if want.Playbooks != nil {
		d.lists("playbooks", want.Playbooks, got.Playbooks)
		if len(d.all) > 0 {
			d.add("%s", why(got))
		}
	}
	if want.Steps != nil {
		d.lists("steps", want.Steps, ran(got))
	}
	said := words(got.Event)
	d.texts("title", want.Title, said.title)
	d.texts("alert_type", want.AlertType, said.kind)
	d.texts("priority", want.Priority, said.priority)
	d.holds("tags", want.Tags, func(tag string) bool { return slices.Contains(said.tags, tag) }, strings.Join(said.tags, ", "))
	d.holds("text", want.Text, func(part string) bool { return strings.Contains(said.text, part) }, "\n"+indented(said.text))
	if want.Golden != "" {
		if err := s.golden(d, want.Golden, got.Event, update); err != nil {
			return nil, err
		}
	}
	return d.all, nil
}

// said is what an event says, whichever way it is posted.
type said struct {
	title, kind, priority, text string
	tags                        []string
}

func words(e event.Request) said {
	switch e := e.(type) {
	case event.Event:
		return said{e.Title, e.AlertType, e.Priority, e.Text, e.Tags}
	case event.AlertEvent:
		a := e.Data.Attributes
		return said{a.Title, a.Attributes.Status, a.Attributes.Priority, a.Message, a.Tags}
	}
	return said{}
}

// ran are the names of the steps that were not skipped.
func ran(r trial.Report) []string {
	names := []string{}
	for _, step := range r.Steps {
		if step.Status != enrich.Skipped {
			names = append(names, step.Name)
		}
	}
	return names
}

// why tells for each playbook that did not match which part of it was false.
func why(r trial.Report) string {
	var lines []string
	for _, v := range r.Verdicts {
		switch {
		case v.Err != nil:
			lines = append(lines, fmt.Sprintf("%s could not be matched: %s", v.Playbook, v.Err))
		case v.Unreached:
			lines = append(lines, v.Playbook+" was not reached")
		case v.Matched:
			lines = append(lines, v.Playbook+" matched")
		default:
			lines = append(lines, v.Playbook+" did not match, since this is false: "+v.False)
		}
	}
	return strings.Join(lines, "\n")
}

// golden holds the event beside the one in a file, or writes the file.
func (s *Suite) golden(d *differences, name string, e event.Request, update bool) error {
	path, got := s.file(name), whole(e)
	if update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, got, 0o644)
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		d.add("there is no file %s; make test-playbooks UPDATE=1 (or --update) writes it", path)
		return nil
	}
	if err != nil {
		return err
	}
	if !bytes.Equal(want, got) {
		d.add("the event is not that of %s (-want +got):\n%s", name, lineDiff(string(want), string(got)))
	}
	return nil
}

// whole is an event as a golden file shows it: the request's body, with its text
// once more as it reads.
func whole(e event.Request) []byte {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(e) // Texts and numbers always encode.
	out.WriteString("\n" + words(e).text + "\n")
	return out.Bytes()
}

// differences collects what is not as it should be.
type differences struct{ all []string }

func (d *differences) add(format string, args ...any) {
	d.all = append(d.all, fmt.Sprintf(format, args...))
}

func (d *differences) texts(name, want, got string) {
	if want != "" && want != got {
		d.add("%s: want %q, got %q", name, want, got)
	}
}

func (d *differences) lists(name string, want, got []string) {
	if !slices.Equal(want, got) {
		d.add("%s: want [%s], got [%s]", name, strings.Join(want, ", "), strings.Join(got, ", "))
	}
}

func (d *differences) holds(name string, want holds, has func(string) bool, all string) {
	before := len(d.all)
	for _, one := range want.Contains {
		if !has(one) {
			d.add("%s: %q is missing", name, one)
		}
	}
	for _, one := range want.Lacks {
		if has(one) {
			d.add("%s: %q must not be there", name, one)
		}
	}
	if len(d.all) > before {
		d.add("%s: there is %s", name, all)
	}
}

func indented(text string) string {
	return "  " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n  ")
}
