package output

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var screen bytes.Buffer
		show := progress(&screen, "compared", "alerts")
		for i := range 50 {
			time.Sleep(100 * time.Millisecond)
			show(i+1, 50)
		}
		const want = "\r\x1b[Kcompared 21 of 50 alerts, 10/s, 3s left"
		if got := screen.String(); !bytes.HasPrefix([]byte(got), []byte(want)) || !bytes.HasSuffix([]byte(got), []byte("\r\x1b[Kcompared 50 of 50 alerts, 10/s, 0s left\n")) {
			t.Errorf("got %q", got)
		}
		if n := bytes.Count(screen.Bytes(), []byte("\r")); n > 20 {
			t.Errorf("it shows %d states", n)
		}
		screen.Reset()
		show = progress(&screen, "measured", "rounds")
		show(0, 10)
		time.Sleep(4 * time.Second)
		show(1, 10)
		if got := screen.String(); got != "\r\x1b[Kmeasured 1 of 10 rounds, 0.25/s, 36s left" {
			t.Errorf("got %q", got)
		}
		screen.Reset()
		quick := progress(&screen, "compared", "alerts")
		quick(1, 1)
		Progress(&screen, "compared", "alerts")(1, 1) // Not a terminal.
		if screen.Len() > 0 {
			t.Errorf("a quick task shows %q", screen.String())
		}
	})
}
