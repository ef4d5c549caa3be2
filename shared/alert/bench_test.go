package alert

import (
	"net/url"
	"testing"
)

func BenchmarkDecode(b *testing.B) {
	body := render(b, torq)
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Decode(body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeForm(b *testing.B) {
	body := []byte("payload=" + url.QueryEscape(string(render(b, torq))))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := DecodeForm(body); err != nil {
			b.Fatal(err)
		}
	}
}
