package metric

import (
	"math"
	"strings"
	"time"

	"boomerang/shared/datadog"
)

type summary struct{ min, max, mean, sum float64 }

// summarise needs one point at least. Its sums stop at the largest number, since
// an infinite one has no form in JSON.
func summarise(points []datadog.Point) summary {
	s := summary{min: math.Inf(1), max: math.Inf(-1)}
	for i, p := range points {
		s.min, s.max = min(s.min, p.Value), max(s.max, p.Value)
		s.sum = finite(s.sum + p.Value)
		s.mean = finite(s.mean + finite(p.Value-s.mean)/float64(i+1))
	}
	return s
}

func finite(f float64) float64 { return max(-math.MaxFloat64, min(f, math.MaxFloat64)) }

// bars are the sparkline's characters, from the lowest value to the highest.
var bars = []rune("▁▂▃▄▅▆▇█")

// maxBars is how wide a sparkline gets.
const maxBars = 32

// sparkline draws the points, of which many share a bar by their mean.
func sparkline(points []datadog.Point) string {
	columns := min(maxBars, len(points))
	means := make([]datadog.Point, columns)
	for i := range columns {
		part := points[i*len(points)/columns : (i+1)*len(points)/columns]
		means[i].Value = summarise(part).mean
	}
	s := summarise(means)
	var line strings.Builder
	for _, p := range means {
		height := 0.0
		if s.max > s.min {
			// Halves keep the difference of two huge numbers a number.
			height = (p.Value/2 - s.min/2) / (s.max/2 - s.min/2)
		}
		line.WriteRune(bars[min(int(height*float64(len(bars))), len(bars)-1)])
	}
	return line.String()
}

// Trend says how a metric moved over the window.
type Trend string

// The trends.
const (
	Jump    Trend = "jump"    // From one level to another, at once.
	Rising  Trend = "rising"  // Along a line.
	Falling Trend = "falling" // Along a line.
	Steady  Trend = "steady"  // Hardly at all.
	Uneven  Trend = "uneven"  // In no such way.
)

// shape is a trend; of a jump also when it was, and between which levels.
type shape struct {
	trend    Trend
	at       time.Time
	from, to float64
}

const (
	fewestPoints = 4
	// fewestBefore is how many points make a level from which to jump. One point is
	// a level to have jumped to: an alert often comes at once.
	fewestBefore = 3
	// steadyRange is the part of the mean within which a metric stays as it was.
	steadyRange = 0.02
	// How much of the variance a model must explain to be believed.
	jumpFit, lineFit = 0.7, 0.5
)

// shapeOf compares the points with two levels and with a line, by least squares.
func shapeOf(points []datadog.Point) shape {
	if len(points) < fewestPoints {
		return shape{}
	}
	s := summarise(points)
	if s.max-s.min <= steadyRange*math.Abs(s.mean) {
		return shape{trend: Steady}
	}
	total := 0.0
	for _, p := range points {
		total += (p.Value - s.mean) * (p.Value - s.mean)
	}
	split, levels := bestSplit(points, s.mean, total)
	slope, line := fitLine(points, s.mean, total)
	switch {
	case split > 0 && levels <= (1-jumpFit)*total && levels < line:
		return shape{Jump, points[split].Time, summarise(points[:split]).mean, summarise(points[split:]).mean}
	case line <= (1-lineFit)*total && slope > 0:
		return shape{trend: Rising}
	case line <= (1-lineFit)*total:
		return shape{trend: Falling}
	}
	return shape{trend: Uneven}
}

// bestSplit returns the first point of the second of the two levels that come
// nearest to the points, and the squares of what they leave.
func bestSplit(points []datadog.Point, mean, total float64) (split int, left float64) {
	left = total
	sum, all := 0.0, 0.0
	for _, p := range points {
		all += p.Value - mean
	}
	for i, p := range points[:len(points)-1] {
		sum += p.Value - mean
		before, after := float64(i+1), float64(len(points)-i-1)
		if rest := total - sum*sum/before - (all-sum)*(all-sum)/after; i+1 >= fewestBefore && rest < left {
			split, left = i+1, rest
		}
	}
	return split, left
}

// fitLine returns the slope of the line that comes nearest to the points, and the
// squares of what it leaves.
func fitLine(points []datadog.Point, mean, total float64) (slope, left float64) {
	middle, spread, product := float64(len(points)-1)/2, 0.0, 0.0
	for i, p := range points {
		x := float64(i) - middle
		spread += x * x
		product += x * (p.Value - mean)
	}
	return product / spread, total - product*product/spread
}
