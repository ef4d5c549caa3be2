package metric

import (
	"math"
	"strings"
	"time"

	"boomerang/shared/datadog"
)

type stats struct{ min, max, mean, sum float64 }

// summarize needs at least one point. Sums stay finite, because JSON has no infinity.
func summarize(points []datadog.Point) stats {
	s := stats{min: math.Inf(1), max: math.Inf(-1)}
	for i, p := range points {
		s.min, s.max = min(s.min, p.Value), max(s.max, p.Value)
		s.sum = finite(s.sum + p.Value)
		s.mean = finite(s.mean + finite(p.Value-s.mean)/float64(i+1))
	}
	return s
}

func finite(f float64) float64 { return max(-math.MaxFloat64, min(f, math.MaxFloat64)) }

const maxBars = 32

// sparkline draws the points as bars; each bar is the mean of its points.
func sparkline(points []datadog.Point) string {
	bars := []rune("▁▂▃▄▅▆▇█")
	means := make([]datadog.Point, min(maxBars, len(points)))
	for i := range means {
		means[i].Value = summarize(points[i*len(points)/len(means) : (i+1)*len(points)/len(means)]).mean
	}
	s := summarize(means)
	var line strings.Builder
	for _, p := range means {
		height := 0.0
		if s.max > s.min {
			// Halves keep the difference of two huge numbers finite.
			height = (p.Value/2 - s.min/2) / (s.max/2 - s.min/2)
		}
		line.WriteRune(bars[min(int(height*float64(len(bars))), len(bars)-1)])
	}
	return line.String()
}

// Trend is how a metric moved over the window.
type Trend string

// The trends.
const (
	Jump    Trend = "jump"    // From one level to another at once.
	Rising  Trend = "rising"  // Along a line.
	Falling Trend = "falling" // Along a line.
	Steady  Trend = "steady"
	Uneven  Trend = "uneven" // None of these.
)

// shape is a trend, and for a jump its time and levels.
type shape struct {
	trend    Trend
	at       time.Time
	from, to float64
}

const (
	minPoints = 4
	// minPointsBefore a jump make a level. One point after it is enough, because an
	// alert often comes at once.
	minPointsBefore = 3
	// steadyRange is the part of the mean within which a metric is steady.
	steadyRange = 0.02
	// How much of the variance a model must explain.
	jumpFit, lineFit = 0.7, 0.5
)

// shapeOf compares the points with two levels and with a line, by least squares.
func shapeOf(points []datadog.Point) shape {
	if len(points) < minPoints {
		return shape{}
	}
	s := summarize(points)
	if s.max-s.min <= steadyRange*math.Abs(s.mean) {
		return shape{trend: Steady}
	}
	variance := 0.0
	for _, p := range points {
		variance += (p.Value - s.mean) * (p.Value - s.mean)
	}
	split, levelRest := bestSplit(points, s.mean, variance)
	slope, lineRest := fitLine(points, s.mean, variance)
	switch {
	case split > 0 && levelRest <= (1-jumpFit)*variance && levelRest < lineRest:
		return shape{Jump, points[split].Time, summarize(points[:split]).mean, summarize(points[split:]).mean}
	case lineRest <= (1-lineFit)*variance && slope > 0:
		return shape{trend: Rising}
	case lineRest <= (1-lineFit)*variance:
		return shape{trend: Falling}
	}
	return shape{trend: Uneven}
}

// bestSplit returns where the second of the two best levels starts, and the variance
// that they leave.
func bestSplit(points []datadog.Point, mean, variance float64) (split int, rest float64) {
	rest = variance
	sum := 0.0 // Of the points before; those after it have the negative one.
	for i, p := range points[:len(points)-1] {
		sum += p.Value - mean
		before, after := float64(i+1), float64(len(points)-i-1)
		if left := variance - sum*sum/before - sum*sum/after; i+1 >= minPointsBefore && left < rest {
			split, rest = i+1, left
		}
	}
	return split, rest
}

// fitLine returns the slope of the best line, and the variance that it leaves.
func fitLine(points []datadog.Point, mean, variance float64) (slope, rest float64) {
	middle, spread, product := float64(len(points)-1)/2, 0.0, 0.0
	for i, p := range points {
		x := float64(i) - middle
		spread += x * x
		product += x * (p.Value - mean)
	}
	return product / spread, variance - product*product/spread
}
