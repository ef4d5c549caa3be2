package alert

import (
	"net/url"
	"testing"
)

func BenchmarkDecode(b *testing.B) {
	body := render(b, torq)
	for name, bench := range map[string]struct {
		decode func([]byte) (Alert, error)
		body   []byte
	}{
		"JSON": {Decode, body},
		"form": {DecodeForm, []byte("payload=" + url.QueryEscape(string(body)))},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(bench.body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := bench.decode(bench.body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
