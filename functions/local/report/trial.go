package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"boomerang/functions/local/playbooktest"
	"boomerang/functions/local/trial"
	"boomerang/shared/enrich"
	"boomerang/shared/fault"
)

// Verdicts writes which playbooks are used and, of the others, why not.
func (p *Printer) Verdicts(r trial.Report) {
	width := 0
	for _, v := range r.Verdicts {
		width = max(width, len(v.Playbook))
	}
	used := 0
	for _, v := range r.Verdicts {
		mark, why := p.paint(dim, "·"), "not reached: the one above ended the search"
		switch {
		case v.Unreached:
		case v.Err != nil:
			mark, why = p.paint(red, "✗"), "it could not be evaluated, which counts as no match: "+fault.Public(v.Err)
		case v.Matched:
			mark, why = p.paint(green, "✓"), "used"
			used++
		default:
			mark, why = p.paint(red, "✗"), "this is false: "+v.False
		}
		p.Line("  %s %-*s  %s", mark, width, v.Playbook, why)
	}
	if used == 0 {
		p.Line("  %s %s  used, since no playbook matches", p.paint(green, "✓"), strings.Join(r.Playbooks, ", "))
	}
}

// Steps writes what each step was given, what it found or why not, and how long
// it took.
func (p *Printer) Steps(steps []trial.Ran) {
	if len(steps) == 0 {
		p.Line("  none")
	}
	for _, s := range steps {
		name := s.Name
		if s.Uses != "" && s.Uses != s.Name {
			name += " (" + s.Uses + ")"
		}
		if s.Then {
			name += ", after the post"
		}
		p.Line("  %s %s %s", p.mark(s.Status), p.paint(bold, name), p.paint(dim, string(s.Status)+" in "+s.Duration.Round(100*time.Microsecond).String()))
		p.block("with", given(s.With))
		if s.Status == enrich.OK {
			p.block("found", found(s.Finding.Data))
			if s.Finding.PartialReason != nil {
				p.block("lacks", fault.Public(s.Finding.PartialReason))
			}
			continue
		}
		p.block("why", fault.Public(s.Err))
	}
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

// block writes lines under a name, if there are any.
func (p *Printer) block(name, text string) {
	for i, l := range strings.Split(strings.TrimSpace(text), "\n") {
		if l == "" {
			continue
		}
		if i > 0 {
			name = ""
		}
		p.Line("      %s %s", p.paint(dim, fmt.Sprintf("%-5s", name)), l)
	}
}

// given writes a step's configuration as a playbook would, without what is empty.
func given(config any) string {
	if config == nil {
		return ""
	}
	raw, err := yaml.MarshalWithOptions(config, yaml.OmitEmpty(), yaml.OmitZero())
	if err != nil || string(raw) == "{}\n" {
		return ""
	}
	return string(raw)
}

func found(data any) string {
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

// Suite writes how the cases of a test file went, and what none of them reached.
func (p *Printer) Suite(path string, r playbooktest.Result) {
	p.Line("%s", p.paint(bold, path))
	for _, c := range r.Cases {
		if len(c.Failures) == 0 {
			p.Line("  %s %s", p.paint(green, "pass"), c.Name)
			continue
		}
		p.Line("  %s %s", p.paint(red, "FAIL"), c.Name)
		for _, failure := range c.Failures {
			p.Line("       %s", strings.ReplaceAll(failure, "\n", "\n       "))
		}
	}
	for _, missed := range r.Unreached {
		p.Line("  %s no case reaches the %s", p.paint(dim, "note"), missed)
	}
}
