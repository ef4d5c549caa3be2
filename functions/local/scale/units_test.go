package scale

import (
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"boomerang/shared/ledger"
)

func TestTable_Admit_takes_what_the_items_weigh(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		units := new(atomic.Int64)
		l := table{ledger.NewMemory(ledger.Options{}), units}
		gust := ledger.GustAt("1:4711", time.Now())
		admit := func(i int) int64 {
			before := units.Load()
			group := fmt.Sprintf("host:%03d,%s", i, strings.Repeat("x", 83)) // 92 bytes, and 8 for its mark.
			if _, _, err := l.Admit(t.Context(), gust, 1, ledger.Arrival{Key: fmt.Sprint(i), Group: group, At: gust.Start}); err != nil {
				t.Fatal(err)
			}
			return units.Load() - before
		}
		expect := func(i int, what string, want int64) {
			if got := admit(i); got != want {
				t.Errorf("%s for %d units, want %d", what, got, want)
			}
		}
		expect(0, "one passes", 1)
		expect(1, "the first is listed", 1+1)
		for i := 2; i < ledger.MaxListed; i++ {
			admit(i)
		}
		expect(ledger.MaxListed, "the last is listed", 1+10) // Its list has 100 + 20 + 100 × 100 bytes.
		expect(ledger.MaxListed+1, "one more is counted", 1+1)
	})
}
