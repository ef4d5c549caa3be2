package datadog

import "encoding/json"

// wireNumber is a number, or nothing where the answer has anything else: 0 in
// place of a value that is none would be a value too.
type wireNumber struct{ value *float64 }

func (n *wireNumber) UnmarshalJSON(raw []byte) error {
	var f *float64
	if json.Unmarshal(raw, &f) == nil {
		n.value = f
	}
	return nil
}
