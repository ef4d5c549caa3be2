// Package output writes responses, events and the results of dry runs to a terminal.
package output

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
	"golang.org/x/term"

	"boomerang/shared/event"
)

// Printer writes to a terminal, a file or a pipe.
type Printer struct {
	out   io.Writer
	color bool
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

// Line writes a line.
func (p *Printer) Line(format string, args ...any) {
	fmt.Fprintf(p.out, format+"\n", args...)
}

// Heading writes a heading.
func (p *Printer) Heading(format string, args ...any) {
	p.Line("\n%s", p.paint(bold, fmt.Sprintf(format, args...)))
}

// Response writes the function's response and how long it took.
func (p *Printer) Response(r events.LambdaFunctionURLResponse, took time.Duration) {
	s := green
	if r.StatusCode >= http.StatusBadRequest {
		s = red
	}
	status := fmt.Sprintf("%d %s", r.StatusCode, http.StatusText(r.StatusCode))
	p.Line("%s %s", p.paint(s, status), p.paint(dim, "in "+Rounded(took).String()))
	if r.Body != "" {
		p.Line("%s", Indent([]byte(r.Body)))
	}
}

// Rounded returns a duration as precisely as people read it.
func Rounded(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

// Indent returns JSON over several lines, and other text unchanged.
func Indent(body []byte) string {
	var out bytes.Buffer
	if err := json.Indent(&out, body, "", "  "); err != nil {
		return string(body)
	}
	return out.String()
}

// JSON writes a value as indented JSON.
func (p *Printer) JSON(value any) {
	encoder := json.NewEncoder(p.out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	_ = encoder.Encode(value) // What commands show always encodes.
}

// Event writes the fields of an event and its text.
func (p *Printer) Event(request event.Request) {
	p.field("title", p.paint(bold, request.Headline()))
	switch e := request.(type) {
	case event.Event:
		p.eventV1(e)
	case event.AlertEvent:
		p.eventV2(e.Data.Attributes)
	}
}

func (p *Printer) eventV1(e event.Event) {
	p.field("alert_type", e.AlertType)
	p.field("priority", e.Priority)
	p.field("source_type_name", e.SourceTypeName)
	p.field("host", e.Host)
	p.field("device_name", e.DeviceName)
	p.field("tags", strings.Join(e.Tags, ", "))
	p.field("aggregation_key", e.AggregationKey)
	if e.RelatedEventID != 0 {
		p.field("related_event_id", fmt.Sprint(e.RelatedEventID))
	}
	if e.DateHappened != 0 {
		p.field("date_happened", utc(time.Unix(e.DateHappened, 0)))
	}
	p.text(e.Text)
}

func (p *Printer) eventV2(e event.AlertAttributes) {
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

// text writes the text without its Markdown fence.
func (p *Printer) text(text string) {
	p.Line("")
	for l := range strings.Lines(strings.Trim(text, "% \n")) {
		p.Line("  %s %s", p.paint(dim, "│"), strings.TrimRight(l, "\n"))
	}
}

// Write writes what is text already.
func (p *Printer) Write(text []byte) (int, error) { return p.out.Write(text) }
