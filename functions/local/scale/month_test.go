package scale

// Prices of what a stack has while no alert comes, as in prices.go.
const (
	// https://aws.amazon.com/secrets-manager/pricing/
	perSecretMonth = 0.40
	// https://aws.amazon.com/cloudwatch/pricing/ (alarms of standard resolution)
	perAlarmMonth = 0.10
)

const (
	month = 30 * 24 * 60 // minutes

	// Lambda waits for messages with five calls at once, each of 20 seconds
	// (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html).
	pollsPerMinute = 5 * 60 / 20

	reconcileMinutes = 5
	reconcileSeconds = 1.0
	reconcileWrites  = 1
	reconcileReads   = 2
	reconcileLog     = 2_000 // bytes, with Lambda's own lines
)

// Stack is what the template makes that costs without alerts.
type Stack struct{ Secrets, Alarms, Queues int }

// Idle is what a stack costs in 30 days without an alert.
type Idle struct{ Secrets, Alarms, Queues, Reconcile float64 }

// Total returns the sum.
func (i Idle) Total() float64 { return i.Secrets + i.Alarms + i.Queues + i.Reconcile }

// Idle returns what the stack costs.
func (s Stack) Idle() Idle {
	const runs = month / reconcileMinutes
	reconcile := Usage{
		Invocations: runs, Seconds: runs * reconcileSeconds, WriteUnits: runs * reconcileWrites, ReadUnits: runs * reconcileReads,
		SecretCalls: runs, LogBytes: runs * reconcileLog,
	}
	return Idle{
		Secrets: float64(s.Secrets) * perSecretMonth, Alarms: float64(s.Alarms) * perAlarmMonth,
		Queues: Usage{SQSRequests: s.Queues * pollsPerMinute * month}.Cost().SQS, Reconcile: reconcile.Cost().Total(),
	}
}
