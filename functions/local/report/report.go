// Package report shows answers and events to a person at a terminal.
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"boomerang/shared/event"
)

// Printer writes to a terminal, a file or a pipe; colour goes to terminals only.
type Printer struct {
	out    io.Writer
	colour bool
}

// New returns a printer that colours what it writes when out is a terminal and
// the user has not set NO_COLOR (https://no-color.org).
func New(out io.Writer) *Printer {
	return &Printer{out: out, colour: isTerminal(out) && os.Getenv("NO_COLOR") == ""}
}

func isTerminal(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// The colours, as SGR codes.
const (
	bold  = "1"
	dim   = "2"
	red   = "31"
	green = "32"
)

func (p *Printer) paint(code, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

// Line writes one line.
func (p *Printer) Line(format string, args ...any) {
	fmt.Fprintf(p.out, format+"\n", args...)
}

// Heading writes the title of what follows.
func (p *Printer) Heading(text string) {
	p.Line("\n%s", p.paint(bold, text))
}

// Answer writes what the function answered, and how long it took.
func (p *Printer) Answer(r events.LambdaFunctionURLResponse, took time.Duration) {
	code := green
	if r.StatusCode >= http.StatusBadRequest {
		code = red
	}
	status := fmt.Sprintf("%d %s", r.StatusCode, http.StatusText(r.StatusCode))
	p.Line("%s %s", p.paint(code, status), p.paint(dim, "in "+took.Round(100*time.Microsecond).String()))
	if r.Body != "" {
		p.Line("%s", indented(r.Body))
	}
}

// Event writes an event field by field, and its text as it reads.
func (p *Printer) Event(request event.Request) {
	p.field("title", p.paint(bold, request.Headline()))
	switch e := request.(type) {
	case event.Event:
		p.event(e)
	case event.AlertEvent:
		p.alert(e.Data.Attributes)
	}
}

func (p *Printer) event(e event.Event) {
	p.field("alert_type", e.AlertType)
	p.field("priority", e.Priority)
	p.field("host", e.Host)
	p.field("tags", strings.Join(e.Tags, ", "))
	p.field("aggregation_key", e.AggregationKey)
	if e.RelatedEventID != 0 {
		p.field("related_event_id", fmt.Sprint(e.RelatedEventID))
	}
	if e.DateHappened != 0 {
		p.field("date_happened", time.Unix(e.DateHappened, 0).UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	p.text(e.Text)
}

func (p *Printer) alert(e event.AlertAttributes) {
	p.field("status", e.Attributes.Status)
	p.field("priority", e.Attributes.Priority)
	p.field("host", e.Host)
	p.field("tags", strings.Join(e.Tags, ", "))
	p.field("aggregation_key", e.AggregationKey)
	p.field("timestamp", e.Timestamp)
	for _, l := range e.Attributes.Links {
		p.field(l.Category, strings.TrimSpace(l.Title+" "+l.URL))
	}
	for _, name := range slices.Sorted(maps.Keys(e.Attributes.Custom)) {
		value, _ := json.Marshal(e.Attributes.Custom[name])
		p.field("custom."+name, string(value))
	}
	p.text(e.Message)
}

func (p *Printer) field(name, value string) {
	if value != "" {
		p.Line("  %s %s", p.paint(dim, fmt.Sprintf("%-16s", name)), value)
	}
}

func (p *Printer) text(text string) {
	p.Line("")
	for l := range strings.Lines(strings.Trim(text, "% \n")) {
		p.Line("  %s %s", p.paint(dim, "│"), strings.TrimRight(l, "\n"))
	}
}

func indented(body string) string {
	var out bytes.Buffer
	if err := json.Indent(&out, []byte(body), "", "  "); err != nil {
		return body
	}
	return out.String()
}
