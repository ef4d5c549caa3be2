package datadog

import (
	"bytes"
	"strconv"
)

// wireNumber is a number, or nothing where the answer has anything else: 0 in
// place of a value that is none would be a value too.
type wireNumber struct{ value *float64 }

func (n *wireNumber) UnmarshalJSON(raw []byte) error {
	n.value = parseNumber(raw)
	return nil
}

// parseNumber returns the number that raw is in JSON, or nil.
func parseNumber(raw []byte) *float64 {
	f, err := strconv.ParseFloat(string(bytes.TrimSpace(raw)), 64)
	if err != nil {
		return nil
	}
	return &f
}
