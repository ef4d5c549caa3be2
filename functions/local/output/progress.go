package output

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

const (
	// progressDelay is how long a task takes until its progress is shown.
	progressDelay    = 2 * time.Second
	progressInterval = 200 * time.Millisecond
)

// Progress returns a function that shows, on a terminal, how far a task is: "compared 4000
// of 10000 alerts, 950/s, 6s left". It is safe for concurrent use.
func Progress(out io.Writer, verb, noun string) func(done, total int) {
	file, ok := out.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return func(int, int) {}
	}
	return progress(out, verb, noun)
}

func progress(out io.Writer, verb, noun string) func(done, total int) {
	var mu sync.Mutex
	var began, shown time.Time
	first, furthest := 0, 0
	return func(done, total int) {
		mu.Lock()
		defer mu.Unlock()
		now := time.Now()
		if began.IsZero() { // What was prepared before says nothing about the rate.
			began, first = now, done
		}
		elapsed := now.Sub(began)
		if done <= max(first, furthest) || elapsed < progressDelay || done < total && now.Sub(shown) < progressInterval {
			return
		}
		shown, furthest = now, done
		rate := float64(done-first) / elapsed.Seconds()
		left := time.Duration(float64(total-done) / rate * float64(time.Second)).Round(time.Second)
		perSecond := fmt.Sprintf("%.0f", rate)
		if rate < 10 {
			perSecond = fmt.Sprintf("%.2g", rate)
		}
		fmt.Fprintf(out, "\r\x1b[K%s %d of %d %s, %s/s, %s left", verb, done, total, noun, perSecond, left)
		if done >= total {
			fmt.Fprintln(out)
		}
	}
}
