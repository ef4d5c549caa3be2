// Package scale shows what a storm of alerts does to a whole stack, and what a
// million alerts cost. `make scale` prints both.
//
// It is a test, because the code that it runs asks for the time by itself, in the
// read cache and at the rate limits of package datadog, and only testing/synctest
// turns that clock: minutes of a storm take seconds, and no second depends on how
// busy this machine is. Everything of ours is the real code; Datadog is the
// stand-in with Datadog's published limits, and Lambda, SQS and DynamoDB are what
// their documentation says of them.
package scale
