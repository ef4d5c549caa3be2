// Package events holds our webhook's payload, beside the files with one Function URL
// request each.
package events

import "embed"

// WebhookPayload is what our webhook is set up to send: JSON that names every
// variable of Datadog's that means something to an alert
// (https://docs.datadoghq.com/integrations/webhooks/#variables).
//
//go:embed webhook-payload.json
var WebhookPayload string

// Triggered is the request of one alert, with a value for most variables.
//
//go:embed triggered.json
var Triggered []byte

// Files are the files of this folder.
//
//go:embed *.json
var Files embed.FS
