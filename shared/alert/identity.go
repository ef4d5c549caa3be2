package alert

import "time"

// RepeatWindow is how far apart two deliveries of one alert are received at most, if only
// their payload says that they are the same.
const RepeatWindow = 5 * time.Minute

// Certain reports whether the alert has Datadog's id of its event, so that no other alert
// can have the same Key.
func (a Alert) Certain() bool { return a.Digest == "" }
