package playbooktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/pmezard/go-difflib/difflib"

	"boomerang/functions/local/dryrun"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
)

// compare returns the differences between an event and the expectation.
func (s *Suite) compare(want expectation, got dryrun.Report, update bool) ([]string, error) {
	c := comparison{failures: slices.Clone(got.Warnings)}
	e := dryrun.ContentOf(got.Event)
	if want.Playbooks != nil && !c.equal("playbooks", list(want.Playbooks), list(got.Playbooks)) {
		c.add("%s", explain(got))
	}
	if want.Steps != nil {
		c.equal("steps", list(want.Steps), list(ranSteps(got)))
	}
	for _, text := range []struct{ name, want, got string }{
		{"title", want.Title, e.Title},
		{"alert_type", want.AlertType, e.AlertType},
		{"priority", want.Priority, e.Priority},
		{"source", want.Source, e.Source},
		{"device_name", want.Device, e.Device},
	} {
		if text.want != "" {
			c.equal(text.name, strconv.Quote(text.want), strconv.Quote(text.got))
		}
	}
	c.contains("tags", want.Tags, func(tag string) bool { return slices.Contains(e.Tags, tag) }, strings.Join(e.Tags, ", "))
	c.contains("text", want.Text, func(part string) bool { return strings.Contains(e.Text, part) },
		"\n  "+strings.ReplaceAll(strings.TrimSpace(e.Text), "\n", "\n  "))
	if want.Golden == "" {
		return c.failures, nil
	}
	err := c.golden(s.file(want.Golden), got.Event, update)
	return c.failures, err
}

func list(names []string) string { return "[" + strings.Join(names, ", ") + "]" }

func ranSteps(r dryrun.Report) []string {
	names := []string{}
	for _, step := range r.Steps {
		if step.Status != enrich.Skipped {
			names = append(names, step.Name)
		}
	}
	return names
}

// explain says for each playbook why it matched or not.
func explain(r dryrun.Report) string {
	lines := make([]string, len(r.Verdicts))
	for i, v := range r.Verdicts {
		switch {
		case v.Err != nil:
			lines[i] = fmt.Sprintf("%s could not be matched: %s", v.Playbook, v.Err)
		case v.Unreached:
			lines[i] = v.Playbook + " was not reached"
		case v.Matched:
			lines[i] = v.Playbook + " matched"
		default:
			lines[i] = v.Playbook + " did not match; this is false: " + v.False
		}
	}
	return strings.Join(lines, "\n")
}

// comparison collects differences.
type comparison struct{ failures []string }

func (c *comparison) add(format string, args ...any) {
	c.failures = append(c.failures, fmt.Sprintf(format, args...))
}

func (c *comparison) equal(name, want, got string) bool {
	if want != got {
		c.add("%s: want %s, got %s", name, want, got)
	}
	return want == got
}

func (c *comparison) contains(name string, want contents, has func(string) bool, all string) {
	before := len(c.failures)
	for _, one := range want.Contains {
		if !has(one) {
			c.add("%s: %q is missing", name, one)
		}
	}
	for _, one := range want.Lacks {
		if has(one) {
			c.add("%s: %q must not be there", name, one)
		}
	}
	if len(c.failures) > before {
		c.add("%s: got %s", name, all)
	}
}

// golden compares the event with a file, or writes the file.
func (c *comparison) golden(path string, e event.Request, update bool) error {
	got := goldenText(e)
	if update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, []byte(got), 0o644)
	}
	want, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		c.add("there is no file %s; UPDATE=1 (boomerang test --update) writes it", path)
		return nil
	}
	if err != nil || string(want) == got {
		return err
	}
	diff, err := difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: difflib.SplitLines(string(want)), B: difflib.SplitLines(got), FromFile: path, ToFile: "the event", Context: 2,
	})
	c.add("the event differs:\n%s", diff)
	return err
}

// goldenText is the body of the request, and the text of the event as people read it.
func goldenText(e event.Request) string {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(e) // Texts and numbers always encode.
	return out.String() + "\n" + dryrun.ContentOf(e).Text + "\n"
}
