package ledger

import "testing"

func TestMemory_Conformance(t *testing.T) {
	conform(t, func(_ *testing.T, o Options) (a, b implementation) {
		m := NewMemory(o)
		return m, m.Peer()
	})
}
