package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"

	"boomerang/functions/local/dryrun"
	"boomerang/functions/local/playbooktest"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// Verdicts writes which playbooks are used, and why the others are not.
func (p *Printer) Verdicts(r dryrun.Report) {
	width, used := 0, false
	for _, v := range r.Verdicts {
		width = max(width, len(v.Playbook))
	}
	for _, v := range r.Verdicts {
		mark, why := p.paint(red, "✗"), "this is false: "+v.False
		switch {
		case v.Unreached:
			mark, why = p.paint(dim, "·"), "not reached: the playbook above does not continue"
		case v.Err != nil:
			why = "not used, because its condition failed: " + fault.Public(v.Err)
		case v.Matched:
			mark, why, used = p.paint(green, "✓"), "used", true
		}
		p.Line("  %s %-*s  %s", mark, width, v.Playbook, why)
	}
	if !used {
		p.Line("  %s %s  used, because no playbook matches", p.paint(green, "✓"), strings.Join(r.Playbooks, ", "))
	}
}

// Steps writes what each step was given, what it found or why not, and how long it took.
func (p *Printer) Steps(steps []dryrun.StepRun) {
	if len(steps) == 0 {
		p.Line("  none")
	}
	for _, s := range steps {
		p.Line("  %s %s %s", p.mark(s.Status), p.paint(bold, stepName(s)), p.paint(dim, fmt.Sprintf("%s in %s", s.Status, Rounded(s.Duration))))
		p.block("with", ConfigText(s.With))
		if s.Status != enrich.OK {
			p.block("why", fault.Public(s.Err))
			continue
		}
		p.block("found", dataText(s.Finding.Data))
		if s.Finding.PartialReason != nil {
			p.block("lacks", fault.Public(s.Finding.PartialReason))
		}
	}
}

func stepName(s dryrun.StepRun) string {
	name := s.Name
	if s.Uses != "" && s.Uses != s.Name {
		name += " (" + s.Uses + ")"
	}
	if s.Then {
		name += ", after the post"
	}
	return name
}

func (p *Printer) mark(status enrich.Status) string {
	switch status {
	case enrich.OK:
		return p.paint(green, "✓")
	case enrich.Skipped:
		return p.paint(dim, "·")
	}
	return p.paint(red, "✗")
}

// block writes lines with a name before the first.
func (p *Printer) block(name, text string) {
	for l := range strings.Lines(strings.TrimSpace(text)) {
		p.Line("      %s %s", p.paint(dim, fmt.Sprintf("%-5s", name)), strings.TrimRight(l, "\n"))
		name = ""
	}
}

// ConfigText returns a step's configuration as a playbook has it, without empty values.
func ConfigText(config any) string {
	if config == nil {
		return ""
	}
	raw, err := yaml.MarshalWithOptions(config, yaml.OmitEmpty(), yaml.OmitZero())
	if err != nil || string(raw) == "{}\n" {
		return ""
	}
	return string(raw)
}

func dataText(data any) string {
	if data == nil {
		return ""
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(data); err != nil {
		return err.Error()
	}
	return out.String()
}

// Suite writes the results of a test file, and what no case reaches.
func (p *Printer) Suite(path string, r playbooktest.Result) {
	p.Line("%s", p.paint(bold, path))
	for _, c := range r.Cases {
		result := p.paint(green, "pass")
		if len(c.Failures) > 0 {
			result = p.paint(red, "FAIL")
		}
		p.Line("  %s %s", result, c.Name)
		for _, failure := range c.Failures {
			p.Line("       %s", strings.ReplaceAll(failure, "\n", "\n       "))
		}
	}
	for _, missed := range r.Unreached {
		p.Line("  %s no case reaches the %s", p.paint(dim, "note"), missed)
	}
}
