// Package output writes responses, events and the results of dry runs to a terminal.
package output

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"boomerang/shared/event"
	"boomerang/shared/jsonvalue"
)

// Printer writes to a terminal, a file or a pipe. Err has its first failure.
type Printer struct {
	out   io.Writer
	color bool
	err   error
}

// New returns a printer that uses color on a terminal, unless the user has set NO_COLOR
// (https://no-color.org).
func New(out io.Writer) *Printer {
	file, ok := out.(*os.File)
	return &Printer{out: out, color: ok && term.IsTerminal(int(file.Fd())) && os.Getenv("NO_COLOR") == ""}
}

// style is an SGR code.
type style string

const (
	bold  style = "1"
	dim   style = "2"
	red   style = "31"
	green style = "32"
)

func (p *Printer) paint(s style, text string) string {
	if !p.color {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// Line writes a formatted line.
func (p *Printer) Line(format string, args ...any) {
	fmt.Fprintf(p, format+"\n", args...)
}

// Heading writes a line that begins a part.
func (p *Printer) Heading(format string, args ...any) {
	p.Line("\n%s", p.paint(bold, fmt.Sprintf(format, args...)))
}

// Rounded returns a duration as precisely as people read it.
func Rounded(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

// JSON writes a value as indented JSON.
func (p *Printer) JSON(value any) { _, _ = p.Write([]byte(encoded(value))) }

// encoded returns indented JSON, and nothing for nil.
func encoded(value any) string {
	if value == nil {
		return ""
	}
	text, err := jsonvalue.Encode(value, "  ")
	if err != nil {
		return err.Error()
	}
	return text
}

// field returns a line with a name and a value, if there is one.
func (p *Printer) field(name, value string) string {
	if value == "" {
		return ""
	}
	return "  " + p.paint(dim, fmt.Sprintf("%-16s", name)) + " " + value + "\n"
}

// text returns the lines of an event's text, without its Markdown fence.
func (p *Printer) text(text string) string {
	out := "\n"
	for l := range strings.Lines(event.WithoutWrapper(text)) {
		out += "  " + p.paint(dim, "│") + " " + strings.TrimRight(l, "\n") + "\n"
	}
	return out
}

// lines returns the lines of a text with a name before the first.
func (p *Printer) lines(name, text string) (out string) {
	for l := range strings.Lines(strings.TrimSpace(text)) {
		out += "      " + p.paint(dim, fmt.Sprintf("%-5s", name)) + " " + strings.TrimRight(l, "\n") + "\n"
		name = ""
	}
	return out
}

// Write writes what is text already.
func (p *Printer) Write(text []byte) (int, error) {
	n, err := p.out.Write(text)
	if err != nil {
		p.err = fmt.Errorf("the output is not complete: %w", err)
	}
	return n, err
}

// Err says whether all that was printed was written, such as to a disk that is full.
func (p *Printer) Err() error { return p.err }
