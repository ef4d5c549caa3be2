package output_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"
	"time"

	"boomerang/functions/local/output"
	"boomerang/shared/datadog"
)

var payload = `{"monitor":{"name":"` + strings.Repeat("n", 5000) + `"}}`

func streamEvent() datadog.Event {
	return datadog.Event{
		ID: "8306082202796025013", Title: "Full\x1b[31m disk\n", Text: "%%%\nfirst\x1b]0;x\x07\n\tsecond\n%%%", Happened: time.Date(2026, 3, 14, 3, 0, 0, 0, time.UTC),
		AlertType: "error", Priority: "low", Source: "Torq", Host: "web-1", DeviceName: "sda", Tags: []string{"env:prod", "source:torq"}, URL: "https://app.datadoghq.com/event/event?id=7",
		Payload: payload,
		Raw: []byte(`{"id":8306082202796025000,"id_str":"8306082202796025013","title":"t","text":"x","date_happened":1,"tags":["a"],"source":"Torq","host":"h",
			"payload":` + strconv.Quote(payload) + `,"comments":[],"handle":null,"is_aggregate":false,"monitor_id":12345678901234567890,"new":{"a": 1.50},"device_name":"sda"}`),
	}
}

func TestPrinter_StreamEvent(t *testing.T) {
	for name, c := range map[string]struct {
		event datadog.Event
		want  []string
	}{
		"all fields": {streamEvent(), []string{
			"  title            Full[31m disk", "  id               8306082202796025013", "  url              https://app.datadoghq.com/event/event?id=7",
			"  date_happened    2026-03-14 03:00:00 UTC", "  alert_type       error", "  priority         low", "  source           torq",
			"  host             web-1", "  device_name      sda", "  tags             env:prod, source:torq",
			"  is_aggregate     false", "  monitor_id       12345678901234567890", `  new              {"a": 1.50}`, "  payload          " + payload,
			"", "  │ first]0;x", "  │ \tsecond",
		}},
		"not an object": {datadog.Event{ID: "7", Raw: []byte("5")}, []string{"  id               7", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			var screen bytes.Buffer
			output.New(&screen).StreamEvent(c.event)
			got := screen.String()
			if want := strings.Join(c.want, "\n") + "\n"; got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestPrinter_Stream(t *testing.T) {
	var screen bytes.Buffer
	output.New(&screen).Stream([]datadog.Event{streamEvent(), {ID: "7", AlertType: "\x1binfo"}})
	const want = "2026-03-14 03:00:00 UTC  error      torq           8306082202796025013 Full[31m disk\n" +
		"                         info                      7                   \n"
	if got := screen.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
