// Package scale simulates a storm of alerts on a virtual clock, and what a million alerts
// cost. `make scale` prints both.
//
// It is a test, because only testing/synctest moves the clock of the pipeline and of the
// Datadog client. Lambda, SQS and DynamoDB do what their documentation says.
package scale

// item is what AWS bills.
type item struct {
	service string
	price   float64 // in US dollars, us-east-1, arm64, without free tiers, as of November 2026
}

// memoryGB is the functions' MemorySize in template.yaml.
const memoryGB = 256.0 / 1024

var (
	// https://aws.amazon.com/lambda/pricing/
	invocations = item{"Lambda", 0.20 / 1e6}
	seconds     = item{"Lambda", memoryGB * 0.0000133334}
	// https://aws.amazon.com/sqs/pricing/ (standard queue; each request up to 64 KB)
	sqsRequests = item{"SQS", 0.40 / 1e6}
	// https://aws.amazon.com/dynamodb/pricing/on-demand/ (an item of up to 1 KB, and a consistent read of up to 4 KB, is one unit)
	writeUnits = item{"DynamoDB", 0.625 / 1e6}
	readUnits  = item{"DynamoDB", 0.125 / 1e6}
	// https://aws.amazon.com/secrets-manager/pricing/
	secretCalls  = item{"Secrets Manager", 0.05 / 10_000}
	secretMonths = item{"Secrets Manager", 0.40}
	// https://aws.amazon.com/cloudwatch/pricing/ (logs of the standard class, alarms of standard resolution)
	logBytes    = item{"CloudWatch", 0.50 / 1e9}
	alarmMonths = item{"CloudWatch", 0.10}
)

// usage is how much of AWS is used.
type usage map[item]float64

func (u usage) add(more usage) {
	for i, n := range more {
		u[i] += n
	}
}

// cost returns what the usage of a service costs, or of all if it is empty.
func (u usage) cost(service string) (dollars float64) {
	for i, n := range u {
		if service == "" || i.service == service {
			dollars += n * i.price
		}
	}
	return dollars
}
