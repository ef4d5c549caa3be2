package metric

import (
	"cmp"
	"context"
	"math"
	"slices"
	"time"

	"boomerang/shared/alert"
	"boomerang/shared/datadog"
)

// Move is how the alert's metric left its level. It is zero where the metric did not, or
// where the points do not say when.
type Move struct {
	At     time.Time
	Sudden bool // It jumped, and did not climb or fall over a while.
}

// ReadMove returns the last move of the alert's metric in a time. The error skips an alert
// whose query is not one of a metric.
func ReadMove(ctx context.Context, series func(context.Context, datadog.SeriesQuery) ([]datadog.Series, error), a alert.Alert, from, to time.Time) (Move, error) {
	q, err := Config{}.queryFor(a)
	if err != nil {
		return Move{}, err
	}
	all, err := series(ctx, datadog.SeriesQuery{Query: q.Metric, From: from, To: to})
	if err != nil {
		return Move{}, err
	}
	return moveOf(selectSeries(all, a, q).Points), nil
}

const (
	minMovePoints = 12
	// minMove is the part of the level that a move is at least.
	minMove = 0.1
	// minDeviations are the usual deviations from the level that a move is at least.
	minDeviations = 4
	// stepPoints are compared on each side of a jump, and stepPart is the part of the move
	// that a jump makes at least.
	stepPoints, stepPart = 3, 0.5
)

// moveOf compares the last points with the level of the first quarter. A move is a jump, or
// else a line through the times at which the metric had moved by a quarter and by half.
func moveOf(points []datadog.Point) Move {
	if len(points) < minMovePoints {
		return Move{}
	}
	level, deviation := levelOf(points[:len(points)/4])
	span := farthest(points[len(points)-stepPoints:], level) - level
	if math.Abs(span) <= max(minMove*math.Abs(level), minDeviations*deviation) {
		return Move{}
	}
	if split := steepest(points, span); split > 0 {
		return Move{At: points[split].Time, Sudden: true}
	}
	quarter, half := passed(points, level, span, 0.25), passed(points, level, span, 0.5)
	return Move{At: quarter.Add(-half.Sub(quarter))}
}

// levelOf returns the median of points and the median deviation from it.
func levelOf(points []datadog.Point) (level, deviation float64) {
	values := make([]float64, len(points))
	for i, p := range points {
		values[i] = p.Value
	}
	level = median(values)
	for i, v := range values {
		values[i] = math.Abs(v - level)
	}
	return level, median(values)
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

func mean(points []datadog.Point) float64 { return summarize(points).mean }

// farthest returns the value that is farthest from a level.
func farthest(points []datadog.Point, level float64) float64 {
	return slices.MaxFunc(points, func(a, b datadog.Point) int {
		return cmp.Compare(math.Abs(a.Value-level), math.Abs(b.Value-level))
	}).Value
}

// steepest returns the point at which the metric jumped in the direction of span, and 0 if
// no jump makes enough of it.
func steepest(points []datadog.Point, span float64) (split int) {
	most := stepPart
	for i := stepPoints; i < len(points); i++ {
		after := mean(points[i:min(len(points), i+stepPoints)])
		if part := (after - mean(points[i-stepPoints:i])) / span; part >= most {
			split, most = i, part
		}
	}
	return split
}

// passed returns when the metric last passed a part of its move. One point below it does
// not count, because counts of errors vary.
func passed(points []datadog.Point, level, span, part float64) time.Time {
	below := func(i int) bool { return (points[i].Value-level)/span < part }
	i := len(points) - 1
	for i > 1 && (!below(i-1) || !below(i-2)) {
		i--
	}
	return points[i].Time
}
