package scale

import (
	"math"
	"testing"
)

func TestUsage_Cost_is_by_the_million_what_the_price_lists_say(t *testing.T) {
	got := Usage{
		Invocations: 1e6, Seconds: 4e6, SQSRequests: 1e6, WriteUnits: 1e6, SecretCalls: 10_000, LogBytes: 1e9,
	}.Cost()
	for name, c := range map[string]struct{ got, want float64 }{
		"a million requests, and of GB seconds": {got.Lambda, 0.20 + 13.3334},
		"a million requests of SQS":             {got.SQS, 0.40},
		"a million writes of a KB":              {got.DynamoDB, 0.625},
		"ten thousand secrets":                  {got.Secrets, 0.05},
		"a gigabyte of logs":                    {got.Logs, 0.50},
		"all of it":                             {got.Total(), 0.20 + 13.3334 + 0.40 + 0.625 + 0.05 + 0.50},
	} {
		if math.Abs(c.got-c.want) > 1e-9 {
			t.Errorf("%s costs %v, want %v", name, c.got, c.want)
		}
	}
}
