// Package scale simulates a storm of alerts on a virtual clock, and what a million alerts
// cost. `make scale` prints both.
//
// It is a test, because only testing/synctest moves the clock of the pipeline and of the
// Datadog client. Lambda, SQS and DynamoDB do what their documentation says.
package scale

// Prices in US dollars, us-east-1, arm64, without free tiers, as of November 2026.
const (
	// https://aws.amazon.com/lambda/pricing/
	perLambdaRequest  = 0.20 / 1e6
	perLambdaGBSecond = 0.0000133334
	// https://aws.amazon.com/sqs/pricing/ (standard queue; each request up to 64 KB)
	perSQSRequest = 0.40 / 1e6
	// https://aws.amazon.com/dynamodb/pricing/on-demand/ (an item of up to 1 KB is one unit)
	perWriteUnit = 0.625 / 1e6
	// https://aws.amazon.com/dynamodb/pricing/on-demand/ (a consistent read of up to 4 KB is one unit)
	perReadUnit = 0.125 / 1e6
	// https://aws.amazon.com/secrets-manager/pricing/
	perSecretCall = 0.05 / 10_000
	// https://aws.amazon.com/cloudwatch/pricing/ (logs, standard class)
	perLogByte = 0.50 / 1e9
)

// memoryGB is the functions' MemorySize in template.yaml.
const memoryGB = 256.0 / 1024

// Usage is what alerts use of AWS.
type Usage struct {
	Invocations int
	Seconds     float64 // of all invocations
	SQSRequests int
	WriteUnits  int // of DynamoDB
	ReadUnits   int // of DynamoDB
	SecretCalls int
	LogBytes    int
}

// Cost is a bill.
type Cost struct{ Lambda, SQS, DynamoDB, Secrets, Logs float64 }

// Total returns the sum.
func (c Cost) Total() float64 { return c.Lambda + c.SQS + c.DynamoDB + c.Secrets + c.Logs }

// Cost returns what the usage costs.
func (u Usage) Cost() Cost {
	return Cost{
		Lambda:   float64(u.Invocations)*perLambdaRequest + u.Seconds*memoryGB*perLambdaGBSecond,
		SQS:      float64(u.SQSRequests) * perSQSRequest,
		DynamoDB: float64(u.WriteUnits)*perWriteUnit + float64(u.ReadUnits)*perReadUnit,
		Secrets:  float64(u.SecretCalls) * perSecretCall,
		Logs:     float64(u.LogBytes) * perLogByte,
	}
}
