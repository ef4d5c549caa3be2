package playbooktest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"

	"boomerang/functions/local/dryrun"
	"boomerang/shared/enrich"
	"boomerang/shared/event"
	"boomerang/shared/fault"
	"boomerang/shared/jsonvalue"
)

// compare returns the differences between an event and the expectation. Other playbooks
// have other steps and another event, so they are the only difference.
func (s *Suite) compare(want expectation, got dryrun.Report, update bool) ([]string, error) {
	c := comparison{failures: got.WarningTexts()}
	e := dryrun.ContentOf(got.Event)
	if want.Playbooks != nil && c.differs("playbooks", want.Playbooks, got.Plan().Names) {
		var why []string
		for _, v := range got.Verdicts() {
			why = append(why, dryrun.Explain(v))
		}
		c.add("%s", strings.Join(why, "\n"))
		return c.failures, nil
	}
	if want.Steps != nil && c.differs("steps", want.Steps, ranSteps(got)) {
		for _, step := range got.Steps {
			if step.Status == enrich.Skipped && slices.Contains(want.Steps, step.Name) {
				c.add("%s was skipped: %s", step.Name, fault.Public(step.Err))
			}
		}
	}
	for _, text := range []struct{ name, want, got string }{
		{"title", want.Title, e.Title},
		{"alert_type", want.AlertType, e.AlertType},
		{"priority", want.Priority, e.Priority},
		{"source", want.Source, e.Source},
		{"device_name", want.Device, e.Device},
	} {
		if text.want != "" {
			c.differs(text.name, []string{text.want}, []string{text.got})
		}
	}
	c.contains("tags", want.Tags, e.Tags, func(tag, part string) bool { return tag == part })
	lines := strings.Split(e.Text, "\n")
	if strings.Contains(strings.Join(slices.Concat(want.Text.Contains, want.Text.Lacks), ""), "\n") {
		lines = []string{e.Text}
	}
	c.contains("text", want.Text, lines, strings.Contains)
	if want.Golden == "" {
		return c.failures, nil
	}
	err := c.golden(s.file(want.Golden), got.Event, update)
	return c.failures, err
}

func ranSteps(r dryrun.Report) []string {
	names := []string{}
	for _, step := range r.Steps {
		if step.Status != enrich.Skipped {
			names = append(names, step.Name)
		}
	}
	return names
}

type comparison struct{ failures []string }

func (c *comparison) add(format string, args ...any) {
	c.failures = append(c.failures, fmt.Sprintf(format, args...))
}

// differs reports whether lists differ, and adds the difference.
func (c *comparison) differs(name string, want, got []string) bool {
	if slices.Equal(want, got) {
		return false
	}
	c.add("%s (-want +got):\n%s", name, difference(want, got))
	return true
}

// difference shows the lines that differ, with two equal ones around them.
func difference(want, got []string) string {
	var out []string
	mark := func(mark string, lines []string) {
		for _, l := range lines {
			out = append(out, mark+l)
		}
	}
	for i, group := range difflib.NewMatcher(want, got).GetGroupedOpCodes(2) {
		if i > 0 {
			out = append(out, "  …")
		}
		for _, code := range group {
			if code.Tag == 'e' {
				mark("  ", want[code.I1:code.I2])
				continue
			}
			mark("- ", want[code.I1:code.I2])
			mark("+ ", got[code.J1:code.J2])
		}
	}
	return strings.Join(out, "\n")
}

// contains reports the parts that no line has, each with the line that is most like it, and
// the lines that have a part that they must lack.
func (c *comparison) contains(name string, want contents, lines []string, has func(line, part string) bool) {
	find := func(part string) int {
		return slices.IndexFunc(lines, func(l string) bool { return has(l, part) })
	}
	for _, part := range want.Contains {
		if find(part) < 0 {
			c.add("%s (-want +got): %q is missing%s", name, part, closest(part, lines))
		}
	}
	for _, part := range want.Lacks {
		if at := find(part); at >= 0 {
			c.add("%s: %q must not be there\n+ %s", name, part, lines[at])
		}
	}
}

// closest returns the line that is most like a text, as a difference.
func closest(text string, lines []string) string {
	best, most := "", 0.5 // What is less alike does not help.
	for _, l := range lines {
		if ratio := difflib.NewMatcher(strings.Split(text, ""), strings.Split(l, "")).Ratio(); ratio > most {
			best, most = l, ratio
		}
	}
	if best == "" {
		got := slices.DeleteFunc(slices.Clone(lines), func(l string) bool { return strings.Trim(l, "% ") == "" })
		return "\n" + difference([]string{text}, got[:min(len(got), 20)])
	}
	return "\n" + difference([]string{text}, []string{best})
}

// golden compares the event with a file, or writes the file. What differs from the
// expectations above differs from the file too, and is not shown twice.
func (c *comparison) golden(path string, e event.Request, update bool) error {
	got := goldenText(e)
	if update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		return os.WriteFile(path, []byte(got), 0o644)
	}
	want, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		c.add("there is no file %s; UPDATE=1 (boomerang test --update) writes it", path)
		return nil
	case err != nil || string(want) == got:
		return err
	case len(c.failures) > 0:
		return nil
	}
	shown := difference(readable(string(want)), readable(got))
	if shown == "" {
		shown = difference(strings.Split(string(want), "\n"), strings.Split(got, "\n"))
	}
	c.add("the event differs from %s (-want +got):\n%s\nTo accept it: UPDATE=1 (boomerang test --update)", path, shown)
	return nil
}

// readable leaves out the text that is a JSON string, because it stands below for people.
func readable(golden string) []string {
	return slices.DeleteFunc(strings.Split(golden, "\n"), func(l string) bool {
		l = strings.TrimSpace(l)
		return strings.HasPrefix(l, `"text": "`) || strings.HasPrefix(l, `"message": "`)
	})
}

// goldenText is the body of the request, and the text of the event as people read it.
func goldenText(e event.Request) string {
	body, _ := jsonvalue.Encode(e, "  ") // Texts and numbers always encode.
	return body + "\n" + dryrun.ContentOf(e).Text + "\n"
}
