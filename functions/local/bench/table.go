package bench

import (
	"fmt"
	"io"
	"text/tabwriter"
	"time"
)

// Write shows what was measured, and whether it is within its limits.
func (r *Result) Write(out io.Writer) {
	r.compare(out)
	r.shapes(out)
	r.judge(out)
}

// figure is one line of the comparison.
type figure struct {
	name string
	of   func(*series) float64 // zero is none
	show func(float64) string
}

var figures = []figure{
	{"cold: start to ready", func(s *series) float64 { return float64(median(s.ready)) }, milliseconds},
	{"cold: start to first event", func(s *series) float64 { return float64(median(s.first)) }, milliseconds},
	{"cold: CPU until ready", func(s *series) float64 { return float64(median(s.readyCPU)) }, milliseconds},
	{"warm: invocation, median", func(s *series) float64 { return float64(median(s.whole)) }, milliseconds},
	{"warm: invocation, p99", func(s *series) float64 { return float64(quantile(s.whole, 0.99)) }, milliseconds},
	{"warm: own part, median", func(s *series) float64 { return float64(median(s.own)) }, milliseconds},
	{"warm: own part, p99", func(s *series) float64 { return float64(quantile(s.own, 0.99)) }, milliseconds},
	{"warm: CPU an invocation", func(s *series) float64 { return float64(median(s.warmCPU)) }, milliseconds},
	{"warm: calls an invocation", func(s *series) float64 { return median(s.calls) }, func(n float64) string { return fmt.Sprintf("%.0f", n) }},
	{"peak memory", func(s *series) float64 { return float64(median(s.peak)) }, megabytes},
}

func milliseconds(ns float64) string { return fmt.Sprintf("%.2f ms", ns/float64(time.Millisecond)) }

func megabytes(bytes float64) string { return fmt.Sprintf("%.1f MB", bytes/1e6) }

const none = "–"

// compare sets the subjects side by side, with the ratios to the function.
func (r *Result) compare(out io.Writer) {
	fmt.Fprintf(out, "The same job, side by side (%s; medians of %d starts, those to ready of %d, but for Python; warm, a call takes %v and more):\n\n",
		usual.name, r.rounds, r.rounds*(1+startsARound), r.latency)
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	line := "\t"
	for _, s := range r.subjects {
		line += s.name + "\t"
	}
	for _, s := range r.others() {
		line += webhook + " : " + s.name + "\t"
	}
	fmt.Fprintln(t, line)
	for _, f := range figures {
		r.line(t, f.name, f.show, func(name string) float64 { return f.of(r.series[name][usual.name]) })
	}
	r.line(t, "binary (arm64)", megabytes, func(name string) float64 { return float64(r.sizes[name].binary) })
	r.line(t, "zip (arm64)", megabytes, func(name string) float64 { return float64(r.sizes[name].zipped) })
	_ = t.Flush()
}

func (r *Result) others() []subject {
	var others []subject
	for _, s := range r.subjects {
		if s.name == hello || s.name == python {
			others = append(others, s)
		}
	}
	return others
}

func (r *Result) line(out io.Writer, name string, show func(float64) string, of func(subject string) float64) {
	line := name + "\t"
	for _, s := range r.subjects {
		line += orNone(of(s.name), show) + "\t"
	}
	for _, s := range r.others() {
		line += orNone(ratio(of(webhook), of(s.name)), func(ratio float64) string { return fmt.Sprintf("%.2f ×", ratio) }) + "\t"
	}
	fmt.Fprintln(out, line)
}

func orNone(value float64, show func(float64) string) string {
	if value <= 0 {
		return none
	}
	return show(value)
}

func ratio(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}

// shapes shows what the amount of work changes.
func (r *Result) shapes(out io.Writer) {
	fmt.Fprintf(out, "\nThe same by the amount of work:\n\n")
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', tabwriter.AlignRight)
	fmt.Fprintln(t, "\tready\tfirst event\tCPU\tinvocation\tp99\town part\tp99\tCPU\tcalls\tpeak memory\t")
	for _, s := range r.subjects {
		for _, sh := range append(append([]shape{usual}, forms...), large...) {
			measured, ok := r.series[s.name][sh.name]
			if !ok || !s.posts {
				continue
			}
			line := s.name + ", " + sh.name + "\t"
			for _, f := range figures {
				line += orNone(f.of(measured), f.show) + "\t"
			}
			fmt.Fprintln(t, line)
		}
	}
	_ = t.Flush()
}

// judge says of each limit whether it is kept.
func (r *Result) judge(out io.Writer) {
	function := r.series[webhook][usual.name]
	fmt.Fprintf(out, "\nLimits:\n\n")
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	limit := func(name string, got, most float64, show func(float64) string) {
		verdict := "kept"
		if got > most {
			verdict = "MISSED"
		}
		fmt.Fprintf(t, "%s\t%s\tat most %s\t%s\n", name, show(got), show(most), verdict)
	}
	times := func(n float64) string { return fmt.Sprintf("%.2f ×", n) }
	limit("start to ready, by the hello function's", ratio(float64(median(function.ready)), float64(median(r.series[hello][usual.name].ready))), 1.6, times)
	if other, ok := r.series[python]; ok {
		limit("start to first event, by the Python function's", ratio(float64(median(function.first)), float64(median(other[usual.name].first))), 0.2, times)
	}
	own, calls := median(r.series[webhook][five.name].own), median(r.series[caller][usual.name].own)
	limit("own part, five steps", float64(own), float64(500*time.Microsecond), milliseconds)
	limit("the same, less that of hello with as many calls in a row", float64(own-calls), float64(500*time.Microsecond), milliseconds)
	limit("peak memory", float64(r.peak()), 40e6, megabytes)
	limit("zip", float64(r.sizes[webhook].zipped), 6e6, megabytes)
	_ = t.Flush()
}

// peak is the most that the function took, whatever it was given to do.
func (r *Result) peak() int64 {
	var most int64
	for _, measured := range r.series[webhook] {
		most = max(most, median(measured.peak))
	}
	return most
}
